"""The discriminator: image and label to a logit."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

import genart

from .config import Config
from .layers import (
    Conv,
    FullyConnected,
    downsample,
    low_pass,
)
from .mapping import Mapping


def minibatch_std(x: Tensor, group: int = 4, channels: int = 1) -> Tensor:
    """Append to x (n, c, h, w) channels of the deviation within groups (Karras et al. 2018)."""
    n, c, h, w = x.shape
    group = math.gcd(group, n) if n > group else n
    y = x.float().reshape(group, -1, channels, c // channels, h, w)
    y = (y - y.mean(0)).square().mean(0).add(1e-8).sqrt()  # (n / group, channels, c', h, w)
    y = y.mean((2, 3, 4)).reshape(-1, channels, 1, 1).repeat(group, 1, h, w)
    return torch.cat([x, y.to(x.dtype)], 1)


class DiscriminatorBlock(nn.Module):
    """One resolution: from it to half of it."""

    resample_filter: Tensor

    def __init__(self, config: Config, resolution: int) -> None:
        super().__init__()
        self.architecture = config.architecture
        channels, after = config.channels(resolution), config.channels(resolution // 2)
        taps, clamp = config.resample_filter, config.conv_clamp
        self.register_buffer("resample_filter", low_pass(taps))
        if resolution == config.img_resolution or config.architecture == "skip":
            self.fromrgb = Conv(config.img_channels, channels, 1, clamp=clamp)
        self.conv0 = Conv(channels, channels, 3, clamp=clamp)
        self.conv1 = Conv(channels, after, 3, down=True, clamp=clamp, taps=taps)
        if config.architecture == "resnet":
            self.skip = Conv(channels, after, 1, leaky=False, bias=False, down=True, taps=taps)

    def forward(self, x: Tensor | None, image: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """(n, c, h, w), or None at the first block, and the image; returns both halved."""
        if hasattr(self, "fromrgb"):
            seen = self.fromrgb(image.to(dtype))
            x = seen if x is None else x.to(dtype) + seen
        assert x is not None
        x = x.to(dtype)
        if self.architecture == "skip":
            image = downsample(image, self.resample_filter)
        if self.architecture != "resnet":
            return self.conv1(self.conv0(x)), image
        kept = self.skip(x, gain=math.sqrt(0.5))
        return kept + self.conv1(self.conv0(x), gain=math.sqrt(0.5)), image


class Epilogue(nn.Module):
    """The last 4x4 features to a logit, or to a vector compared with the label's embedding."""

    def __init__(self, config: Config, cmap_dim: int, group: int) -> None:
        super().__init__()
        self.group = group
        channels = config.channels(4)
        if config.architecture == "skip":
            self.fromrgb = Conv(config.img_channels, channels, 1)
        self.conv = Conv(channels + 1, channels, 3, clamp=config.conv_clamp)
        self.fc = FullyConnected(channels * 16, channels, leaky=True)
        self.out = FullyConnected(channels, cmap_dim or 1)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        """(n, c, 4, 4) to (n, cmap_dim or 1)."""
        x = x.float()
        if hasattr(self, "fromrgb"):
            x = x + self.fromrgb(image.float())
        x = self.conv(minibatch_std(x, self.group))
        result: Tensor = self.out(self.fc(x.flatten(1)))
        return result


class Discriminator(nn.Module):
    """Images (n, img_channels, res, res) and labels (n, c_dim) to logits (n, 1).

    Conditional models project the features on the label's embedding (Miyato and Koyama 2018).

    Args:
        config: its shape; `architecture` is the discriminator's own, usually "resnet".
        group: images compared with each other at its end, or the whole batch if that is less.

    Raises:
        UsageError: a resolution of 4, which leaves no block above the end.
    """

    def __init__(self, config: Config, group: int = 4) -> None:
        super().__init__()
        if config.img_resolution < 8:
            raise genart.UsageError("A discriminator needs images of at least 8 px.")
        self.config = config
        self.cmap_dim = config.channels(4) if config.c_dim else 0
        for resolution in config.resolutions[:0:-1]:
            setattr(self, f"b{resolution}", DiscriminatorBlock(config, resolution))
        if config.c_dim:
            self.mapping = Mapping(0, config.c_dim, self.cmap_dim, track_average=False)
        self.b4 = Epilogue(config, self.cmap_dim, group)

    def forward(self, image: Tensor, label: Tensor | None = None, half: bool = False) -> Tensor:
        """(n, 1), positive for what looks real."""
        x = None
        for resolution in self.config.resolutions[:0:-1]:
            is_half = half and self.config.is_half(resolution)
            block = getattr(self, f"b{resolution}")
            x, image = block(x, image, torch.float16 if is_half else torch.float32)
        assert x is not None
        logits: Tensor = self.b4(x, image)
        if not self.cmap_dim:
            return logits
        judge = self.mapping(None, label)
        projected: Tensor = (logits * judge).sum(1, keepdim=True) / math.sqrt(self.cmap_dim)
        return projected
