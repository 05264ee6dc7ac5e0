"""One image as a list of stages over fixed memory, computed once for a size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from genart_stylegan2.synthesis import (
    Noise,
    StyledConv,
    Synthesis,
    SynthesisBlock,
    mirror_tile,
)

from .canvas import Brush, doubler
from .crew import Crew, Settings, steps_only
from .dense import Dense
from .forms import Each, Form, Slots
from .memory import Maps, Scratch, Step
from .numbers import Numbers, Reader
from .packed import Weights
from .phased import Phased
from .phases import PHASED
from .tiled import Tiled, tiled
from .winograd import TILE, plain, raised

_FEW = {True: 256, False: 64}  # pixels up to which a layer is dense, by whether it raises


class Plan:
    """The stages of one image at one size.

    Args:
        synthesis: the network.
        weights: its layers' weights, shared by plans.
        start: size (h, w) of the first map.
        top: the last block's resolution.
    """

    def __init__(
        self, synthesis: Synthesis, weights: Weights, start: tuple[int, int], top: int
    ) -> None:
        self._weights, self._start = weights, start
        self._blocks = [synthesis.block(r) for r in synthesis.config.resolutions if r <= top]
        self._forms = [self._of_block(n) for n in range(len(self._blocks))]
        readers = [reader for n in range(len(self._blocks)) for reader in self._readers(n)]
        self._numbers = Numbers(synthesis.config.num_ws, readers)
        flat = [form for forms in self._forms for form in forms]
        self._crew = Crew([max(sizes) for sizes in zip(*(f.scratch for f in flat), strict=True)])
        common = [max(sizes) for sizes in zip(*(f.common for f in flat), strict=True)]
        self._common = Scratch(common)
        shapes = [
            [(*form.size, form.packed.out) for form in flat if form.packed.layer.up],
            [(*forms[-1].size, forms[-1].packed.out) for forms in self._forms if self._kept(forms)],
        ]
        self._maps = Maps(max(form.margin for form in flat), shapes)
        self._sheet = torch.empty(0)
        self._wanted: tuple[Tensor, Noise] | None = None
        self._made = torch.empty(0)
        begin, end = [steps_only(self._begin)], [steps_only(self._end)]
        self._stages = [begin, self._numbers.stage(), *self._written(), end]

    @torch.no_grad()
    def __call__(self, ws: Tensor, noise: Noise) -> Tensor:
        """From ws (1, num_ws, w_dim) to a fresh image (1, img_channels, h, w)."""
        self._wanted = ws[0], noise
        self._crew.do(self._stages)
        made, self._wanted, self._made = self._made, None, torch.empty(0)
        return made

    def _begin(self) -> None:
        """Take this image's numbers.

        This and the end are tasks: torch's own threads, called beside the crew, would look for more
        work for milliseconds afterwards, on a core that the crew needs.
        """
        assert self._wanted is not None
        self._numbers.take(*self._wanted)

    def _end(self) -> None:
        self._made = self._sheet[None].clone()

    def _of_block(self, n: int) -> list[Form]:
        """The forms of block n's convolutions."""
        block = self._blocks[n]
        if n == 0:
            return [self._form(block.conv1, n, 1.0)]
        gain = math.sqrt(0.5) if block.architecture == "resnet" else 1.0
        return [self._form(block.conv0, n, 1.0), self._form(block.conv1, n, gain)]

    def _form(self, conv: StyledConv, n: int, gain: float) -> Form:
        packed = self._weights.conv(conv, gain)
        size = (self._start[0] << n, self._start[1] << n)
        few = n == 0 or size[0] * size[1] <= _FEW[conv.up]
        if few or size[0] % TILE or size[1] % TILE:
            return Dense(packed, size)
        taps = conv.resample_filter.double().sum(0)
        if conv.up and len(taps) > 1 and not (size[0] % PHASED or size[1] % PHASED):
            return Phased(packed, size)
        return tiled(packed, size, raised(taps) if conv.up else plain())

    def _readers(self, n: int) -> Iterator[Reader]:
        """The layers of block n that read a w, in their order."""
        at = max(0, 2 * n - 1)
        for i, form in enumerate(self._forms[n]):
            yield Reader(form.packed.layer.affine, at + i, form)
        if (rgb := getattr(self._blocks[n], "torgb", None)) is not None:
            yield Reader(rgb.affine, at + len(self._forms[n]), gain=rgb.weight_gain)

    def _kept(self, forms: list[Form]) -> bool:
        """Whether anyone reads a block's map beside the layer to RGB, which needs no map."""
        return forms is not self._forms[-1] or self._is_whole(forms[-1])

    def _is_whole(self, form: Form) -> bool:
        """Whether a layer to RGB after this form reads the whole map."""
        return self._blocks[0].architecture == "resnet" or not isinstance(form, Tiled)

    def _written(self) -> list[Settings]:
        """Every block's stages, from the constant."""
        stages: list[Settings] = []
        slots = iter(self._numbers.slots)
        const = mirror_tile(self._blocks[0].const.detach(), self._start)
        x, below, late = const.permute(1, 2, 0).contiguous(), None, list[Step]()
        for block, forms in zip(self._blocks, self._forms, strict=True):
            own = [next(slots) for _ in forms]
            brush = None
            if hasattr(block, "torgb"):
                rgb, style = self._weights.rgb(block.torgb), next(slots).style
                double = doubler(block.resample_filter)
                brush = Brush(rgb, style, forms[-1].size, below, double)
                below = brush.sheet
            more, x, late = self._block(block, forms, own, x, brush, late)
            stages += more
        assert below is not None
        self._sheet = below
        return [*stages, [steps_only(*late)]] if late else stages

    def _block(
        self,
        block: SynthesisBlock,
        forms: list[Form],
        slots: list[Slots],
        x: Tensor,
        brush: Brush | None,
        late: list[Step],
    ) -> tuple[list[Settings], Tensor, list[Step]]:
        """A block's stages from the map x, its map, and what may be done after them at any time.

        What the block before left to do, and what goes round the convolutions, is done beside the
        first of them.
        """
        shortcut = _Shortcut(block, x) if hasattr(block, "skip") else None
        beside: list[Settings] = [[steps_only(*late, brush.begin)] if brush else []]
        if late and not brush:
            beside[0].append(steps_only(*late))
        if shortcut:
            beside[0].append(steps_only(shortcut.make))
        stages: list[Settings] = []
        if len(forms) == 2:
            more, x = self._conv(forms[0], 0, x, slots[0])
            stages += more
        more, x, each = self._last(forms[-1], x, slots[-1], brush, self._kept(forms))
        stages += more
        if shortcut:
            stages.append([steps_only(lambda: shortcut.add_to(x))])
        stages[0] = beside[0] + stages[0]
        return stages, x, brush.on_map(self._maps, x) if brush and not each else []

    def _last(
        self, form: Form, x: Tensor, slots: Slots, brush: Brush | None, kept: bool
    ) -> tuple[list[Settings], Tensor, bool]:
        """A block's last convolution, which paints where it can: stages, map, whether it did."""
        painter = None if self._is_whole(form) else brush
        if not isinstance(form, Tiled) or painter is None:
            return *self._conv(form, 1, x, slots), False
        if not kept:
            return form.stages(x, None, slots, self._common, painter.on_tiles(form)), x, True
        on = partial(painter.on_strips, form, self._maps)
        return *self._conv(form, 1, x, slots, on), True

    def _conv(
        self, form: Form, piece: int, x: Tensor, slots: Slots,
        on: Callable[[Tensor], Each] | None = None,
    ) -> tuple[list[Settings], Tensor]:  # fmt: skip
        """A convolution's stages from the map x, and the map it makes."""
        clear, y = self._maps.take(piece, (*form.size, form.packed.out))
        first, *rest = form.stages(x, y, slots, self._common, on and on(y))
        return [[*first, steps_only(*clear)], *rest], y


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
