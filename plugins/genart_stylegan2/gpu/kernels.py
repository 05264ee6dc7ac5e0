"""The passes after a convolution: in torch, and in Triton where that is installed.

Both make the same of the same: `finish` is the pass after an ordinary convolution, `filter_finish`
filters what an up-sampling one left and then does the same. Maps are (n, c, h, w) and lie in memory
channels last. Sums are in float32 and rounded once at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from genart_stylegan2.layers import SQRT2, fir

_OLDEST = 7, 0  # the compute capability that Triton asks for
_BLOCK = 1024  # elements that one program of a kernel makes


@dataclass(frozen=True)
class After:
    """What follows a convolution.

    Args:
        demod: factor on each channel, float32 (n, c).
        noise: added to each pixel, float32 (n or 1, 1, h, w).
        bias: added to each channel, float32 (c,).
        limit: the result is clamped to +-limit; None never clamps.
        scale: factor on each channel of the result, float32 (n, c), the style of the convolution
            that comes next; None leaves it.
    """

    demod: Tensor
    noise: Tensor
    bias: Tensor
    limit: float | None
    scale: Tensor | None = None


def finish(x: Tensor, after: After) -> Tensor:
    """Demodulation, noise, bias, leaky ReLU of gain sqrt 2, clamp, the next style; float32 sums."""
    y = x.float() * after.demod[:, :, None, None] + after.noise + after.bias[:, None, None]
    y = F.leaky_relu_(y, 0.2).mul_(SQRT2)
    if after.limit is not None:
        y.clamp_(-after.limit, after.limit)
    if after.scale is not None:
        y.mul_(after.scale[:, :, None, None])
    return y.to(x.dtype, memory_format=torch.channels_last)


def filter_finish(x: Tensor, kernel: Tensor, after: After) -> Tensor:
    """What a transposed convolution left, (n, c, 2h + 1, 2w + 1), filtered (k, k), and `finish`."""
    k = kernel.shape[0]
    y = fir(x.float(), kernel, ((k - 1) // 2, (k - 2) // 2), gain=4)
    return finish(y, after).to(x.dtype, memory_format=torch.channels_last)


@lru_cache
def fused(device: torch.device) -> Any:
    """The same two in Triton, a module of `finish` and `filter_finish`; None where it cannot be."""
    if torch.cuda.get_device_capability(device) < _OLDEST:
        return None
    try:
        from genart_stylegan2.gpu import fused as module
    except ImportError:
        return None
    return module


def blocks(elements: int) -> int:
    """How many programs make so many elements."""
    return -(-elements // _BLOCK)


BLOCK = _BLOCK
