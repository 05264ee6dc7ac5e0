"""One image by the compiled kernels: the synthesis network of one size as a program."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from genart.kernels import (
    BLOCK,
    FEW,
    MOST_COLORS,
    MOST_TAPS,
    Convolution,
    Demod,
    Demods,
    Edge,
    Kind,
    Method,
    Paint,
    Painting,
    Program,
    Style,
    Styles,
    Values,
    Writing,
    address,
    blocks,
    by_channel,
    method_of_three,
)

from .layers import SQRT2, Conv, FullyConnected
from .noise_maps import NoiseMaps
from .synthesis import StyledConv, Synthesis, SynthesisBlock, ToRGB, mirror_tile

Size = tuple[int, int]
#: Size (h, w) of the first map, the last block's resolution, the convolutions that are changed.
Key = tuple[Size, int, frozenset[str]]
#: By convolution, from its activations (1, c, h, w) to the same shape.
Changes = Mapping[str, Callable[[Tensor], Tensor]]
#: The classes of a synthesis network's modules.
KNOWN = (Synthesis, SynthesisBlock, StyledConv, ToRGB, Conv, FullyConnected)
_SLOPE, _EPS = 0.2, 1e-8


class Plan:
    """The steps of one image at one size.

    Args:
        synthesis: the network, one that `is_possible`.
        program: an empty one.
        key: of the size.
    """

    def __init__(self, synthesis: Synthesis, program: Program, key: Key) -> None:
        start, top, self._changed = key
        self._program = program
        self._styles: list[Style] = []
        self._demods: list[Demod] = []
        self._stops: list[tuple[int, str, Values]] = []  # after so many steps
        sides = [r for r in synthesis.config.resolutions if r <= top]
        sizes = [(start[0] << n, start[1] << n) for n in range(len(sides))]
        shortcut = math.sqrt(0.5) if synthesis.config.architecture == "resnet" else 1.0
        convs = [
            (conv, size, shortcut if name == "conv1" and side > 4 else 1.0)
            for side, size in zip(sides, sizes, strict=True)
            for name, conv in synthesis.block(side).named_children()
            if isinstance(conv, StyledConv)
        ]
        self._noise = NoiseMaps(convs)
        self._noise_parts = iter(self._noise.parts)
        self._ws = torch.empty(synthesis.config.num_ws, synthesis.config.w_dim)
        self._begin()
        self._image: Tensor | None = None
        x = self._constant(synthesis, start)
        for n, (side, size) in enumerate(zip(sides, sizes, strict=True)):
            x = self._block(synthesis.block(side), x, size, n, last=n + 1 == len(sides))
        self._end()

    def __call__(self, ws: Tensor, noise: str | float, changes: Changes) -> Tensor:
        """From ws (1, num_ws, w_dim) to a fresh image (1, img_channels, h, w).

        Args:
            ws: as `Synthesis` takes them.
            noise: "const", "random", "none" or a phase.
            changes: of the convolutions of the key.
        """
        assert self._image is not None
        self._noise.take(noise)
        self._ws.copy_(ws[0])
        first = 0
        for end, name, values in self._stops:
            self._program.run(first=first, end=end)
            values.write(changes[name](values.read()[None])[0])
            first = end
        made = torch.empty(1, *self._image.shape)
        self._last.image = made.data_ptr()
        self._program.run(first=first)
        self._last.image = self._image.data_ptr()
        return made

    # ---- the steps ----

    def _begin(self) -> None:
        """Styles and demodulation, which are known when all layers are."""
        self._program.keep(self._ws)
        self._all_styles, self._all_demods = Styles(ws=self._ws.data_ptr()), Demods()
        self._program.add(Kind.STYLES, self._all_styles)
        self._program.add(Kind.DEMODS, self._all_demods)

    def _end(self) -> None:
        self._style_array = (Style * len(self._styles))(*self._styles)
        self._demod_array = (Demod * len(self._demods))(*self._demods)
        self._all_styles.items, self._all_styles.count = self._style_array, len(self._styles)
        self._all_demods.items, self._all_demods.count = self._demod_array, len(self._demods)

    def _constant(self, synthesis: Synthesis, start: Size) -> Values:
        const = mirror_tile(synthesis.block(4).const.detach(), start)
        made = Values(torch.zeros(blocks(len(const)), *start, BLOCK), len(const))
        made.write(const)
        self._program.keep(made.memory)
        return made

    def _block(self, block: SynthesisBlock, x: Values, size: Size, n: int, last: bool) -> Values:
        """A block's steps, from its map x; the map that it makes."""
        at, shortcut = max(0, 2 * n - 1), None
        rgb = getattr(block, "torgb", None)
        paint = None if rgb is None else self._paint(block, rgb, size, at + block.num_convs)
        gain = math.sqrt(0.5) if block.architecture == "resnet" else 1.0
        if n:
            if hasattr(block, "skip"):
                shortcut = self._shortcut(block, x, size)
            y = self._conv(block.conv0, f"b{block.resolution}.conv0", x, size, at)
            self._give_back(x, n)
            x, at = y, at + 1
        name = f"b{block.resolution}.conv1"
        fused = None if shortcut or name in self._changed else paint
        kept = not (last and fused)
        y = self._conv(block.conv1, name, x, size, at, gain if n else 1.0, fused, kept)
        self._give_back(x, n or -1)
        if shortcut:
            total = self._program.combine(shortcut, y)
            self._program.give_back(shortcut)
            self._program.give_back(y)
            y = total
        if paint is not None and fused is None:
            self._program.add(Kind.PAINT, Painting(y.map(), ctypes.pointer(paint)))
        return y

    def _give_back(self, x: Values, n: int) -> None:
        if n > 0:  # the constant is not the program's
            self._program.give_back(x)

    def _conv(
        self, conv: StyledConv, name: str, x: Values, size: Size, at: int, gain: float = 1.0,
        paint: Paint | None = None, kept: bool = True,
    ) -> Values:  # fmt: skip
        """A styled convolution's step, and the map it makes."""
        program, out = self._program, len(conv.weight)
        style = self._style(conv.affine, at)
        y = program.values(out, size) if kept else Values.without_memory(out, size)
        spec = Convolution(
            x=x.map(), y=y.map(), reading=Values(x.memory, x.channels, style).reading(),
            writing=Writing(
                scale=self._demod(conv, style, gain).data_ptr(),
                shift=program.keep(by_channel(conv.bias) * (SQRT2 * gain)).data_ptr(),
                noise=next(self._noise_parts).data_ptr(), slope=_SLOPE,
                limit=_limit(conv.clamp) * gain,
            ),
            method=_method(conv.up, math.prod(x.size)), kernel_h=3, kernel_w=3, stride=1,
            pad_y=0 if conv.up else 1, pad_x=0 if conv.up else 1,
        )  # fmt: skip
        if paint is not None:
            spec.paint = ctypes.pointer(paint)
        if conv.up:
            spec.taps, taps = _taps(conv.resample_filter)
            spec.filter = taps
        program.pack(spec, conv.weight, conv)
        program.add(Kind.CONVOLVE, spec)
        if name in self._changed:
            self._stops.append((len(program), name, y))
        return y

    def _shortcut(self, block: SynthesisBlock, x: Values, size: Size) -> Values:
        """What goes round the convolutions of a resnet's block: 1x1, the middle tap of 3x3."""
        skip = block.skip
        y = self._program.values(len(skip.weight), size)
        gain = skip.weight_gain * math.sqrt(0.5)
        spec = Convolution(
            x=x.map(), y=y.map(), reading=x.reading(Edge.ZEROS),
            writing=Writing(slope=1.0, limit=_limit(skip.clamp) * math.sqrt(0.5)),
            method=Method.TAPS, kernel_h=3, kernel_w=3, stride=1,
        )  # fmt: skip
        spec.taps, spec.filter = _taps(skip.resample_filter)
        weight = torch.nn.functional.pad(skip.weight.detach() * gain, (1, 1, 1, 1))
        self._program.pack(spec, weight, skip)
        self._program.add(Kind.CONVOLVE, spec)
        return y

    def _paint(self, block: SynthesisBlock, rgb: ToRGB, size: Size, at: int) -> Paint:
        """The layer to RGB of a block, on the image that is there."""
        colors, below = len(rgb.weight), self._image
        self._image = self._program.keep(torch.empty(colors, *size))
        weights = self._style(rgb.affine, at, rgb)
        taps, values = _taps(block.resample_filter)
        self._last = Paint(
            weights.data_ptr(), self._program.keep(rgb.bias).data_ptr(), address(below),
            self._image.data_ptr(), _limit(rgb.clamp), colors, taps, values,
        )  # fmt: skip
        return self._last

    # ---- what changes from image to image ----

    def _style(self, affine: FullyConnected, at: int, rgb: ToRGB | None = None) -> Tensor:
        """Where the kernels put a style: by channel, or a layer to RGB's (colors, channels)."""
        channels, w_dim = affine.weight.shape
        colors, gain = (0, 1.0) if rgb is None else (len(rgb.weight), rgb.weight_gain)
        made = self._program.keep(torch.zeros(max(1, colors), blocks(channels) * BLOCK))
        keep = self._program.keep
        self._styles.append(Style(
            keep(affine.weight).data_ptr(), keep(affine.bias).data_ptr(),
            None if rgb is None else keep(rgb.weight.reshape(colors, channels)).data_ptr(),
            made.data_ptr(), gain * affine.weight_gain, gain * affine.bias_gain, w_dim, at,
            channels, colors,
        ))  # fmt: skip
        return made

    def _demod(self, conv: StyledConv, style: Tensor, gain: float) -> Tensor:
        out, channels = conv.weight.shape[:2]
        made = self._program.keep(torch.zeros(blocks(out) * BLOCK))
        powers = self._program.keep(
            self._program.weights.kept(("powers", conv), lambda: _powers(conv))
        )
        self._demods.append(Demod(
            powers.data_ptr(), style.data_ptr(), made.data_ptr(), SQRT2 * gain, _EPS, out,
            blocks(channels),
        ))  # fmt: skip
        return made


def _powers(conv: StyledConv) -> Tensor:
    """Squared weights summed over taps, (out, blocks of channels * 16)."""
    power = conv.weight.detach().square().sum((2, 3))
    return torch.nn.functional.pad(power, (0, -power.shape[1] % BLOCK)).contiguous()


def is_possible(synthesis: Synthesis) -> bool:
    """Whether the kernels know this kind of network: separable filters of 8 taps at most."""
    blocks_of = [synthesis.block(r) for r in synthesis.config.resolutions]
    filters = [conv.resample_filter for _, conv in synthesis.convolutions()]
    filters += [block.resample_filter for block in blocks_of]
    few = synthesis.config.img_channels <= MOST_COLORS
    return few and all(len(each) <= MOST_TAPS and _is_separable(each) for each in filters)


def _is_separable(kernel: Tensor) -> bool:
    """Whether a filter (k, k) is one of taps (k,) that sum to 1, in both directions."""
    taps = kernel.sum(0)
    return torch.allclose(torch.outer(taps, taps), kernel, rtol=0, atol=1e-6)


def make_plan(synthesis: Synthesis, program: Program, key: Key) -> Plan | None:
    """The plan of a size, or None where the network is to be used."""
    return Plan(synthesis, program, key) if is_possible(synthesis) else None


def _method(up: bool, pixels: int) -> Method:
    if up:
        return Method.TAPS if pixels <= FEW else Method.RAISED
    return method_of_three(pixels)


def _limit(clamp: float | None) -> float:
    return math.inf if clamp is None else clamp


def _taps(kernel: Tensor) -> tuple[int, Any]:
    """The taps of a separable kernel (k, k) in the order in which they meet pixels, doubled."""
    taps = (2 * kernel.double().sum(0)).flip(0).tolist()
    return len(taps), (ctypes.c_float * MOST_TAPS)(*taps)
