"""Layers with equalised learning rate, and the filters between resolutions.

Weights are stored at unit variance; the gain 1 / sqrt(fan-in) is applied when they are used
(Karras et al. 2018). Resampling goes through a separable low-pass filter (Zhang 2019), [1,3,3,1]
by default. Shapes are (n, c, h, w).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SQRT2 = math.sqrt(2)
DEFAULT_TAPS = (1, 3, 3, 1)
HALF_CLAMP = 256.0  # what keeps half precision from overflowing


def normal(*shape: int) -> Tensor:
    """Standard normal numbers; on the meta device, whose arithmetic loads a compiler, nothing."""
    on_meta = torch.get_default_device().type == "meta"
    return torch.empty(shape) if on_meta else torch.randn(shape)


def low_pass(taps: Sequence[float]) -> Tensor:
    """The 2-D filter of separable taps, summing to 1, (k, k)."""
    row = torch.tensor(taps, dtype=torch.float32)
    if row.is_meta:
        return row.new_empty(len(row), len(row))
    kernel = torch.outer(row, row)
    return kernel / kernel.sum()


def fir(
    x: Tensor, kernel: Tensor, pad: tuple[int, int], stride: int = 1, gain: float = 1
) -> Tensor:
    """Convolve every channel of x with one kernel (k, k); pad is (before, after) on both axes."""
    c = x.shape[1]
    x = F.pad(x, (pad[0], pad[1], pad[0], pad[1]))
    weight = (kernel.flip(0, 1) * gain).to(x.dtype)
    return F.conv2d(x, weight.expand(c, 1, *kernel.shape), stride=stride, groups=c)


def upsample(x: Tensor, kernel: Tensor) -> Tensor:
    """Twice the size: zeros between the samples, then the filter."""
    k = kernel.shape[0]
    n, c, h, w = x.shape
    spread = x.new_zeros(n, c, h, 2, w, 2)
    spread[:, :, :, 0, :, 0] = x
    return fir(spread.reshape(n, c, 2 * h, 2 * w), kernel, ((k + 1) // 2, (k - 2) // 2), gain=4)


def downsample(x: Tensor, kernel: Tensor) -> Tensor:
    """Half the size: the filter, then every second sample."""
    k = kernel.shape[0]
    return fir(x, kernel, ((k - 1) // 2, (k - 2) // 2), stride=2)


def conv_up(x: Tensor, weight: Tensor, kernel: Tensor) -> Tensor:
    """A 3x3 convolution to twice the size: transposed convolution, then the filter."""
    k = kernel.shape[0]
    x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # (n, out, 2h + 1, 2w + 1)
    return fir(x, kernel, ((k - 1) // 2, (k - 2) // 2), gain=4)


def conv_down(x: Tensor, weight: Tensor, kernel: Tensor) -> Tensor:
    """A 3x3 convolution to half the size: the filter, then a strided convolution."""
    k = kernel.shape[0]
    x = fir(x, kernel, ((k - 1) // 2 + 1, (k - 2) // 2 + 1))
    return F.conv2d(x, weight, stride=2)


def limit_of(clamp: float | None, dtype: torch.dtype) -> float | None:
    """The clamp of a layer; in half precision there always is one (Karras et al. 2020b, F)."""
    return HALF_CLAMP if clamp is None and dtype == torch.float16 else clamp


def activate(x: Tensor, gain: float = 1.0, clamp: float | None = None) -> Tensor:
    """Leaky ReLU of slope 0.2 with gain sqrt 2, clamped to +-clamp times the extra gain."""
    limit = None if clamp is None else clamp * gain
    return scale_clamp(F.leaky_relu(x, 0.2), SQRT2 * gain, limit)


def scale_clamp(x: Tensor, gain: float, limit: float | None) -> Tensor:
    """Multiply by gain, then clamp to +-limit unless it is None."""
    x = x * gain if gain != 1 else x
    return x if limit is None else x.clamp(-limit, limit)


class FullyConnected(nn.Module):
    """x W^T + b with equalised learning rate.

    Args:
        features_in: size of x.
        features_out: size of the result.
        leaky: whether a leaky ReLU follows.
        lr_multiplier: weights are stored divided by it, so they learn that much slower.
        bias_init: the bias at the start.
    """

    def __init__(
        self,
        features_in: int,
        features_out: int,
        *,
        leaky: bool = False,
        lr_multiplier: float = 1.0,
        bias_init: float = 0.0,
    ) -> None:
        super().__init__()
        weight = normal(features_out, features_in)
        if not weight.is_meta:
            weight = weight / lr_multiplier
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.full((features_out,), float(bias_init)))
        self.leaky = leaky
        self.weight_gain = lr_multiplier / math.sqrt(max(features_in, 1))
        self.bias_gain = lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        """(n, features_in) to (n, features_out)."""
        weight = (self.weight * self.weight_gain).to(x.dtype)
        x = F.linear(x, weight, (self.bias * self.bias_gain).to(x.dtype))
        return activate(x) if self.leaky else x


class Conv(nn.Module):
    """A convolution with equalised learning rate, as discriminators and skips use it.

    Args:
        channels_in: channels of x.
        channels_out: channels of the result.
        size: 1 or 3, the kernel's side.
        leaky: whether a leaky ReLU follows.
        bias: whether there is a bias.
        up: whether it doubles the size.
        down: whether it halves the size.
        taps: the low-pass filter's.
        clamp: as in Config.conv_clamp.
    """

    resample_filter: Tensor

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        size: int,
        *,
        leaky: bool = True,
        bias: bool = True,
        up: bool = False,
        down: bool = False,
        taps: Sequence[float] = DEFAULT_TAPS,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(normal(channels_out, channels_in, size, size))
        self.bias = nn.Parameter(torch.zeros(channels_out)) if bias else None
        self.register_buffer("resample_filter", low_pass(taps))
        self.size, self.leaky, self.up, self.down, self.clamp = size, leaky, up, down, clamp
        self.weight_gain = 1 / math.sqrt(channels_in * size * size)

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:
        """(n, channels_in, h, w) to (n, channels_out, h', w')."""
        x = self._convolve(x, (self.weight * self.weight_gain).to(x.dtype))
        if self.bias is not None:
            x = x + self.bias.to(x.dtype)[:, None, None]
        clamp = limit_of(self.clamp, x.dtype)
        if self.leaky:
            return activate(x, gain, clamp)
        return scale_clamp(x, gain, None if clamp is None else clamp * gain)

    def _convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        if self.size == 1:
            x = downsample(x, self.resample_filter) if self.down else x
            x = F.conv2d(x, weight)
            return upsample(x, self.resample_filter) if self.up else x
        if self.up:
            return conv_up(x, weight, self.resample_filter)
        if self.down:
            return conv_down(x, weight, self.resample_filter)
        return F.conv2d(x, weight, padding=self.size // 2)
