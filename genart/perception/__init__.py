"""Perception: features and perceptual distances of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.perception.efficientnet import features
    from genart.perception.feature_choice import FeatureMaps, feature_maps
    from genart.perception.feature_networks import (
        VGG_CONVOLUTIONS,
        FeatureNetwork,
        feature_network,
        network_of,
    )
    from genart.perception.feature_weights import FeatureWeights
    from genart.perception.perceptual import PerceptualLoss, perceptual_distance, perceptual_loss
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.perception.efficientnet": "features",
            "genart.perception.feature_choice": "FeatureMaps feature_maps",
            "genart.perception.feature_networks": (
                "VGG_CONVOLUTIONS FeatureNetwork feature_network network_of"
            ),
            "genart.perception.feature_weights": "FeatureWeights",
            "genart.perception.perceptual": "PerceptualLoss perceptual_distance perceptual_loss",
        },
    )

__all__ = [
    "VGG_CONVOLUTIONS",
    "FeatureMaps",
    "FeatureNetwork",
    "FeatureWeights",
    "PerceptualLoss",
    "feature_maps",
    "feature_network",
    "features",
    "network_of",
    "perceptual_distance",
    "perceptual_loss",
]
