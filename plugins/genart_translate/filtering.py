"""Minimal filtering of 3x3 convolutions: 4x4 pixels by 36 products a channel pair instead of 144.

Winograd's F(4x4, 3x3) (Lavin and Gray 2016) by Toom and Cook's recipe, at the points 0,
+-sqrt(1/2), +-sqrt(2) and infinity, which lose least in float32 (after Barabasz et al. 2020). Maps
lie as (h, w, c), so that every step is a matrix product or a copy.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

TILE = 4  # output pixels of a tile, each way
SPAN = TILE + 2  # input pixels it takes
_POINTS = (0.0, math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(2), -math.sqrt(2))
_STRIP = 256  # tiles at once, so that their numbers stay in the cache


def _values(degree: int) -> Tensor:
    """(6, degree): a polynomial's coefficients to its values at the points, infinity last."""
    points = torch.tensor([*_POINTS, 0.0], dtype=torch.float64)
    values: Tensor = points[:, None] ** torch.arange(degree, dtype=torch.float64)
    values[-1] = 0.0
    values[-1, -1] = 1.0
    return values


def _both(one: Tensor) -> Tensor:
    """The transform of both axes, of that of one, in float32."""
    return torch.kron(one.contiguous(), one.contiguous()).float()


INWARDS = _both(_values(SPAN).inverse().t())  # (36, 36): pixels of a window to its points
OUTWARDS = _both(_values(TILE).t())  # (16, 36): products at the points to a tile's pixels


def at_points(weight: Tensor) -> Tensor:
    """Kernels (out, in, 3, 3) at the points, (36, in, out)."""
    out, into = weight.shape[:2]
    taps = weight.double().permute(2, 3, 1, 0).reshape(9, into * out)
    values = _values(3)
    return (torch.kron(values, values) @ taps).float().view(SPAN * SPAN, into, out)


class Filter:
    """Convolves maps of one size, in memory that is kept from map to map.

    Args:
        size: (h, w) of the maps.
        channels: of the maps, in and out.
    """

    def __init__(self, size: tuple[int, int], channels: int) -> None:
        self.size, self.channels = size, channels
        self.rows, self.columns = (-(-side // TILE) for side in size)
        self.strip = max(min(_STRIP // self.columns, self.rows), 1)
        self.windows, self.points, self.products = (
            torch.empty(SPAN * SPAN, self.strip * self.columns, channels) for _ in range(3)
        )
        self.pixels = torch.empty(TILE * TILE, self.strip * self.columns, channels)

    def framed(self) -> Tensor:
        """Fresh memory for a map with a frame of one pixel, and whole tiles: zeros."""
        return torch.zeros(self.rows * TILE + 2, self.columns * TILE + 2, self.channels)

    def whole(self) -> Tensor:
        """Fresh memory for a map of whole tiles."""
        return torch.empty(self.rows * TILE, self.columns * TILE, self.channels)

    def __call__(self, framed: Tensor, kernels: Tensor, out: Tensor) -> None:
        """Convolve.

        Args:
            framed: what `framed` gave, filled.
            kernels: of `at_points`.
            out: what `whole` gave; pixels beyond the map mean nothing.
        """
        for first in range(0, self.rows, self.strip):
            rows = min(self.strip, self.rows - first)
            tiles = rows * self.columns
            windows, points, products = (
                part.view(-1)[: SPAN * SPAN * tiles * self.channels].view(SPAN * SPAN, tiles, -1)
                for part in (self.windows, self.points, self.products)
            )
            pixels = self.pixels.view(-1)[: TILE * TILE * tiles * self.channels]
            windows.view(SPAN, SPAN, rows, self.columns, -1).copy_(self._seen(framed, first, rows))
            torch.mm(INWARDS, windows.view(SPAN * SPAN, -1), out=points.view(SPAN * SPAN, -1))
            torch.bmm(points, kernels, out=products)
            flat = pixels.view(TILE * TILE, -1)
            torch.mm(OUTWARDS, products.view(SPAN * SPAN, -1), out=flat)
            there = out[first * TILE : (first + rows) * TILE]
            there = there.view(rows, TILE, self.columns, TILE, -1).permute(1, 3, 0, 2, 4)
            there.copy_(flat.view(TILE, TILE, rows, self.columns, -1))

    def _seen(self, framed: Tensor, first: int, rows: int) -> Tensor:
        """The windows of a strip, (6, 6, rows, columns, c), without a copy."""
        row, pixel, one = framed.stride()
        shape = (SPAN, SPAN, rows, self.columns, self.channels)
        strides = (row, pixel, TILE * row, TILE * pixel, one)
        return framed.as_strided(shape, strides, framed.storage_offset() + first * TILE * row)


def reflect(framed: Tensor, size: tuple[int, int]) -> None:
    """Fill the frame of one pixel around a map of size (h, w) with its reflection."""
    h, w = size
    framed[0, 1 : w + 1], framed[h + 1, 1 : w + 1] = framed[2, 1 : w + 1], framed[h - 1, 1 : w + 1]
    framed[: h + 2, 0], framed[: h + 2, w + 1] = framed[: h + 2, 2], framed[: h + 2, w - 1]
