"""The included fast styles, and their model card, card.md."""
