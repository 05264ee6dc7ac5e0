"""The feature network of neural style, from a file or URL, and features of large images."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

import genart


def load_network(
    kind: str, source: str, device: str, pool: str = ""
) -> genart.perception.FeatureNetwork:
    """Load a feature network; see `genart.perception.feature_network`.

    Args:
        kind: "auto", "vgg19", "vgg16", "squeezenet", "lite0" or a file of weights.
        source: a file or URL of weights, or "".
        device: where to run.
        pool: "max" or "average" replaces the pooling of a VGG; "" keeps it.

    Raises:
        UsageError: no such network or pooling.
        CheckpointError: weights that are missing, damaged or of another network.
    """
    if source.startswith(("http://", "https://")):
        source = str(genart.models.fetch(source))
    return genart.perception.feature_network(kind, source, device, pool)


def features_of(
    network: genart.perception.FeatureNetwork, image: Tensor, layers: Iterable[str]
) -> dict[str, Tensor]:
    """Return features of an image by layer, computed in channels_last, which is faster here."""
    found: dict[str, Tensor] = network(image.contiguous(memory_format=torch.channels_last), layers)
    return found
