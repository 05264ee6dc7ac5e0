"""A styled convolution to twice the size by phases: fewer products, then the filter."""

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
from .phases import (
    EVEN,
    HALF,
    PHASED,
    SPAN,
    filter_rows,
    results,
    windows,
)
from .windows import MARGIN, Windows, divisor

_SQUARE = SPAN * SPAN
_THIRDS = [slice(n, n + 3) for n in range(0, SPAN, 3)]
_BUDGET = 16384  # a band holds about this many numbers of one point, so that it stays in the cache
_ENOUGH = 4  # bands that threads can share without sharing one


class Phased:
    """A form for layers to twice the size.

    Tiles of 4x4 pixels of the smaller image become 8x8 unfiltered results on a sheet that
    threads share; a second sweep filters it. One row and one column of results lie beyond the
    last tile; they have only one tap across, and are made apart. Where tiles are many, a band of
    them is one thread's from the first step to the last; where they are few, all are one band,
    and threads share its points, so that each reads its own part of the weights.

    Args:
        packed: the layer.
        size: (h, w) of what it makes, multiples of 8.
    """

    def __init__(self, packed: Packed, size: tuple[int, int]) -> None:
        self.packed, self.size, self.margin = packed, size, windows().margin
        self.rows, self.columns = size[0] // PHASED, size[1] // PHASED
        self.windows = Windows(windows(), self.columns)
        self.taps = packed.layer.resample_filter.double().sum(0)
        self.before = (len(self.taps) - 1) // 2  # zeros before the first result
        self.wide = size[1] + len(self.taps) - 1
        wanted = min(max(_BUDGET // max(packed.channels, packed.out), 64), 256) // self.columns
        self.shared = self.rows < _ENOUGH * max(1, wanted)
        self.band = self.rows if self.shared else divisor(self.rows, max(1, wanted))
        self._sheet = (size[0] + len(self.taps) - 1) * self.wide * packed.out
        self.scratch, self.common = self._sizes()

    def _sizes(self) -> tuple[tuple[int, int, int], tuple[int, int]]:
        """Of a thread's own memory, and of what threads share."""
        tiles, (channels, out) = self.band * self.columns, (self.packed.channels, self.packed.out)
        line, side = self.columns * out, max(self.size)
        row = (self.columns * HALF + 2 * MARGIN) * channels
        points, filtered = _SQUARE * tiles * (channels + out), PHASED * self.wide * out
        scratch = (
            max(3 * EVEN * tiles * channels, SPAN * PHASED * line, side * channels),
            max(3 * self.band * row, PHASED**2 * line, 3 * side * out),
            filtered if self.shared else max(filtered, points),
        )
        return scratch, (self._sheet, points if self.shared else 0)

    def order(self, noise: Tensor) -> Tensor:
        """A noise map (h, w) in this form's order of pixels, (h * w, 1)."""
        return noise.reshape(-1, 1)

    def stages(
        self, x: Tensor, y: Tensor | None, slots: Slots, common: Scratch, each: Each | None = None
    ) -> list[Settings]:
        """See `Form.stages`; the map is always made, and nothing is done besides."""
        assert y is not None and each is None  # noqa: PT018
        sheet = common[0][: self._sheet].view(-1, self.wide, self.packed.out)
        border = Task(partial(self._border, x, slots, sheet))
        filters = [Task(partial(self._filter, n, sheet, y, slots)) for n in range(self.rows)]
        if self.shared:
            return [*self._together(x, slots, sheet, common[1], border), filters]
        bands = [slice(n, n + self.band) for n in range(0, self.rows, self.band)]
        return [[border, *(Task(partial(self._alone, x, b, slots, sheet)) for b in bands)], filters]

    def _together(
        self, x: Tensor, slots: Slots, sheet: Tensor, memory: Tensor, border: Task
    ) -> list[Settings]:
        """The only band's stages."""
        points, products, band = *self._views(memory), slice(0, self.rows)
        return [
            [Task(partial(self._evaluate, x, band, part, slots, points)) for part in _THIRDS],
            [*(Task(partial(self._multiply, n, points, products)) for n in range(SPAN)), border],
            [Task(partial(self._interpolate, n, n, products, sheet)) for n in range(self.rows)],
        ]

    def _alone(
        self, x: Tensor, band: slice, slots: Slots, sheet: Tensor, scratch: Scratch
    ) -> list[Step]:
        """A band's steps."""
        points, products = self._views(scratch[2])
        steps: list[Step] = []
        for part in _THIRDS:
            steps += self._evaluate(x, band, part, slots, points, scratch)
        for n in range(SPAN):
            steps += self._multiply(n, points, products, scratch)
        for n in range(self.band):
            steps += self._interpolate(n, band.start + n, products, sheet, scratch)
        return steps

    def _views(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """A band's points (9, 9, tiles, in) and products (9, 9, tiles, out)."""
        tiles = self.band * self.columns
        sizes = [_SQUARE * tiles * many for many in (self.packed.channels, self.packed.out)]
        points, products = memory[: sum(sizes)].split(sizes)
        return points.view(SPAN, SPAN, tiles, -1), products.view(SPAN, SPAN, tiles, -1)

    def _evaluate(
        self, x: Tensor, band: slice, part: slice, slots: Slots, points: Tensor, scratch: Scratch
    ) -> list[Step]:
        target = points[:, part].flatten(2).flatten(1)
        memory = (scratch[1], scratch[0])
        return self.windows.steps(x, band, part, slots.style, target, memory)

    def _multiply(self, n: int, points: Tensor, products: Tensor, _: Scratch) -> list[Step]:
        """Column n of the points; those of even results have a kernel each, the rest one."""
        kernels = self.packed.phases[min(n, EVEN)]
        even = partial(torch.bmm, points[n, :EVEN], kernels[:EVEN], out=products[n, :EVEN])
        odd = products[n, EVEN:].flatten(0, 1)
        return [even, partial(torch.mm, points[n, EVEN:].flatten(0, 1), kernels[EVEN], out=odd)]

    def _interpolate(
        self, n: int, row: int, products: Tensor, sheet: Tensor, scratch: Scratch
    ) -> list[Step]:
        """The band's row of tiles n to results on the sheet, where it is this row of all."""
        count, out = self.columns, self.packed.out
        own = products[:, :, n * count : (n + 1) * count].flatten(2)  # (9, 9, count * out)
        half = scratch.view(0, SPAN, PHASED, count * out)  # (down, across, count * out)
        whole = scratch.view(1, PHASED, PHASED, count * out)  # (across, down, count * out)
        both = results().expand(PHASED, -1, -1)
        top = self.before + row * PHASED
        target = sheet[top : top + PHASED, self.before : self.before + self.size[1]]
        target = target.unflatten(1, (count, PHASED)).permute(2, 0, 1, 3)
        return [
            *(partial(torch.mm, results(), own[:, m], out=half[m]) for m in range(SPAN)),
            partial(torch.bmm, both, half.transpose(0, 1), out=whole),
            partial(target.copy_, whole.view(PHASED, PHASED, count, out)),
        ]

    def _border(self, x: Tensor, slots: Slots, sheet: Tensor, scratch: Scratch) -> list[Step]:
        """The last row and column of results, and zeros around all of them."""
        (h, w), b = self.size, self.before
        clear = [sheet[:b], sheet[b + h + 1 :], sheet[:, :b], sheet[:, b + w + 1 :]]
        low, right = self.packed.borders
        down, across = sheet[b : b + h + 1, b + w], sheet[b + h, b : b + w + 1]
        return [
            *(partial(part.zero_) for part in clear if part.numel()),
            *self._edge(x[:, -1], right, down, slots, scratch),
            *self._edge(x[-1], low, across, slots, scratch),
        ]

    def _edge(
        self, x: Tensor, weight: Tensor, target: Tensor, slots: Slots, scratch: Scratch
    ) -> list[Step]:
        """Results (2 n + 1, out) of pixels (n, in) that see one line of taps (in, 3 * out)."""
        n, out = len(x), self.packed.out
        scaled, taps = scratch.view(0, n, x.shape[1]), scratch.view(1, n, 3, out)
        return [
            partial(torch.mul, x, slots.style, out=scaled),
            partial(torch.mm, scaled, weight, out=taps.view(n, -1)),
            partial(target[:-1:2].copy_, taps[:, 0]),
            partial(target[1::2].copy_, taps[:, 1]),
            partial(target[-1].zero_),
            partial(target[2::2].add_, taps[:, 2]),
        ]

    def _filter(
        self, n: int, sheet: Tensor, y: Tensor, slots: Slots, scratch: Scratch
    ) -> list[Step]:
        """Rows of the sheet to rows of the map: filter, bias, demodulation, noise, activation."""
        (wide, out), k, across = (self.size[1], self.packed.out), len(self.taps), self.taps.tolist()
        part = slice(n * PHASED, (n + 1) * PHASED)
        read = sheet[part.start : part.stop + k - 1].flatten(1)
        rows = scratch.view(2, PHASED, self.wide, out)
        pixels = scratch.view(1, PHASED, wide, out)
        seen = [rows[:, m : m + wide] for m in range(k)]
        noise = slots.noise.view(*self.size, 1)[part]
        return [
            partial(torch.mm, filter_rows(self.taps, PHASED), read, out=rows.flatten(1)),
            partial(torch.add, slots.shift, seen[0], alpha=2 * across[-1], out=pixels),
            *(partial(pixels.add_, seen[m], alpha=2 * across[-1 - m]) for m in range(1, k)),
            *ending(pixels, noise, slots.demod, self.packed.limit),
            leaky(pixels, y[part]),
        ]
