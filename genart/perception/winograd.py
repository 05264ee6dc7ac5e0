"""Minimal filtering of 3x3 convolutions: 4x4 pixels by 36 products per channel pair instead of 144.

Winograd's F(4x4, 3x3) (Lavin and Gray 2016) by Toom and Cook's recipe, at the points 0,
+-sqrt(1/2), +-sqrt(2) and infinity, which lose least in float32 (after Barabasz et al. 2020). Maps
lie as (h, w, c), so that every step is a matrix product or a copy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

TILE = 4  # output pixels of a tile, each way
SPAN = TILE + 2  # input pixels it takes
_POINTS = (0.0, math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(2), -math.sqrt(2))
_INVERSES = [5, 3, 4, 1, 2, 0]  # where the inverse of each stands; the sixth point is infinity
_SQUARES = (1.0, 0.5, 0.5, 2.0, 2.0, 1.0)  # of each; 1 for the ends
_STRIP = 256  # tiles at once, so that their numbers stay in the cache
_NARROWEST = 128  # channels; below that the transforms cost about what they save
_FEWEST = 32  # tiles; below that reading the kernels costs more


@dataclass(frozen=True)
class Transform:
    """The way into the points and out of them.

    Args:
        inwards: (36, 36), pixels of a window to its points.
        outwards: (16, 36), products at the points to a tile's pixels.
    """

    inwards: Tensor
    outwards: Tensor


def _values(degree: int) -> Tensor:
    """(6, degree): a polynomial's coefficients to its values at the points, infinity last."""
    points = torch.tensor([*_POINTS, 0.0], dtype=torch.float64, device="cpu")
    values: Tensor = points[:, None] ** torch.arange(degree, dtype=torch.float64, device="cpu")
    values[-1] = 0.0
    values[-1, -1] = 1.0
    return values


def _transform(inwards: Tensor, outwards: Tensor) -> Transform:
    """Of both axes, of those of one, in float32."""
    both = (torch.kron(one.contiguous(), one.contiguous()).float() for one in (inwards, outwards))
    return Transform(*both)


def _turned(inwards: Tensor, outwards: Tensor) -> tuple[Tensor, Tensor]:
    """What filters with every kernel read backwards, given the points of the kernels themselves.

    w2 + w1 p + w0 p^2 is p^2 times the kernel's value at 1 / p, and the inverse of every point is
    one of them.
    """
    squares = torch.tensor(_SQUARES, dtype=torch.float64, device="cpu")[:, None]
    return (squares * inwards)[_INVERSES], outwards[:, _INVERSES]


_ONE = (_values(SPAN).inverse().t(), _values(TILE).t())
FORWARD, BACKWARD = _transform(*_ONE), _transform(*_turned(*_ONE))


def at_points(weight: Tensor) -> Tensor:
    """Kernels (out, in, 3, 3) at the points, (36, in, out)."""
    out, into = weight.shape[:2]
    taps = weight.double().permute(2, 3, 1, 0).reshape(9, into * out)
    values = _values(3)
    return (torch.kron(values, values) @ taps).float().view(SPAN * SPAN, into, out)


class MinimalFilter:
    """Convolves maps of one size, in memory that it keeps from map to map.

    Args:
        size: (h, w) of the maps.
        into: channels of what it reads.
        out: channels of what it makes; as many unless given.
        transform: FORWARD, or BACKWARD for kernels read backwards.
    """

    def __init__(
        self, size: tuple[int, int], into: int, out: int = 0, transform: Transform = FORWARD
    ) -> None:
        self.size, self.into, self.out, self._way = size, into, out or into, transform
        self.rows, self.columns = (-(-side // TILE) for side in size)
        self._strip = max(min(_STRIP // self.columns, self.rows), 1)
        tiles, points = self._strip * self.columns, SPAN * SPAN
        self._windows, self._points = (_memory(points * tiles * into) for _ in range(2))
        self._products = _memory(points * tiles * self.out)
        self._pixels = _memory(TILE * TILE * tiles * self.out)

    def framed(self) -> Tensor:
        """Fresh memory for a map with a frame of one pixel, and whole tiles: zeros."""
        return _memory(self.rows * TILE + 2, self.columns * TILE + 2, self.into).zero_()

    def whole(self) -> Tensor:
        """Fresh memory for a map of whole tiles."""
        return _memory(self.rows * TILE, self.columns * TILE, self.out)

    def __call__(
        self, framed: Tensor, kernels: Tensor, out: Tensor, bias: Tensor | None = None
    ) -> None:
        """Convolve.

        Args:
            framed: what `framed` gave, filled.
            kernels: of `at_points`.
            out: what `whole` gave; pixels beyond the map mean nothing.
            bias: (out,), added.
        """
        for first in range(0, self.rows, self._strip):
            rows = min(self._strip, self.rows - first)
            tiles = rows * self.columns
            windows = _cut(self._windows, tiles, self.into)
            points = _cut(self._points, tiles, self.into)
            products = _cut(self._products, tiles, self.out)
            pixels = self._pixels[: TILE * TILE * tiles * self.out].view(TILE * TILE, -1)
            windows.view(SPAN, SPAN, rows, self.columns, -1).copy_(self._seen(framed, first, rows))
            torch.mm(self._way.inwards, windows.flatten(1), out=points.flatten(1))
            torch.bmm(points, kernels, out=products)
            torch.mm(self._way.outwards, products.flatten(1), out=pixels)
            if bias is not None:
                pixels.view(-1, self.out).add_(bias)
            there = out[first * TILE : (first + rows) * TILE]
            there = there.view(rows, TILE, self.columns, TILE, -1).permute(1, 3, 0, 2, 4)
            there.copy_(pixels.view(TILE, TILE, rows, self.columns, -1))

    def _seen(self, framed: Tensor, first: int, rows: int) -> Tensor:
        """The windows of a strip, (6, 6, rows, columns, c), without a copy."""
        row, pixel, one = framed.stride()
        shape = (SPAN, SPAN, rows, self.columns, self.into)
        strides = (row, pixel, TILE * row, TILE * pixel, one)
        return framed.as_strided(shape, strides, framed.storage_offset() + first * TILE * row)


def _memory(*shape: int) -> Tensor:
    """Fresh memory, whatever torch makes by default."""
    return torch.empty(shape, dtype=torch.float32, device="cpu")


def _cut(memory: Tensor, tiles: int, channels: int) -> Tensor:
    """The beginning of a piece of memory as (36, tiles, channels)."""
    return memory[: SPAN * SPAN * tiles * channels].view(SPAN * SPAN, tiles, channels)
