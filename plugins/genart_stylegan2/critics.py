"""Discriminators for the training of a generator.

Two discriminators with one interface, `critic(images, label) -> list of logits`:

- "stylegan2": the discriminator of StyleGAN2, trained with the logistic loss.
- "projected": small discriminators over frozen ImageNet features, mixed at random across channels
  and scales (Sauer et al. 2021, "Projected GANs Converge Faster"), trained with the hinge loss. It
  reaches recognisable images in tens of thousands of images, which a CPU can afford.
"""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

import genart

from .config import Config
from .discriminator import Discriminator

_CHANNELS = (24, 40, 112, 320)  # of the four feature maps
SPREAD = (8.0, 7.0, 6.5, 3.0)  # their standard deviation over photographs and paintings
_MIXED = (32, 64, 128, 256)  # after mixing


class Stylegan2Critic(nn.Module):
    """StyleGAN2's discriminator, always the residual one."""

    range_weight = 0.0  # it sees values of any size

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.net = Discriminator(replace(config, architecture="resnet"))

    def forward(self, images: Tensor, label: Tensor | None = None) -> list[Tensor]:
        """One map of logits, (n, 1)."""
        return self.judge(self.project(images), label)

    def project(self, images: Tensor) -> list[Tensor]:
        """The images themselves."""
        return [images]

    def judge(self, maps: list[Tensor], label: Tensor | None = None) -> list[Tensor]:
        """The logits of what `project` gave."""
        return [self.net(maps[0], label)]


class _Mixer(nn.Module):
    """Fixed random mixing of four feature maps, first across channels, then across scales."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self._channel = [
            self._fixed(f"c{i}", m, c, 1, generator)
            for i, (c, m) in enumerate(zip(_CHANNELS, _MIXED, strict=True))
        ]
        self._scale = [
            self._fixed(f"s{i}", _MIXED[i], _MIXED[i + 1], 3, generator) for i in range(3)
        ]

    def _fixed(self, name: str, out: int, into: int, size: int, rng: torch.Generator) -> str:
        weight = torch.randn(out, into, size, size, generator=rng) / (into * size * size) ** 0.5
        self.register_buffer(name, weight)
        return name

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Four maps at strides 4 to 32 to four maps with what lies below mixed in."""
        mixed = [
            F.conv2d(x / spread, getattr(self, name))
            for x, spread, name in zip(maps, SPREAD, self._channel, strict=True)
        ]
        result = [mixed[3]]
        below = mixed[3]
        for i in (2, 1, 0):
            carried = F.conv2d(below, getattr(self, self._scale[i]), padding=1)
            carried = F.interpolate(
                carried, mixed[i].shape[2:], mode="bilinear", align_corners=False
            )
            below = mixed[i] + carried
            result.insert(0, below)
        return result


def _judge(channels: int, halvings: int) -> nn.Sequential:
    """A small discriminator of one scale: halve down to 4x4, then logits."""
    layers: list[nn.Module] = []
    width = channels
    for _ in range(halvings):
        wider = min(width * 2, 256)
        layers += [
            spectral_norm(nn.Conv2d(width, wider, 4, 2, 1)),
            nn.GroupNorm(min(wider // 8, 32), wider),
            nn.LeakyReLU(0.2),
        ]
        width = wider
    layers += [spectral_norm(nn.Conv2d(width, width, 3, padding=1)), nn.LeakyReLU(0.2)]
    layers += [spectral_norm(nn.Conv2d(width, 1, 3, padding=1))]
    return nn.Sequential(*layers)


class ProjectedCritic(nn.Module):
    """Four small discriminators over mixed, frozen features of resized images.

    Args:
        resolution: images are resized to this side before the features are taken; a multiple of
            32 and at least 64.
        seed: of the random mixing.
    """

    range_weight = 10.0  # of losses.out_of_range

    def __init__(self, resolution: int = 128, seed: int = 0) -> None:
        super().__init__()
        self.resolution = resolution
        self.mixer = _Mixer(seed)
        sides = [resolution // stride for stride in (4, 8, 16, 32)]
        self.judges = nn.ModuleList(
            _judge(width, max((side // 4).bit_length() - 1, 0))
            for width, side in zip(_MIXED, sides, strict=True)
        )

    def forward(self, images: Tensor, label: Tensor | None = None) -> list[Tensor]:
        """Four maps of logits, (n, 1, h, w); the label is not used."""
        return self.judge(self.project(images), label)

    def project(self, images: Tensor) -> list[Tensor]:
        """The mixed features; nothing here learns."""
        maps: list[Tensor] = self.mixer(self.features(images))
        return maps

    def features(self, images: Tensor) -> list[Tensor]:
        """The four feature maps of images at `resolution`."""
        if images.shape[-1] != self.resolution:
            size = (self.resolution, self.resolution)
            images = F.interpolate(
                images, size, mode="bilinear", align_corners=False, antialias=True
            )
        maps: list[Tensor] = genart.perception.features(str(images.device))(images[:, :3])
        return maps

    def judge(self, maps: list[Tensor], label: Tensor | None = None) -> list[Tensor]:
        """The logits of mixed features."""
        return [judge(x) for judge, x in zip(self.judges, maps, strict=True)]


def real_loss(logits: list[Tensor], hinge: bool) -> Tensor:
    """Loss of the discriminator for real images."""
    return sum(((1 - x).relu() if hinge else F.softplus(-x)).mean() for x in logits)  # type: ignore[return-value]


def fake_loss(logits: list[Tensor], hinge: bool) -> Tensor:
    """Loss of the discriminator for generated images."""
    return sum(((1 + x).relu() if hinge else F.softplus(x)).mean() for x in logits)  # type: ignore[return-value]


def generator_loss(logits: list[Tensor], hinge: bool) -> Tensor:
    """Loss of the generator: non-saturating logistic loss, or minus the logit for the hinge."""
    return sum((-x if hinge else F.softplus(-x)).mean() for x in logits)  # type: ignore[return-value]
