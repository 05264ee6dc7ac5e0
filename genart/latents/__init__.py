"""Latents: keys from seeds and files, interpolation, easing, constant speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.latent import Space, check_latent
    from genart.latents.constant_speed import even
    from genart.latents.easing import EASINGS
    from genart.latents.keys import Keys
    from genart.latents.walks import segment
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.latent": "check_latent Space",
            "genart.latents.constant_speed": "even",
            "genart.latents.easing": "EASINGS",
            "genart.latents.keys": "Keys",
            "genart.latents.walks": "segment",
        },
    )

__all__ = [
    "EASINGS",
    "Keys",
    "Space",
    "check_latent",
    "even",
    "segment",
]
