"""Editing: directions in latent space that change one attribute of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.editing.directions import Directions, load_directions
    from genart.editing.edited import edit
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.editing.directions": "Directions load_directions",
            "genart.editing.edited": "edit",
        },
    )

__all__ = [
    "Directions",
    "edit",
    "load_directions",
]
