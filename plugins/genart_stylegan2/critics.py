"""Discriminators for the training of a generator, and the losses of both sides.

Two discriminators with one interface, `critic(images, label) -> list of logits`:

- "stylegan2": the discriminator of StyleGAN2, trained with the logistic loss.
- "projected": small discriminators over frozen ImageNet features and one of pixels
  (`projected_critic.py`), trained with the hinge loss. It reaches recognisable images in tens of
  thousands of images, which a CPU can afford.
"""

from __future__ import annotations

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor, nn

from .config import Config
from .discriminator import Discriminator


class Stylegan2Critic(nn.Module):
    """StyleGAN2's discriminator, always the residual one."""

    range_weight = 0.0  # it sees values of any size
    r1_weights = (1.0,)

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


def real_loss(logits: list[Tensor], hinge: bool) -> Tensor:
    """Loss of the discriminator for real images."""
    return sum(((1 - x).relu() if hinge else F.softplus(-x)).mean() for x in logits)  # type: ignore[return-value]


def fake_loss(logits: list[Tensor], hinge: bool) -> Tensor:
    """Loss of the discriminator for generated images."""
    return sum(((1 + x).relu() if hinge else F.softplus(x)).mean() for x in logits)  # type: ignore[return-value]


def generator_loss(logits: list[Tensor], hinge: bool) -> Tensor:
    """Loss of the generator: non-saturating logistic loss, or minus the logit for the hinge."""
    return sum((-x if hinge else F.softplus(-x)).mean() for x in logits)  # type: ignore[return-value]
