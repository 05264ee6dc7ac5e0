"""Operations on the frequencies of activations x (n, c, h, w), which repeat beyond their edges."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def frequency(x: Tensor, across: float, down: float) -> Tensor:
    """Its frequencies moved: what had k cycles across the image has so many more.

    The shift of a frequency shifter: the analytic signal (positive frequencies only) is rotated by
    a complex wave, and its real part taken.
    """
    moved = _moved(x.float(), across, 3)
    return _moved(moved, down, 2).to(x.dtype)


def blur(x: Tensor, radius: float) -> Tensor:
    """Soft: a Gaussian of this standard deviation, as a share of the shorter side."""
    return _soft(x.float(), radius).to(x.dtype)


def sharpen(x: Tensor, amount: float, radius: float) -> Tensor:
    """Edges stand out: what a blur of the radius takes away is added, so many times."""
    return (x + amount * (x - _soft(x.float(), radius))).to(x.dtype)


def _moved(x: Tensor, cycles: float, axis: int) -> Tensor:
    if not cycles:
        return x
    n = x.shape[axis]
    shape = [1, 1, 1, 1]
    shape[axis] = n
    gain = torch.zeros(n, device=x.device)
    gain[0] = 1.0
    gain[1 : (n + 1) // 2] = 2.0  # negative frequencies go, positive ones stand for both
    if n % 2 == 0:
        gain[n // 2] = 1.0
    analytic = torch.fft.ifft(torch.fft.fft(x, dim=axis) * gain.view(shape), dim=axis)
    angle = 2 * math.pi * cycles * torch.arange(n, device=x.device) / n
    turned: Tensor = analytic * torch.polar(torch.ones_like(angle), angle).view(shape)
    return turned.real


def _soft(x: Tensor, radius: float) -> Tensor:
    height, width = x.shape[2:]
    deviation = radius * min(height, width)
    down = torch.fft.fftfreq(height, device=x.device)[:, None]
    across = torch.fft.rfftfreq(width, device=x.device)
    gain = torch.exp(-2 * (math.pi * deviation) ** 2 * (down.square() + across.square()))
    soft: Tensor = torch.fft.irfft2(torch.fft.rfft2(x) * gain, s=(height, width))
    return soft
