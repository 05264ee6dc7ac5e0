"""A styled convolution of few pixels: every tap of every pixel by matrix products."""

from __future__ import annotations

import math
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from genart_stylegan2.layers import conv_up

from .crew import Settings, Task
from .forms import (
    Each,
    Slots,
    ending,
    leaky,
)
from .memory import Scratch, Step
from .packed import Packed


class Dense:
    """A form for few pixels: one product gives every tap of every pixel, a second adds them up.

    The second product gathers taps into pixels; its matrix is what the reference's own
    convolution does to single pixels, so it holds shifts, borders and the filter at once.
    Threads share the output's channels.
    """

    margin = 0  # it reads no zeros beyond the edge
    common = (0, 0)

    def __init__(self, packed: Packed, size: tuple[int, int]) -> None:
        self.packed, self.size = packed, size
        up, kernel = packed.layer.up, packed.layer.resample_filter
        self.below = (size[0] // 2, size[1] // 2) if up else size
        self.sums = _sums(self.below, tuple(kernel.flatten().tolist()) if up else ())
        widest = packed.parts[0]
        self.scratch = (
            self._pixels * packed.channels,
            (9 * self._pixels + 1) * widest,
            len(self.sums) * widest,
        )

    @property
    def _pixels(self) -> int:
        return self.below[0] * self.below[1]

    def order(self, noise: Tensor) -> Tensor:
        """A noise map (h, w) in this form's order of pixels, (h * w, 1)."""
        return noise.reshape(-1, 1)

    def stages(
        self, x: Tensor, y: Tensor | None, slots: Slots, common: Scratch, each: Each | None = None
    ) -> list[Settings]:
        """See `Form.stages`; the map is always made, and nothing is done besides."""
        assert y is not None and each is None  # noqa: PT018
        tasks, first = [], 0
        for n, part in enumerate(self.packed.parts):
            channels = slice(first, first + part)
            tasks.append(Task(partial(self._steps, n, channels, x, y, slots)))
            first += part
        return [tasks]

    def _steps(
        self, n: int, channels: slice, x: Tensor, y: Tensor, slots: Slots, scratch: Scratch
    ) -> list[Step]:
        """Part n of the output, which is these channels."""
        packed, (h, w), out = self.packed, self.below, self.packed.parts[n]
        scaled = scratch.view(0, h * w, packed.channels)
        taps = scratch.view(1, 9 * h * w + 1, out)
        every = taps[:-1].view(h * w, -1)
        pixels = scratch.view(2, len(self.sums), out)
        target = y[..., channels]
        return [
            partial(torch.mul, x, slots.style, out=scaled.view(h, w, -1)),
            partial(torch.mm, scaled, packed.taps[n], out=every),
            partial(taps[-1].copy_, slots.shift[channels]),
            partial(torch.mm, self.sums, taps, out=pixels),
            *ending(pixels, slots.noise, slots.demod[channels], packed.limit),
            leaky(pixels, target),
        ]


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
