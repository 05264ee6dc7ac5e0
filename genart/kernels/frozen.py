"""3x3 convolutions whose weights stay, with the gradient of what they read, by kernels."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from genart.kernels.library import Library, library
from genart.kernels.program import FEW, Program
from genart.kernels.recent import Recent
from genart.kernels.structures import (
    BLOCK,
    MOST_TAPS,
    Convolution,
    Kind,
    LowPass,
    Map,
    Method,
    Writing,
)
from genart.kernels.values import Values
from genart.kernels.watch import is_ordinary
from genart.kernels.weights import PackedWeights

_made: WeakIdKeyDictionary = WeakIdKeyDictionary()  # by weight


def convolve(x: Tensor, weight: Tensor, low_pass: Tensor | None = None) -> Tensor | None:
    """Convolve maps (n, in, h, w) with padding 1, or to twice the size; None where torch is to.

    Kernels do it where a gradient of x is wanted, none of the weights, and channels are multiples
    of 16.

    Args:
        x: float32 on the CPU.
        weight: (out, in, 3, 3).
        low_pass: a separable filter (k, k) that sums to 1; it follows a transposed convolution of
            stride 2 and has gain 4. None: no transposed convolution.

    Returns:
        (n, out, h, w) or (n, out, 2h, 2w) in channels_last memory.
    """
    wanted = torch.is_grad_enabled() and x.requires_grad and not weight.requires_grad
    whole = not (weight.shape[0] % BLOCK or weight.shape[1] % BLOCK)
    if not wanted or not whole or (low_pass is not None and len(low_pass) > MOST_TAPS):
        return None
    plain = is_ordinary(x.detach(), weight.detach()) and not weight.is_inference()
    kernels = library() if plain and x.ndim == 4 else None
    if kernels is None:
        return None
    made: Tensor = _Convolve.apply(x, _of(kernels, weight, low_pass), False)
    return made


def _of(kernels: Library, weight: Tensor, low_pass: Tensor | None) -> FrozenConvolution:
    """The convolution of a weight as it is now."""
    tensors = [weight] if low_pass is None else [weight, low_pass]
    mark = kernels, [(each.data_ptr(), each._version) for each in tensors]
    found = _made[weight] if weight in _made else None  # noqa: SIM401 (its get has no types)
    if found is None or found[0] != mark:
        taps = None if low_pass is None else (2 * low_pass.double().sum(0)).flip(0).tolist()
        found = mark, FrozenConvolution(kernels, weight.detach(), taps)
        _made[weight] = found
    made: FrozenConvolution = found[1]
    return made


class FrozenConvolution:
    """A convolution and its gradient, for maps of any size.

    Args:
        kernels: the library.
        weight: (out, in, 3, 3).
        taps: of the low-pass filter along an axis, which sum to 2, in the order in which they meet
            pixels; None: see `convolve`.
    """

    def __init__(self, kernels: Library, weight: Tensor, taps: Sequence[float] | None) -> None:
        self._weights, self._weight, self._taps = PackedWeights(kernels), weight, taps
        self._turn = threading.Lock()
        self._programs = Recent[Program](lambda program: program.bytes, most=8)

    def run(self, x: Tensor, *, back: bool) -> Tensor:
        """The result for maps (n, c, h, w), or from its gradient that of the maps."""
        x = x.contiguous(memory_format=torch.channels_last)
        n, _, h, w = x.shape
        channels = self._weight.shape[1 if back else 0]
        if self._taps is not None:
            h, w = (h // 2, w // 2) if back else (2 * h, 2 * w)
        y = torch.empty(n, channels, h, w, memory_format=torch.channels_last)
        with self._turn:
            key = back, x.shape[2], x.shape[3]
            program = self._programs.get(key, lambda: self._build(*key))
            for i in range(n):
                program.spec(0).x = _map(x, i)
                program.spec(-1).y = _map(y, i)
                program.run()
        return y

    def _build(self, back: bool, h: int, w: int) -> Program:
        program = Program(self._weights)
        if self._taps is None:
            self._build_plain(program, back, h, w)
        elif back:
            self._build_back_up(program, h, w)
        else:
            self._build_up(program, h, w)
        return program

    def _build_plain(self, program: Program, back: bool, h: int, w: int) -> None:
        """A convolution; its gradient is one with rotated weights, channels exchanged."""
        weight = self._weight.flip(2, 3).transpose(0, 1) if back else self._weight
        out, into = weight.shape[:2]
        x, y = (Values.without_memory(channels, (h, w)) for channels in (into, out))
        program.convolve(x, weight, padding=(1, 1), to=y, key=back)

    def _build_up(self, program: Program, h: int, w: int) -> None:
        out, into = self._weight.shape[:2]
        x, y = Values.without_memory(into, (h, w)), Values.without_memory(out, (2 * h, 2 * w))
        spec = Convolution(
            x=x.map(), y=y.map(), reading=x.reading(), writing=Writing(slope=1.0, limit=math.inf),
            method=Method.TAPS if h * w <= FEW else Method.RAISED, kernel_h=3, kernel_w=3, stride=1,
        )  # fmt: skip
        spec.taps, spec.filter = len(self._taps or ()), _floats(self._taps or ())
        program.pack(spec, self._weight, "forward")
        program.add(Kind.CONVOLVE, spec)

    def _build_back_up(self, program: Program, h: int, w: int) -> None:
        """The filter backwards, then a convolution of stride 2."""
        out, into = self._weight.shape[:2]
        taps = list(self._taps or ())
        g, wide = Values.without_memory(out, (h, w)), program.values(out, (h + 1, w + 1))
        before = len(taps) - 1 - (len(taps) - 1) // 2
        spec = LowPass(g.map(), wide.map(), len(taps), before, _floats(taps[::-1]))
        program.add(Kind.LOW_PASS, spec)
        program.convolve(wide, self._weight.transpose(0, 1), stride=2,
                         to=Values.without_memory(into, (h // 2, w // 2)), key="back")  # fmt: skip


class _Convolve(torch.autograd.Function):
    """A linear map of maps, or the one of its gradient: each is the other's gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, how: FrozenConvolution, back: bool) -> Tensor:
        ctx.how, ctx.back = how, back  # nothing of the maps is kept
        return how.run(x, back=back)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return _Convolve.apply(gradient, ctx.how, not ctx.back), None, None


def _map(tensor: Tensor, i: int) -> Map:
    """Where image `i` of a tensor (n, c, h, w) in channels_last memory lies."""
    _, c, h, w = tensor.shape
    return Map(tensor.data_ptr() + 4 * i * c * h * w, w * c, c, BLOCK, h, w, c)


def _floats(taps: Sequence[float]) -> Any:
    return (ctypes.c_float * MOST_TAPS)(*taps)
