"""The synthesis network: w to an image.

Modulation scales the activations that enter a convolution instead of its weights, and
demodulation scales what leaves it (Karras et al. 2020a, section 2.2, equations 1 and 3): one
ordinary convolution with shared weights serves a whole batch, with the same result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genart.kernels import convolve

from .config import Config
from .layers import (
    DEFAULT_TAPS,
    Conv,
    FullyConnected,
    activate,
    conv_up,
    limit_of,
    low_pass,
    normal,
    scale_clamp,
    upsample,
)

#: "const", "random", "none", or phases (n,) on a closed walk through noise.
Noise: TypeAlias = "str | Tensor"
#: What becomes of a convolution's activations, from its name and (n, c, h, w).
After: TypeAlias = Callable[[str, Tensor], Tensor]


def mirror_tile(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Widen x (..., h, w) to size (h', w') by mirrored copies, the original in the middle."""
    for axis, wanted in ((-2, size[0]), (-1, size[1])):
        n = x.shape[axis]
        if wanted != n:
            at = (torch.arange(wanted, device=x.device) - (wanted - n) // 2) % (2 * n)
            x = x.index_select(axis, torch.minimum(at, 2 * n - 1 - at))
    return x


def turned(phases: Tensor) -> Tensor:
    """Cosine and sine (n, 2) of phases (n,) on a circle that closes at 1, exactly."""
    angle = 2 * math.pi * (phases.reshape(-1).cpu().double() % 1.0)
    return torch.stack([angle.cos(), angle.sin()], 1)


class StyledConv(nn.Module):
    """Modulated 3x3 convolution, noise, bias, leaky ReLU."""

    resample_filter: Tensor
    noise_const: Tensor

    def __init__(self, config: Config, channels_in: int, resolution: int, up: bool) -> None:
        super().__init__()
        channels_out = config.channels(resolution)
        self.up, self.clamp = up, config.conv_clamp
        self.affine = FullyConnected(config.w_dim, channels_in, bias_init=1)
        self.weight = nn.Parameter(normal(channels_out, channels_in, 3, 3))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        taps = config.resample_filter if up else DEFAULT_TAPS  # unused there, but in the state
        self.register_buffer("resample_filter", low_pass(taps))
        self.use_noise = config.use_noise
        self._walked: Tensor | None = None
        if config.use_noise:
            self.register_buffer("noise_const", normal(resolution, resolution))
            self.noise_strength = nn.Parameter(torch.zeros([]))

    def forward(self, x: Tensor, w: Tensor, noise: Noise, gain: float = 1.0) -> Tensor:
        """(n, in, h, w) and (n, w_dim) to (n, out, h', w')."""
        style = self.affine(w)  # (n, in)
        weight: Tensor = self.weight
        if x.dtype == torch.float16:  # keep products small; demodulation cancels both factors
            weight = weight / (
                weight.abs().amax((1, 2, 3), keepdim=True) * math.sqrt(weight[0].numel())
            )
            style = style / style.abs().amax(1, keepdim=True)
        power = weight.square().sum((2, 3))  # (out, in)
        demod = (style.square() @ power.t() + 1e-8).rsqrt()  # (n, out)
        x = x * style.to(x.dtype)[:, :, None, None]
        weight = weight.to(x.dtype)
        x = self._convolve(x, weight)
        x = x * demod.to(x.dtype)[:, :, None, None]
        added = self.noise_map(len(x), (x.shape[2], x.shape[3]), noise)
        if added is not None:
            x = x + added.to(x.dtype)
        x = x + self.bias.to(x.dtype)[:, None, None]
        return activate(x, gain, limit_of(self.clamp, x.dtype))

    def _convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        """(n, in, h, w) to (n, out, h', w'); by kernels where only the gradient of x is wanted."""
        if (made := convolve(x, weight, self.resample_filter if self.up else None)) is not None:
            return made
        if self.up:
            return conv_up(x, weight, self.resample_filter)
        return F.conv2d(x, weight, padding=1)

    def noise_map(self, n: int, size: tuple[int, int], noise: Noise) -> Tensor | None:
        """What n maps of a size have added, (h, w) or (n, 1, h, w); or rotated phases (n, 2)."""
        if not self.use_noise or (isinstance(noise, str) and noise == "none"):
            return None
        if isinstance(noise, str) and noise == "random":
            fresh = torch.randn(n, 1, *size, device=self.noise_const.device)
            return fresh * self.noise_strength
        still: Tensor = mirror_tile(self.noise_const, size)
        if not isinstance(noise, str):
            other = mirror_tile(self._other(), size)
            still = noise[:, 0, None, None, None] * still + noise[:, 1, None, None, None] * other
        return still * self.noise_strength

    def _other(self) -> Tensor:
        """A second noise map, fixed by this layer's shape, for walks through noise."""
        kept = self._walked
        if kept is None or kept.device != self.noise_const.device:
            seed = torch.Generator().manual_seed(self.noise_const.shape[0] * 2 + self.up)
            kept = torch.randn(self.noise_const.shape, generator=seed).to(self.noise_const)
            self._walked = kept
        return kept


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to the image's channels, without demodulation."""

    def __init__(self, config: Config, channels: int) -> None:
        super().__init__()
        self.clamp = config.conv_clamp
        self.affine = FullyConnected(config.w_dim, channels, bias_init=1)
        self.weight = nn.Parameter(normal(config.img_channels, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(config.img_channels))
        self.weight_gain = 1 / math.sqrt(channels)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """(n, c, h, w) to (n, img_channels, h, w)."""
        style = self.affine(w) * self.weight_gain
        x = F.conv2d(x * style.to(x.dtype)[:, :, None, None], self.weight.to(x.dtype))
        x = x + self.bias.to(x.dtype)[:, None, None]
        return scale_clamp(x, 1, limit_of(self.clamp, x.dtype))


class SynthesisBlock(nn.Module):
    """One resolution: one or two styled convolutions, and its share of the image."""

    resample_filter: Tensor

    def __init__(self, config: Config, resolution: int) -> None:
        super().__init__()
        self.architecture, self.resolution = config.architecture, resolution
        channels, first = config.channels(resolution), resolution == 4
        self.num_convs = 1 if first else 2
        self.register_buffer("resample_filter", low_pass(config.resample_filter))
        if first:
            self.const = nn.Parameter(normal(channels, 4, 4))
        else:
            below = config.channels(resolution // 2)
            self.conv0 = StyledConv(config, below, resolution, up=True)
            if config.architecture == "resnet":
                taps = config.resample_filter
                self.skip = Conv(below, channels, 1, leaky=False, bias=False, up=True, taps=taps)
        self.conv1 = StyledConv(config, channels, resolution, up=False)
        if config.architecture == "skip" or resolution == config.img_resolution:
            self.torgb = ToRGB(config, channels)

    def forward(
        self, x: Tensor, image: Tensor | None, ws: Tensor, noise: Noise, after: After | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Go on from x with ws (n, num_convs + 1, w_dim), the last for the image; (x, image)."""

        def done(name: str, made: Tensor) -> Tensor:
            return made if after is None else after(f"b{self.resolution}.{name}", made)

        if self.resolution == 4:
            x = done("conv1", self.conv1(x, ws[:, 0], noise))
        elif self.architecture == "resnet":
            kept = self.skip(x, gain=math.sqrt(0.5))
            x = done("conv0", self.conv0(x, ws[:, 0], noise))
            x = kept + done("conv1", self.conv1(x, ws[:, 1], noise, gain=math.sqrt(0.5)))
        else:
            x = done("conv0", self.conv0(x, ws[:, 0], noise))
            x = done("conv1", self.conv1(x, ws[:, 1], noise))
        if image is not None:
            image = upsample(image, self.resample_filter)
        if hasattr(self, "torgb"):
            added = self.torgb(x, ws[:, self.num_convs]).float()
            image = added if image is None else image + added
        return x, image


class Synthesis(nn.Module):
    """ws (n, num_ws, w_dim) to images (n, img_channels, h, w), nominally -1..1."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        for resolution in config.resolutions:
            setattr(self, f"b{resolution}", SynthesisBlock(config, resolution))

    def forward(
        self,
        ws: Tensor,
        noise: Noise = "const",
        start: tuple[int, int] = (4, 4),
        half: bool | str = False,
        top: int | None = None,
        after: After | None = None,
    ) -> Tensor:
        """Make images.

        Args:
            ws: (n, num_ws, w_dim).
            noise: "const", "random", "none" or phases (n,).
            start: size (h, w) of the first feature map; (4, 8) gives images twice as wide.
            half: run the configured blocks in half precision, or at least the four highest of
                them ("high"), or "all" of them.
            top: the last block's resolution, for a "skip" network's own smaller image; None
                plays every block.
            after: what becomes of each convolution's activations.
        """
        image: Tensor | None = None
        at = 0
        noise = noise if isinstance(noise, str) else turned(noise).to(ws)
        const = mirror_tile(self.block(4).const, start)
        x = const.expand(len(ws), -1, -1, -1)
        for resolution in self.config.resolutions:
            if top is not None and resolution > top:
                break
            block = self.block(resolution)
            lean = self.config.is_half(resolution, half)
            x = x.to(torch.float16 if lean else torch.float32)
            x, image = block(x, image, ws[:, at : at + block.num_convs + 1], noise, after)
            at += block.num_convs
        assert image is not None
        return image

    def convolutions(self) -> list[tuple[str, StyledConv]]:
        """The styled convolutions by name, in the order of the w+ that steer them."""
        return [
            (f"b{resolution}.{name}", conv)
            for resolution in self.config.resolutions
            for name, conv in self.block(resolution).named_children()
            if isinstance(conv, StyledConv)
        ]

    def block(self, resolution: int) -> SynthesisBlock:
        """The block of a resolution, one of `Config.resolutions`."""
        return cast(SynthesisBlock, getattr(self, f"b{resolution}"))
