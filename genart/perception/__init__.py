"""Perception: features and perceptual distances of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.perception.efficientnet import features
    from genart.perception.perceptual import PerceptualLoss, perceptual_distance, perceptual_loss
    from genart.perception.vgg import vgg16, vgg16_file
    from genart.perception.winograd import FrozenConv2d, MinimalFilter, at_points
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.perception.efficientnet": "features",
            "genart.perception.perceptual": "PerceptualLoss perceptual_distance perceptual_loss",
            "genart.perception.vgg": "vgg16 vgg16_file",
            "genart.perception.winograd": "FrozenConv2d MinimalFilter at_points",
        },
    )

__all__ = [
    "FrozenConv2d",
    "MinimalFilter",
    "PerceptualLoss",
    "at_points",
    "features",
    "perceptual_distance",
    "perceptual_loss",
    "vgg16",
    "vgg16_file",
]
