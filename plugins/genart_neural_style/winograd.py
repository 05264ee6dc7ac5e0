"""The 3x3 convolutions of a frozen network, whose gradient is wanted for the picture alone."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class FrozenConvolution:
    """A 3x3 convolution with padding and stride 1.

    Args:
        part: holds the weights, also after it has moved to another device.
    """

    def __init__(self, part: nn.Conv2d) -> None:
        self.part = part

    def __call__(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, k, h, w)."""
        return F.conv2d(x, self.part.weight, self.part.bias, padding=self.part.padding)
