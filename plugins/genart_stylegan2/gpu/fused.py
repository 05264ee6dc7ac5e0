"""`kernels.finish` and `kernels.filter_finish` in Triton: one pass over the map each.

Importing this module needs Triton. TRITON_INTERPRET=1 runs it on a CPU, to test it.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from genart_stylegan2.layers import SQRT2

from .kernels import BLOCK, After, blocks

_GAIN: Any = tl.constexpr(SQRT2)


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _finished(
    value, pixel, channel, row, places, channels, noise_step, keep,
    demod, noise, bias, scale, limit, CLAMPED: tl.constexpr, SCALED: tl.constexpr,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """A value (float32) after demodulation, noise, bias, leaky ReLU, clamp and the next style."""
    value *= tl.load(demod + row * channels + channel, mask=keep)
    value += tl.load(noise + row * noise_step + pixel, mask=keep)
    value += tl.load(bias + channel, mask=keep)
    value = tl.where(value < 0, value * 0.2, value) * _GAIN
    if CLAMPED:
        value = tl.minimum(tl.maximum(value, -limit), limit)
    if SCALED:
        value *= tl.load(scale + row * channels + channel, mask=keep)
    return value


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _finish(
    x, out, demod, noise, bias, scale, places, channels, noise_step, limit,
    CLAMPED: tl.constexpr, SCALED: tl.constexpr, SIZE: tl.constexpr,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """One block of elements of one image."""
    row = tl.program_id(1)
    at = tl.program_id(0) * SIZE + tl.arange(0, SIZE)
    keep = at < places * channels
    base = row.to(tl.int64) * places * channels
    value = tl.load(x + base + at, mask=keep).to(tl.float32)
    value = _finished(
        value, at // channels, at % channels, row, places, channels, noise_step, keep,
        demod, noise, bias, scale, limit, CLAMPED, SCALED,
    )  # fmt: skip
    tl.store(out + base + at, value.to(out.dtype.element_ty), mask=keep)


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _filter_finish(
    x, kernel, out, demod, noise, bias, scale, height, width, channels, in_height, in_width,
    noise_step, limit, PAD: tl.constexpr, TAPS: tl.constexpr, CLAMPED: tl.constexpr,
    SCALED: tl.constexpr, SIZE: tl.constexpr,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """One block of elements of one image, each the sum of TAPS x TAPS neighbours."""
    row = tl.program_id(1)
    at = tl.program_id(0) * SIZE + tl.arange(0, SIZE)
    places = height * width
    keep = at < places * channels
    pixel, channel = at // channels, at % channels
    y, along = pixel // width, pixel % width
    base = row.to(tl.int64) * in_height * in_width * channels
    value = tl.zeros((SIZE,), tl.float32)
    for i in tl.static_range(TAPS):
        for j in tl.static_range(TAPS):
            from_y, from_x = y + i - PAD, along + j - PAD
            inside = keep & (from_y >= 0) & (from_y < in_height)
            inside = inside & (from_x >= 0) & (from_x < in_width)
            place = (from_y * in_width + from_x) * channels + channel
            seen = tl.load(x + base + place, mask=inside, other=0.0).to(tl.float32)
            value += seen * tl.load(kernel + i * TAPS + j)
    value = _finished(
        value, pixel, channel, row, places, channels, noise_step, keep,
        demod, noise, bias, scale, limit, CLAMPED, SCALED,
    )  # fmt: skip
    to = row.to(tl.int64) * places * channels + at
    tl.store(out + to, value.to(out.dtype.element_ty), mask=keep)


def finish(x: Tensor, after: After) -> Tensor:
    """See `kernels.finish`."""
    n, c, h, w = x.shape
    x = x.contiguous(memory_format=torch.channels_last)
    out = torch.empty_like(x)
    _finish[blocks(c * h * w), n](
        x, out, *_numbers(after), h * w, c, _step(after.noise), after.limit or 0.0,
        CLAMPED=after.limit is not None, SCALED=after.scale is not None, SIZE=BLOCK,
    )  # fmt: skip
    return out


def filter_finish(x: Tensor, kernel: Tensor, after: After) -> Tensor:
    """See `kernels.filter_finish`."""
    n, c, h, w = x.shape
    k = kernel.shape[0]
    pad = (k - 1) // 2
    height, width = h + pad + (k - 2) // 2 - k + 1, w + pad + (k - 2) // 2 - k + 1
    x = x.contiguous(memory_format=torch.channels_last)
    out = torch.empty(
        (n, c, height, width), dtype=x.dtype, device=x.device, memory_format=torch.channels_last
    )
    taps = (kernel.flip(0, 1) * 4).contiguous()
    _filter_finish[blocks(c * height * width), n](
        x, taps, out, *_numbers(after), height, width, c, h, w, _step(after.noise),
        after.limit or 0.0, PAD=pad, TAPS=k, CLAMPED=after.limit is not None,
        SCALED=after.scale is not None, SIZE=BLOCK,
    )  # fmt: skip
    return out


def _numbers(after: After) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Demodulation, noise, bias and scale as they lie in memory; no scale is not looked at."""
    scale = after.demod if after.scale is None else after.scale.contiguous()
    return after.demod.contiguous(), after.noise.contiguous(), after.bias.contiguous(), scale


def _step(noise: Tensor) -> int:
    """The offset between the noise of one image and the next; 0 if they share it."""
    return noise[0].numel() if len(noise) > 1 else 0
