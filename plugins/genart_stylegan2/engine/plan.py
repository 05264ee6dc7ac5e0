"""One picture as a list of steps over fixed memory, worked out once for a size."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from ..synthesis import Noise, StyledConv, Synthesis, SynthesisBlock, mirror_tile
from .canvas import Brush, Canvas, doubler
from .forms import Dense, Slots, Tiled
from .memory import Maps, Scratch, Step
from .numbers import Numbers, Reader
from .packed import Weights
from .winograd import TILE, plain, raised

_FEW = {True: 256, False: 64}  # pixels up to which a layer is dense, by whether it raises


class Plan:
    """The steps of one picture at one size.

    Args:
        synthesis: the network.
        weights: its layers' weights, shared by plans.
        start: size (h, w) of the first map.
        top: the last block's resolution.
    """

    def __init__(
        self, synthesis: Synthesis, weights: Weights, start: tuple[int, int], top: int
    ) -> None:
        self._weights, self._start, self._canvas = weights, start, Canvas()
        self._blocks = [synthesis.block(r) for r in synthesis.config.resolutions if r <= top]
        self._forms = [self._of_block(n) for n in range(len(self._blocks))]
        self._numbers = Numbers([r for n in range(len(self._blocks)) for r in self._readers(n)])
        flat = [form for forms in self._forms for form in forms]
        self._scratch = Scratch(
            [max(sizes) for sizes in zip(*(f.scratch for f in flat), strict=True)]
        )
        shapes = [
            [(*form.size, form.packed.out) for form in flat if form.packed.layer.up],
            [(*forms[-1].size, forms[-1].packed.out) for forms in self._forms if self._kept(forms)],
        ]
        self._maps = Maps(max(form.margin for form in flat), shapes)
        self._steps = self._written()

    @torch.no_grad()
    def __call__(self, ws: Tensor, noise: Noise) -> Tensor:
        """From ws (1, num_ws, w_dim) to a fresh image (1, img_channels, h, w)."""
        self._numbers.take(ws[0], noise)
        for step in self._steps:
            step()
        return self._canvas.take()

    def _of_block(self, n: int) -> list[Dense | Tiled]:
        """The forms of block n's convolutions."""
        block = self._blocks[n]
        if n == 0:
            return [self._form(block.conv1, n, 1.0)]
        gain = math.sqrt(0.5) if block.architecture == "resnet" else 1.0
        return [self._form(block.conv0, n, 1.0), self._form(block.conv1, n, gain)]

    def _form(self, conv: StyledConv, n: int, gain: float) -> Dense | Tiled:
        packed = self._weights.conv(conv, gain)
        size = (self._start[0] << n, self._start[1] << n)
        few = n == 0 or size[0] * size[1] <= _FEW[conv.up]
        if few or size[0] % TILE or size[1] % TILE:
            return Dense(packed, size)
        taps = conv.resample_filter.double().sum(0)
        return Tiled(packed, size, raised(taps) if conv.up else plain())

    def _readers(self, n: int) -> Iterator[Reader]:
        """The layers of block n that read a w, in their order."""
        at = max(0, 2 * n - 1)
        for i, form in enumerate(self._forms[n]):
            yield Reader(form.packed.layer.affine, at + i, form)
        if (rgb := getattr(self._blocks[n], "torgb", None)) is not None:
            yield Reader(rgb.affine, at + len(self._forms[n]), gain=rgb.weight_gain)

    def _kept(self, forms: list[Dense | Tiled]) -> bool:
        """Whether anyone reads a block's map beside the layer to RGB, which needs no map."""
        resnet = self._blocks[0].architecture == "resnet"
        return forms is not self._forms[-1] or resnet or isinstance(forms[-1], Dense)

    def _written(self) -> list[Step]:
        """Every block's steps, from the constant."""
        steps: list[Step] = []
        slots = iter(self._numbers.slots)
        const = mirror_tile(self._blocks[0].const.detach(), self._start)
        x = const.permute(1, 2, 0).contiguous()
        for block, forms in zip(self._blocks, self._forms, strict=True):
            more, x = self._block(block, forms, x, slots)
            steps += more
        return steps

    def _block(
        self,
        block: SynthesisBlock,
        forms: list[Dense | Tiled],
        x: Tensor,
        slots: Iterator[Slots],
    ) -> tuple[list[Step], Tensor]:
        """A block's steps from the map x, and its map."""
        steps: list[Step] = []
        shortcut = _Shortcut(block, x) if hasattr(block, "skip") else None
        if shortcut:
            steps.append(shortcut.make)
        if len(forms) == 2:
            steps, x = self._conv(steps, forms[0], 0, x, next(slots))
        own = next(slots)
        brush = None
        if hasattr(block, "torgb"):
            double = doubler(block.resample_filter)
            brush = Brush(self._canvas, self._weights.rgb(block.torgb), next(slots), double)
        form = forms[-1]
        if not self._kept(forms) and isinstance(form, Tiled) and brush:
            before, each, after = brush.on_tiles(form)
            return [*steps, *before, *form.steps(x, None, own, self._scratch, each), *after], x
        steps, x = self._conv(steps, form, 1, x, own)
        if shortcut:
            steps.append(lambda: shortcut.add_to(x))
        return steps + (brush.on_map(self._maps, x) if brush else []), x

    def _conv(
        self, steps: list[Step], form: Dense | Tiled, piece: int, x: Tensor, slots: Slots
    ) -> tuple[list[Step], Tensor]:
        clear, y = self._maps.take(piece, (*form.size, form.packed.out))
        return [*steps, *clear, *form.steps(x, y, slots, self._scratch)], y


class _Shortcut:
    """A resnet block's way around its convolutions."""

    def __init__(self, block: SynthesisBlock, x: Tensor) -> None:
        skip = block.skip
        self._weight = skip.weight.detach() * (skip.weight_gain * math.sqrt(0.5))
        self._double, self._x = doubler(skip.resample_filter), x.permute(2, 0, 1)[None]
        self._made = torch.empty(0)

    def make(self) -> None:
        """Take x round, before its memory is used again."""
        self._made = self._double(F.conv2d(self._x, self._weight))

    def add_to(self, y: Tensor) -> None:
        """Add it to the block's map (h, w, c)."""
        y += self._made[0].permute(1, 2, 0)
        self._made = torch.empty(0)
