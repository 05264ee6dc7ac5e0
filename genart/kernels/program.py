"""A program for the kernels: its steps, its weights in the order they are read, and its memory."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from genart.kernels.memory import empty
from genart.kernels.structures import (
    BLOCK,
    Combine,
    Convolution,
    Edge,
    Export,
    Import,
    Kind,
    Map,
    Method,
    Norm,
    Pool,
    Reading,
    Step,
    Unpool,
    Writing,
)
from genart.kernels.values import Values, address, blocks, by_channel
from genart.kernels.weights import PackedWeights

#: Pixels of a small map, which takes another method.
FEW = 64


class Program:
    """Steps over memory that stays; run as often as wanted, by one caller at a time.

    Args:
        weights: of the network; they know the library.

    Attributes:
        bytes: of its memory, without weights.
    """

    def __init__(self, weights: PackedWeights) -> None:
        self.weights, self._library = weights, weights.library
        self.bytes = 0
        self._steps: list[tuple[Kind, ctypes.Structure]] = []
        self._kept: list[Any] = []
        self._lent: list[Tensor] = []  # memory of maps
        self._free: list[Tensor] = []  # that of them which no map needs
        self._scratch: dict[tuple[int, int, int], Tensor] = {}
        self._array: ctypes.Array[Step] | None = None

    def __len__(self) -> int:
        return len(self._steps)

    # ---- memory ----

    def keep(self, tensor: Tensor) -> Tensor:
        """The same values in float32 and in one piece, kept as long as the program."""
        held = tensor.detach().to("cpu", torch.float32).contiguous()
        self._kept.append(held)
        return held

    def values(self, channels: int, size: tuple[int, int]) -> Values:
        """Memory for a map; what was given back is used again."""
        count = blocks(channels) * math.prod(size) * BLOCK
        fitting = [m for m in self._free if m.numel() >= count]
        if fitting:
            found = min(fitting, key=Tensor.numel)
            self._free = [m for m in self._free if m is not found]
        else:
            found = empty(count)
            self._lent.append(found)
            self.bytes += found.nbytes
        return Values(found[:count].view(blocks(channels), *size, BLOCK), channels)

    def give_back(self, values: Values) -> None:
        """Nothing reads a map any more: its memory may hold another."""
        start = values.memory.data_ptr()
        self._free.append(next(m for m in self._lent if m.data_ptr() == start))

    def reading(self, x: Values, edge: Edge = Edge.ZEROS) -> Reading:
        """What becomes of a map as it is read; what that takes is kept."""
        self._kept.append(x)
        return x.reading(edge)

    # ---- steps ----

    def add(self, kind: Kind, spec: ctypes.Structure) -> None:
        """A step; what it points to must be kept."""
        self._steps.append((kind, spec))
        self._array = None

    def spec(self, n: int) -> Any:
        """The structure of step n, whose addresses may be changed before a run."""
        return self._steps[n][1]

    def image(
        self, image: Tensor, *, pad: int = 0, edge: Edge = Edge.ZEROS, packed: bool = False
    ) -> Values:
        """Read an image (c, h, w) of memory that stays.

        Args:
            image: of any strides.
            pad: pixels around it.
            edge: what they are.
            packed: its channels lie beside each other, for a first convolution.
        """
        c, h, w = image.shape
        self._kept.append(image)
        size = (h + 2 * pad, w + 2 * pad)
        if packed:
            made = Values(torch.empty(*size, c), c)
            self._kept.append(made.memory)
        else:
            made = self.values(c, size)
        self.add(Kind.IMPORT, Import(image.data_ptr(), *image.stride(), made.map(), pad, edge))
        return made

    def read_from(self, n: int, image: Tensor) -> None:
        """Let step n, which reads an image, read another one (c, h, w) of the same size."""
        spec: Import = self.spec(n)
        spec.image, (spec.channel, spec.row, spec.pixel) = image.data_ptr(), image.stride()

    def write_to(self, n: int, image: Tensor) -> None:
        """Let step n, an export, write to another image (c, h, w) of the same size."""
        spec: Export = self.spec(n)
        spec.to, (spec.channel, spec.row, spec.pixel) = image.data_ptr(), image.stride()

    def convolve(
        self,
        x: Values,
        weight: Tensor,
        bias: Tensor | None = None,
        *,
        stride: int = 1,
        padding: tuple[int, int] = (0, 0),
        edge: Edge = Edge.ZEROS,
        to: Values | None = None,
        slope: float = 1.0,
        key: Hashable | None = None,
    ) -> Values:
        """Convolve.

        Args:
            x: what is read.
            weight: (out, in, kh, kw).
            bias: (out,).
            stride: 1 or 2.
            padding: pixels before the first, (y, x).
            edge: what they are.
            to: where it goes; its size decides how far the padding behind the last pixel goes.
            slope: of a leaky ReLU behind it.
            key: see `pack`.
        """
        out, _, kh, kw = weight.shape
        if to is None:
            size = [
                (side + 2 * pad - kernel) // stride + 1
                for side, pad, kernel in zip(x.size, padding, (kh, kw), strict=True)
            ]
            to = self.values(out, (size[0], size[1]))
        many = math.prod(to.size) > FEW and x.memory.ndim == 4
        if stride == 2 and (kh, kw) == (3, 3) and many:
            weight = torch.nn.functional.pad(weight, (0, 1, 0, 1))
        shift = None if bias is None else self.keep(by_channel(bias))
        conv = Convolution(
            x=x.map(), y=to.map(), reading=self.reading(x, edge),
            writing=Writing(shift=address(shift), slope=slope, limit=math.inf),
            method=choose_method(x, weight, stride, to.size), kernel_h=weight.shape[2],
            kernel_w=weight.shape[3], stride=stride, pad_y=padding[0], pad_x=padding[1],
        )  # fmt: skip
        self.pack(conv, weight, key)
        self.add(Kind.CONVOLVE, conv)
        return to

    def pack(self, conv: Convolution, weight: Tensor, key: Hashable | None = None) -> None:
        """Give a convolution its weights (out, in, kh, kw).

        Args:
            conv: with all but the weights.
            weight: of any memory.
            key: what the programs of a network share them by; None: they are of this program alone.
        """
        key = object() if key is None else key

        def given() -> Tensor:
            return weight.detach().to("cpu", torch.float32).contiguous()

        packed = self.weights.get(conv, given, key)
        self._kept.append(packed)
        conv.weights = packed.data_ptr()

    def convolve_transposed(
        self, x: Values, weight: Tensor, bias: Tensor | None = None, *, edge: Edge = Edge.ZEROS,
        to: Values | None = None, slope: float = 1.0, key: Hashable | None = None,
    ) -> Values:  # fmt: skip
        """Convolve to twice the size: stride 2, padding 1, a 4x4 kernel or a 3x3 one.

        Args:
            x: what is read, (h, w).
            weight: (in, out, k, k), as torch has it; of 3x3 with an output padding of 1.
            bias: (out,).
            edge: what lies beyond the edge of x.
            to: where it goes, (2h, 2w).
            slope: of a leaky ReLU behind it.
            key: see `pack`.
        """
        if weight.shape[-1] == 3:
            weight = torch.nn.functional.pad(weight, (0, 1, 0, 1))
        out, (h, w) = weight.shape[1], x.size
        to = self.values(out, (2 * h, 2 * w)) if to is None else to
        taps = {0: (3, 1), 1: (2, 0)}  # of an even and an odd result, by the pixel before or behind
        for p in (0, 1):
            for q in (0, 1):
                small = weight[:, :, taps[p]][:, :, :, taps[q]].transpose(0, 1)
                phase = Values(to.memory[:, p::2, q::2], out)
                self.convolve(
                    x, small, bias, padding=(1 - p, 1 - q), edge=edge, to=phase, slope=slope,
                    key=None if key is None else (key, p, q),
                )  # fmt: skip
        return to

    def normalise(
        self, x: Values, gain: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5,
        moments: Tensor | None = None,
    ) -> Values:  # fmt: skip
        """Normalise every channel by its own mean and deviation, as it is read.

        Args:
            x: a map as it was made; its scale and shift are overwritten where it has them.
            gain: by channel, of memory that stays; None: 1.
            bias: likewise; None: 0.
            eps: added to the variance.
            moments: where to write mean and variance, (2, channels).
        """
        if x.scale is None or x.shift is None:
            scale, shift = torch.zeros(2, blocks(x.channels) * BLOCK).unbind()
            x = replace(x, scale=scale, shift=shift)
        self._kept += [x.scale, x.shift, gain, bias, moments]
        self.add(Kind.NORM, Norm(
            x.map(), address(gain), address(bias), address(x.scale), address(x.shift),
            address(moments), eps,
        ))  # fmt: skip
        return x

    def combine(self, x: Values, z: Values | None = None, *, to: Values | None = None) -> Values:
        """The sum of two maps as they are read, or one of them as it is read."""
        to = self.values(x.channels, x.size) if to is None else to
        other = (z.map(), self.reading(z)) if z is not None else (Map(), Reading())
        self.add(Kind.COMBINE, Combine(x.map(), other[0], to.map(), self.reading(x), other[1]))
        return to

    def pool(self, x: Values, *, largest: bool) -> Values:
        """The maximum or the mean of 2x2 pixels; an odd row or column is left out."""
        made = self.values(x.channels, (x.size[0] // 2, x.size[1] // 2))
        self.add(Kind.POOL, Pool(x.map(), made.map(), largest))
        return made

    def unpool(self, x: Values, gradient: Values, *, largest: bool) -> Values:
        """The gradient of `pool` with respect to x, from that of its result."""
        made = self.values(x.channels, x.size)
        self.add(Kind.UNPOOL, Unpool(x.map(), gradient.map(), made.map(), largest))
        return made

    def export(
        self,
        x: Values,
        to: Tensor,
        bias: Tensor | None = None,
        *,
        shuffle: int = 1,
        spread: int = 1,
        edge: Edge = Edge.ZEROS,
        tanh: bool = False,
        image: Tensor | None = None,
        matrix: Tensor | None = None,
    ) -> None:
        """Write a map to an image (c, h, w) of memory that stays.

        The other arguments are explained at `Export` in `src/kernels.h`.

        Raises:
            ValueError: the image does not have the map's size.
        """
        if to.shape[1:] != torch.Size(shuffle * side for side in x.size):
            raise ValueError(f"A map of {x.size} does not make an image of {tuple(to.shape)}.")
        self._kept += [to, bias, image, matrix]
        colors = 0 if image is None else len(image)
        self.add(Kind.EXPORT, Export(
            x.map(), self.reading(x), address(bias), address(image), address(matrix), to.data_ptr(),
            *to.stride(), len(to), colors, shuffle, spread, tanh, edge,
        ))  # fmt: skip

    # ---- running ----

    def run(self, threads: int | None = None, first: int = 0, end: int | None = None) -> None:
        """Run steps first ... end - 1.

        Args:
            threads: how many; as many as torch has unless given.
            first: of the steps.
            end: behind the last; None is all.

        Raises:
            RuntimeError: there is too little memory, or the library does not know a step.
        """
        library, threads = self._library, threads or torch.get_num_threads()
        end = len(self._steps) if end is None else end
        if self._array is None:
            steps = [Step(kind, 0, ctypes.addressof(spec)) for kind, spec in self._steps]
            self._array = (Step * len(steps))(*steps)
        start = ctypes.byref(self._array, first * ctypes.sizeof(Step))
        key = (threads, first, end)
        if key not in self._scratch:
            count = library.genart_scratch_floats(library.number, start, end - first, threads)
            self._scratch[key] = empty(count)
            self.bytes += self._scratch[key].nbytes
        scratch = self._scratch[key].data_ptr()
        if library.genart_run(library.number, start, end - first, scratch, threads):
            raise RuntimeError("The kernels do not know a step of this program.")


def choose_method(x: Values, weight: Tensor, stride: int, size: Sequence[int]) -> Method:
    """The fastest way of a convolution."""
    kernel = (weight.shape[2], weight.shape[3])
    if x.memory.ndim == 3:
        return Method.GATHER
    if kernel == (3, 3) and stride == 1:
        return method_of_three(math.prod(size))
    if math.prod(size) > FEW and kernel == (2 * stride, 2 * stride):
        return Method.TWO
    return Method.DIRECT


def method_of_three(pixels: int) -> Method:
    """The fastest way of a 3x3 convolution: fewer products take more weights."""
    if pixels <= FEW // 4:
        return Method.DIRECT
    return Method.SMALL if pixels <= FEW else Method.THREE
