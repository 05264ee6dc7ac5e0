"""Styled convolutions of many pixels: Winograd's minimal filtering, in two divisions of labour."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from .crew import Settings, Task
from .forms import (
    Each,
    Slots,
    ending,
    leaky,
)
from .memory import Scratch, Step
from .packed import Packed
from .windows import MARGIN, Windows, divisor
from .winograd import TILE, Transform, outwards

_BUDGET = 16384  # a strip holds about this many numbers of one point, so that it stays in the cache


def tiled(packed: Packed, size: tuple[int, int], transform: Transform) -> Tiled:
    """The form for a layer: in strips where there are enough of them."""
    wanted = min(max(_BUDGET // max(packed.channels, packed.out), 128), 256)
    rows, columns = size[0] // TILE, size[1] // TILE
    if rows * columns >= 4 * wanted:
        return Strips(packed, size, transform, divisor(rows, max(1, wanted // columns)))
    return Spread(packed, size, transform, divisor(rows, max(1, rows // 4)))


class Tiled:
    """What both divisions share.

    Args:
        packed: the layer.
        size: (h, w) of what it makes, multiples of 4.
        transform: how windows are read.
        strip: rows of tiles that are written together, a divisor of all.
    """

    def __init__(
        self, packed: Packed, size: tuple[int, int], transform: Transform, strip: int
    ) -> None:
        self.packed, self.size, self.transform, self.strip = packed, size, transform, strip
        self.outwards, self.margin = outwards(), transform.margin
        self.rows, self.columns = size[0] // TILE, size[1] // TILE
        self.strips, self.tiles = self.rows // strip, strip * self.columns  # tiles of one strip
        self.painted = 16 * strip * (size[1] + 2 * MARGIN)  # a strip of up to four colours
        self.windows = Windows(transform, self.columns)
        self.row = (self.columns * transform.step + 2 * MARGIN) * packed.channels

    def order(self, noise: Tensor) -> Tensor:
        """A noise map (h, w) in this form's order, (strips * 16 * tiles, 1)."""
        tiled = noise.reshape(-1, self.strip, TILE, self.columns, TILE)
        return tiled.permute(0, 2, 4, 1, 3).reshape(-1, 1)

    def _finish(
        self, n: int, products: Tensor, y: Tensor | None, slots: Slots, pixels: Tensor
    ) -> list[Step]:
        """Strip n from products (37, tiles * out) to its pixels (16, tiles, out) and to y."""
        noise = slots.noise.view(-1, 16, self.tiles, 1)[n]
        return [
            partial(torch.mm, self.outwards, products, out=pixels.flatten(1)),
            *ending(pixels, noise, slots.demod, self.packed.limit),
            leaky(pixels, None if y is None else self._target(y, n)),
        ]

    def _target(self, y: Tensor, n: int) -> Tensor:
        """Where the pixels of strip n go, (4, 4, strip, columns, out)."""
        down, along, _ = y.stride()
        shape = (TILE, TILE, self.strip, self.columns, y.shape[2])
        strides = (down, along, TILE * down, TILE * along, 1)
        return y.as_strided(shape, strides, y.storage_offset() + n * self.strip * TILE * down)


class Strips(Tiled):
    """A form for many tiles: each strip from the first step to the last is one thread's."""

    common = (0, 0)

    def __init__(
        self, packed: Packed, size: tuple[int, int], transform: Transform, strip: int
    ) -> None:
        super().__init__(packed, size, transform, strip)
        self.scratch = (
            max(6 * transform.reach * self.tiles * packed.channels, self.painted),
            max(6 * strip * self.row, self.tiles * max(36 * packed.channels, 16 * packed.out)),
            37 * self.tiles * packed.out,
        )

    def stages(
        self, x: Tensor, y: Tensor | None, slots: Slots, common: Scratch, each: Each | None = None
    ) -> list[Settings]:
        """See `Form.stages`."""
        return [[Task(partial(self._steps, n, x, y, slots, each)) for n in range(self.strips)]]

    def _steps(
        self, n: int, x: Tensor, y: Tensor | None, slots: Slots, each: Each | None, scratch: Scratch
    ) -> list[Step]:
        packed, tiles = self.packed, self.tiles
        points = scratch.view(1, 36, tiles, packed.channels)
        products = scratch.view(2, 37, tiles, packed.out)
        pixels = scratch.view(1, 16, tiles, packed.out)
        rows = slice(n * self.strip, (n + 1) * self.strip)
        memory = (scratch[1], scratch[0])
        steps = [
            *self.windows.steps(x, rows, slice(0, 6), slots.style, points.view(6, -1), memory),
            partial(torch.bmm, points, packed.points, out=products[:36]),
            partial(products[36].copy_, slots.shift),
            *self._finish(n, products.flatten(1), y, slots, pixels),
        ]
        return steps + (each(n, pixels.view(16 * tiles, packed.out), scratch) if each else [])


class Spread(Tiled):
    """A form for few tiles and much weight: threads share the points, so each reads its own."""

    _SHARE = 3  # points of a task

    def __init__(
        self, packed: Packed, size: tuple[int, int], transform: Transform, strip: int
    ) -> None:
        super().__init__(packed, size, transform, strip)
        every = self.rows * self.columns
        self.scratch = (
            max(3 * transform.reach * every * packed.channels, self.painted),
            max(3 * self.rows * self.row, 16 * self.tiles * packed.out),
            0,
        )
        self.common = (36 * every * packed.channels, 37 * every * packed.out)

    def stages(
        self, x: Tensor, y: Tensor | None, slots: Slots, common: Scratch, each: Each | None = None
    ) -> list[Settings]:
        """See `Form.stages`."""
        packed, every = self.packed, self.rows * self.columns
        points = common.view(0, 36, every, packed.channels)
        products = common.view(1, 37, every, packed.out)
        halves = [slice(0, 3), slice(3, 6)]
        shares = [slice(n, n + self._SHARE) for n in range(0, 36, self._SHARE)]
        return [
            [Task(partial(self._begin, x, half, slots, points, products)) for half in halves],
            [Task(partial(self._multiply, share, points, products)) for share in shares],
            [Task(partial(self._end, n, products, y, slots, each)) for n in range(self.strips)],
        ]

    def _begin(
        self, x: Tensor, half: slice, slots: Slots, points: Tensor, products: Tensor,
        scratch: Scratch,
    ) -> list[Step]:  # fmt: skip
        target = points.view(6, 6, -1)[:, half].flatten(1)
        memory = (scratch[1], scratch[0])
        steps = self.windows.steps(x, slice(0, self.rows), half, slots.style, target, memory)
        if half.start == 0:
            steps.append(partial(products[36].copy_, slots.shift))
        return steps

    def _multiply(
        self, share: slice, points: Tensor, products: Tensor, scratch: Scratch
    ) -> list[Step]:
        return [partial(torch.bmm, points[share], self.packed.points[share], out=products[share])]

    def _end(
        self, n: int, products: Tensor, y: Tensor | None, slots: Slots, each: Each | None,
        scratch: Scratch,
    ) -> list[Step]:  # fmt: skip
        tiles, out = self.tiles, self.packed.out
        pixels = scratch.view(1, 16, tiles, out)
        own = products[:, n * tiles : (n + 1) * tiles].flatten(1)
        steps = self._finish(n, own, y, slots, pixels)
        return steps + (each(n, pixels.view(16 * tiles, out), scratch) if each else [])
