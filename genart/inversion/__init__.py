"""Inversion: from an image to its latent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.inversion.store import Found, Inversions
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.inversion.store": "Inversions Found",
        },
    )

__all__ = [
    "Found",
    "Inversions",
]
