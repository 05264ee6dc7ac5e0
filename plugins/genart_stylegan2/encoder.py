"""An encoder: the generator learns from reconstructions before the discriminator starts.

With `recon` on, the generator is also the decoder of a variational autoencoder (Kingma and Welling
2014) whose reconstructions are compared in frozen ImageNet features, as in the VAE/GAN of Larsen
et al. 2016. That gives colour and composition within a few thousand images and keeps the
adversarial training from drifting; the discriminator then adds sharp detail.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import FullyConnected
from .projected_critic import SPREAD

_DEEP = (112, 320)  # channels of the two deepest feature maps
_GRID = 4


class Encoder(nn.Module):
    """Feature maps of images to a normal distribution over z.

    Args:
        z_dim: size of z.
        width: of the hidden layers.
    """

    def __init__(self, z_dim: int, width: int = 512) -> None:
        super().__init__()
        self.fc0 = FullyConnected(sum(_DEEP) * _GRID * _GRID, width, leaky=True)
        self.fc1 = FullyConnected(width, width, leaky=True)
        self.out = FullyConnected(width, 2 * z_dim)

    def forward(self, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Four feature maps to mean and log variance, (n, z_dim) each."""
        deep = [
            F.adaptive_avg_pool2d(x / spread, _GRID).flatten(1)
            for x, spread in zip(maps[2:], SPREAD[2:], strict=True)
        ]
        mean, log_variance = self.out(self.fc1(self.fc0(torch.cat(deep, 1)))).chunk(2, 1)
        return mean, log_variance.clamp(-10, 4)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Mean KL divergence of the normals from the unit normal, in nats an image."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2


def likeness(images: Tensor, maps: list[Tensor], reals: Tensor, real_maps: list[Tensor]) -> Tensor:
    """Mean absolute differences of features and of pixels, fine and coarse."""
    loss = 2 * F.l1_loss(images, reals)
    loss = loss + 2 * F.l1_loss(F.avg_pool2d(images, 8), F.avg_pool2d(reals, 8))
    for x, y, spread in zip(maps, real_maps, SPREAD, strict=True):
        loss = loss + F.l1_loss(x, y) / spread
    return loss
