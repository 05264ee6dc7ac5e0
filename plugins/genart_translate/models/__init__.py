"""The included models, and their model card, card.md."""
