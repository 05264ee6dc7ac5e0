"""A styled convolution as steps over fixed memory, in the two forms the engine knows.

Both scale what enters by the style and what leaves by the demodulation (Karras et al. 2020a,
section 2.2), add the noise and bias, and end with the leaky ReLU, in a handful of calls that
write into memory kept from frame to frame. Maps lie as (h, w, c) with a margin of zeros around.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..layers import conv_up
from .memory import Scratch, Step
from .packed import Packed
from .winograd import TILE, Transform, outwards

_SLOPE = 0.2
_MARGIN = 8  # the widest that any filter's map has
_leaky: Any = torch.ops.aten.leaky_relu.out


@dataclass(frozen=True)
class Slots:
    """What a layer reads anew each frame, always in the same place.

    Args:
        style: (in,) of this frame.
        demod: (out,), with the gain.
        shift: (out,), the bias before demodulation.
        noise: (pixels, 1) in the layer's own order of pixels, with the gain.
    """

    style: Tensor
    demod: Tensor
    shift: Tensor
    noise: Tensor


class Dense:
    """A layer of few pixels: every tap of every pixel by one matrix product, then their sum.

    The second product gathers taps into pixels; its matrix is what the reference's own
    convolution does to single pixels, so it holds shifts, borders and the filter at once.
    """

    margin = 0  # it reads no zeros beyond the edge

    def __init__(self, packed: Packed, size: tuple[int, int]) -> None:
        self.packed, self.size = packed, size
        up, kernel = packed.layer.up, packed.layer.resample_filter
        self.below = (size[0] // 2, size[1] // 2) if up else size
        pixels = self.below[0] * self.below[1]
        self.sums = _sums(self.below, tuple(kernel.flatten().tolist()) if up else ())
        self.scratch = (
            pixels * packed.channels,
            (9 * pixels + 1) * packed.out,
            len(self.sums) * packed.out,
        )

    def order(self, noise: Tensor) -> Tensor:
        """A noise map (h, w) in this layer's order of pixels, (h * w, 1)."""
        return noise.reshape(-1, 1)

    def steps(self, x: Tensor, y: Tensor, slots: Slots, scratch: Scratch) -> list[Step]:
        """From x (h, w, in) to y (h', w', out), both inside their margins."""
        packed, (h, w) = self.packed, self.below
        scaled = scratch.view(0, h * w, packed.channels)
        taps = scratch.view(1, 9 * h * w + 1, packed.out)
        every = taps[:-1].view(h * w, -1)
        pixels = scratch.view(2, len(self.sums), packed.out)
        return [
            partial(torch.mul, x, slots.style, out=scaled.view(h, w, -1)),
            partial(torch.mm, scaled, packed.taps, out=every),
            partial(taps[-1].copy_, slots.shift),
            partial(torch.mm, self.sums, taps, out=pixels),
            *ending(pixels, slots, packed.limit),
            partial(_leaky, pixels.view(y.shape), _SLOPE, out=y),
        ]


class Tiled:
    """A layer of many pixels: Winograd's minimal filtering, a strip of tiles at a time.

    Args:
        packed: the layer.
        size: (h, w) of what it makes, multiples of 4.
        transform: how windows are read.
    """

    #: A strip holds about this many numbers of one point, so that it stays in the cache.
    BUDGET = 16384

    def __init__(self, packed: Packed, size: tuple[int, int], transform: Transform) -> None:
        self.packed, self.size, self.transform = packed, size, transform
        self.outwards = outwards()
        self.margin = max(-transform.first, transform.first + transform.reach - transform.step)
        self.rows, self.columns = size[0] // TILE, size[1] // TILE
        wanted = min(max(self.BUDGET // max(packed.channels, packed.out), 128), 256)
        most = max(1, min(self.rows, wanted // self.columns))
        self.strip = next(n for n in range(most, 0, -1) if self.rows % n == 0)
        self.tiles = self.strip * self.columns  # of one strip
        row = (size[1] // (TILE // transform.step) + 2 * _MARGIN) * packed.channels
        self.scratch = (
            6 * transform.reach * self.tiles * packed.channels,
            max(6 * self.strip * row, self.tiles * max(36 * packed.channels, 16 * packed.out)),
            37 * self.tiles * packed.out,
        )

    def order(self, noise: Tensor) -> Tensor:
        """A noise map (h, w) in this layer's order, (strips * 16 * tiles, 1)."""
        tiled = noise.reshape(-1, self.strip, TILE, self.columns, TILE)
        return tiled.permute(0, 2, 4, 1, 3).reshape(-1, 1)

    def steps(
        self, x: Tensor, y: Tensor | None, slots: Slots, scratch: Scratch,
        each: Callable[[int, Tensor], list[Step]] | None = None,
    ) -> list[Step]:  # fmt: skip
        """From x to y, both inside their margins.

        Args:
            x: (h, w, in).
            y: (h', w', out), or None where nobody reads it.
            slots: this frame's numbers.
            scratch: working memory.
            each: what to do besides with the pixels (16 * tiles, out) of strip n.
        """
        packed, tiles = self.packed, self.tiles
        products = scratch.view(2, 37, tiles, packed.out)
        steps: list[Step] = [partial(products[36].copy_, slots.shift)]
        for n in range(self.rows // self.strip):
            pixels = scratch.view(1, 16, tiles, packed.out)
            steps += self._convolve(x, n, products, pixels, slots, scratch)
            noise = slots.noise.view(-1, 16, tiles, 1)[n]
            steps += ending(pixels, replace(slots, noise=noise), packed.limit)
            if y is None:
                steps.append(partial(F.leaky_relu, pixels, _SLOPE, True))
            else:
                target = self._target(y, n)
                steps.append(partial(_leaky, pixels.view(target.shape), _SLOPE, out=target))
            if each is not None:
                steps += each(n, pixels.view(16 * tiles, packed.out))
        return steps

    def _convolve(
        self, x: Tensor, n: int, products: Tensor, pixels: Tensor, slots: Slots, scratch: Scratch
    ) -> list[Step]:
        """Strip n of x (h, w, in) to products (37, tiles, out) and pixels (16, tiles, out)."""
        packed, transform = self.packed, self.transform
        windows = self._windows(x, n)
        rows = scratch.view(1, self.strip, 6, windows.shape[2])
        columns = self._columns(x, rows)
        gathered = scratch.view(0, *columns.shape)
        points = scratch.view(1, 36, self.tiles, packed.channels)
        downwards = transform.inwards.expand(self.strip, -1, -1)
        return [
            partial(torch.bmm, downwards, windows, out=rows),
            partial(torch.mul, columns, slots.style, out=gathered),
            partial(torch.mm, transform.inwards, gathered.flatten(1), out=points.view(6, -1)),
            partial(torch.bmm, points, packed.points, out=products[:36]),
            partial(torch.mm, self.outwards, products.flatten(1), out=pixels.flatten(1)),
        ]

    def _windows(self, x: Tensor, n: int) -> Tensor:
        """The rows that strip n's tiles read, (strip, reach, w' * in), margins included."""
        down, transform = x.stride(0), self.transform
        shape = (self.strip, transform.reach, down)
        top = x.storage_offset() - x.storage_offset() % down
        begin = transform.first + n * self.strip * transform.step
        return x.as_strided(shape, (transform.step * down, down, 1), top + begin * down)

    def _columns(self, x: Tensor, rows: Tensor) -> Tensor:
        """What tiles read of transformed rows, (reach, 6, strip, columns, in)."""
        (down, along, _), transform = x.stride(), self.transform
        shape = (transform.reach, 6, self.strip, self.columns, x.shape[2])
        begin = x.storage_offset() % down + transform.first * along
        strides = (along, down, 6 * down, transform.step * along, 1)
        return rows.as_strided(shape, strides, rows.storage_offset() + begin)

    def _target(self, y: Tensor, n: int) -> Tensor:
        """Where the pixels of strip n go, (4, 4, strip, columns, out)."""
        down, along, _ = y.stride()
        shape = (TILE, TILE, self.strip, self.columns, y.shape[2])
        strides = (down, along, TILE * down, TILE * along, 1)
        return y.as_strided(shape, strides, y.storage_offset() + n * self.strip * TILE * down)


@lru_cache(maxsize=32)
def _sums(size: tuple[int, int], kernel: tuple[float, ...]) -> Tensor:
    """(h' * w', h * w * 9 + 1) from taps and a constant to pixels, with a kernel to twice h, w."""
    one = torch.eye(size[0] * size[1], dtype=torch.float64).view(-1, 1, *size)
    taps = torch.eye(9, dtype=torch.float64).view(9, 1, 3, 3)
    if kernel:
        side = math.isqrt(len(kernel))
        spread = conv_up(one, taps, torch.tensor(kernel, dtype=torch.float64).view(side, side))
    else:
        spread = F.conv2d(one, taps, padding=1)
    sums = spread.flatten(2).permute(2, 0, 1).flatten(1).float()
    return torch.cat([sums, torch.ones(len(sums), 1)], 1)


def ending(pixels: Tensor, slots: Slots, limit: float | None) -> list[Step]:
    """Demodulation, noise and the clamp, which is put before the leaky ReLU it belongs after."""
    steps: list[Step] = [partial(torch.addcmul, slots.noise, pixels, slots.demod, out=pixels)]
    if limit is not None:
        steps.append(partial(torch.clamp, pixels, -limit / _SLOPE, limit, out=pixels))
    return steps
