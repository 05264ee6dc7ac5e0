"""The models that come with genart, and card.md, which says how they were made."""
