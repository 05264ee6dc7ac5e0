"""Minimal filtering: a 3x3 convolution of 4x4 pixels with 36 products instead of 144.

Winograd's F(4x4, 3x3) (Lavin and Gray 2016), made by Toom and Cook's recipe: windows of the input
and kernels are evaluated at six points in each direction, multiplied there, and interpolated.
The points 0, +-sqrt(1/2), +-sqrt(2) and infinity keep float32 within 3e-6 of the largest value,
a third of the error of 0, +-1, +-2 (after Barabasz et al. 2020).

An up-sampling convolution is one at the high resolution of its filtered, spread input, so it only
differs in how windows are read: the filter becomes part of the evaluation, exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

TILE = 4  # output pixels of a tile, each way
_SPAN = TILE + 2  # input pixels it takes
_POINTS = (0.0, math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(2), -math.sqrt(2))


@dataclass(frozen=True)
class Transform:
    """How the windows of a layer's input become points, in one direction like in the other.

    Args:
        inwards: (6, reach) from a window's pixels to points.
        first: where the window begins, in input pixels from the tile's own first pixel.
        reach: the side of a window in input pixels.
        step: distance of windows in input pixels.
    """

    inwards: Tensor
    first: int
    reach: int
    step: int

    @property
    def margin(self) -> int:
        """How many zeros windows read beyond each edge of the map."""
        return max(-self.first, self.first + self.reach - self.step)


def plain() -> Transform:
    """Windows of an ordinary convolution with padding 1."""
    return Transform(_inwards().float(), -1, _SPAN, TILE)


def raised(taps: Tensor) -> Transform:
    """Windows of a convolution to twice the size, with low-pass taps (k,) that sum to 1.

    As `layers.conv_up` has it: the result at pixel p is the sum over b of w[2 - b] z[p + s - 2 + b]
    with z the spread and filtered input and s = k - 1 - (k - 1) // 2.
    """
    k = len(taps)
    start = k - 1 - (k - 1) // 2 - 2
    first = -((k - 1 - start) // 2)  # the lowest input pixel that z[start] sees
    last = (start + _SPAN - 1) // 2
    spread = torch.zeros(_SPAN, last - first + 1, dtype=torch.float64)
    for q in range(_SPAN):
        for x in range(first, last + 1):
            if 0 <= start + q - 2 * x < k:
                spread[q, x - first] = 2 * taps[start + q - 2 * x]
    return Transform((_inwards() @ spread).float(), first, last - first + 1, TILE // 2)


def outwards() -> Tensor:
    """(16, 37) from the products at 36 points, and a constant as the last, to a tile's pixels."""
    both = _both(_values(TILE).t()).view(TILE * TILE, _SPAN, _SPAN)
    points = both.transpose(1, 2).flatten(1)  # as `points_of` has them, pixels row by row
    return torch.cat([points, torch.ones(TILE * TILE, 1)], 1)


def points_of(weight: Tensor, flip: bool) -> Tensor:
    """Kernels (out, in, 3, 3) at the points, column by column, (36, in, out)."""
    out, channels = weight.shape[:2]
    kernels = weight.flip(2, 3) if flip else weight
    columns = kernels.permute(3, 2, 1, 0).reshape(9, channels * out)
    return (_both(_values(3)).to(weight) @ columns).view(_SPAN * _SPAN, channels, out)


def _values(degree: int) -> Tensor:
    """(6, degree): a polynomial's coefficients to its values at the points, infinity last."""
    points = torch.tensor([*_POINTS, 0.0], dtype=torch.float64)
    values = points[:, None] ** torch.arange(degree, dtype=torch.float64)
    values[-1] = 0.0
    values[-1, -1] = 1.0
    return values


def _inwards() -> Tensor:
    return _values(_SPAN).inverse().t()


def _both(one: Tensor) -> Tensor:
    """The transform of both axes, of that of one, in float32."""
    return torch.kron(one.contiguous(), one.contiguous()).float()
