"""The matrices of minimal filtering for a convolution to twice the size, by phases.

Before its filter such a convolution has even results, w0 x[i] + w2 x[i - 1], and odd ones, w1 x[i]
(as `layers.conv_up` has it). Four even results come from 5 points of a window of 5 pixels, odd
ones from the pixels as they are: 9 products for 8 results, so 81 for 64 pixels, where windows of
the filtered image take 144. The kernels are 36, since odd results share theirs.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from .winograd import Transform

PHASED = 8  # pixels of a tile, each way
HALF = 4  # pixels of the smaller image that it comes from
SPAN = 9  # products of a tile, each way
EVEN = 5  # of which the first are of even results
_POINTS = (math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(2), -math.sqrt(2))


@cache
def windows() -> Transform:
    """Windows of 5 pixels to 5 points and, for odd results, the last four pixels themselves."""
    inwards = torch.zeros(SPAN, EVEN, dtype=torch.float64)
    inwards[:EVEN] = _values(EVEN).inverse().t()
    inwards[EVEN:, 1:] = torch.eye(HALF)
    return Transform(inwards.float(), -1, EVEN, HALF)


@cache
def results() -> Tensor:
    """(8, 9): products to even and odd results, alternating."""
    results = torch.zeros(PHASED, SPAN, dtype=torch.float64)
    results[::2, :EVEN] = _values(HALF).t()
    results[1::2, EVEN:] = torch.eye(HALF)
    return results.float()


def kernels(weight: Tensor) -> Tensor:
    """Kernels (out, in, 3, 3) at the points and, as the sixth, their middles, (36, in, out)."""
    out, channels = weight.shape[:2]
    one = torch.zeros(EVEN + 1, 3, dtype=torch.float64)
    one[:EVEN, [2, 0]] = _values(2)  # read backwards, w2 comes first
    one[EVEN, 1] = 1.0
    taps = weight.permute(3, 2, 1, 0).reshape(9, channels * out)
    return (torch.kron(one, one).to(weight) @ taps).view(-1, channels, out)


def filter_rows(taps: Tensor, rows: int) -> Tensor:
    """(rows, rows + k - 1): what low-pass taps (k,) do to rows of results, with the gain of 2."""
    k = len(taps)
    matrix = torch.zeros(rows, rows + k - 1, dtype=torch.float64)
    for n in range(rows):
        matrix[n, n : n + k] = 2 * taps.flip(0)
    return matrix.float()


def _values(degree: int) -> Tensor:
    """(5, degree): a polynomial's coefficients to its values at the points, infinity last."""
    points = torch.tensor([*_POINTS, 0.0], dtype=torch.float64)
    values = points[:, None] ** torch.arange(degree, dtype=torch.float64)
    values[-1] = 0.0
    values[-1, -1] = 1.0
    return values
