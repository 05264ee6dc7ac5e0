"""Operations on neighbourhoods of activations x (n, c, h, w): grey-scale morphology.

The neighbourhood is a square of 2 r + 1 pixels (Haralick et al. 1987); between whole radii the
two are blended, so that the radius changes smoothly.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def dilate(x: Tensor, radius: float) -> Tensor:
    """Grown: every value becomes the largest within a radius in pixels."""
    below = math.floor(radius)
    grown = _largest(x, below)
    return grown if below == radius else torch.lerp(grown, _largest(x, below + 1), radius - below)


def erode(x: Tensor, radius: float) -> Tensor:
    """Shrunk: every value becomes the smallest within a radius in pixels."""
    return -dilate(-x, radius)


def _largest(x: Tensor, radius: int) -> Tensor:
    """The largest values within whole pixels; one axis after the other, which is the same."""
    if not radius:
        return x
    side = 2 * radius + 1
    rows = F.max_pool2d(x, (1, side), 1, (0, radius))
    return F.max_pool2d(rows, (side, 1), 1, (radius, 0))
