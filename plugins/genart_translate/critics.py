"""Discriminators of patches, or of single pixels."""

from __future__ import annotations

from torch import Tensor, nn

from .layers import make_norm

_SLOPE = 0.2
_MOST = 8  # times the filters, the widest layer


class PatchCritic(nn.Module):
    """PatchGAN: each logit rates one patch (Isola et al. 2017, section 6.1.2).

    `layers` convolutions 4x4 at stride 2, then two at stride 1, so that 3 give patches of 70x70
    pixels: 16, 34, 70, 142, 286 for 1 to 5. The first has no norm.

    Args:
        channels: of the images; 6 if the input is an image with its source.
        filters: of the first layer; they double up to 8 times.
        layers: how many halve the size, 1 or more.
        norm: "instance", "batch" or "none".
    """

    def __init__(self, channels: int, filters: int, layers: int, norm: str) -> None:
        super().__init__()
        bias = norm != "batch"
        parts: list[nn.Module] = [nn.Conv2d(channels, filters, 4, 2, 1), nn.LeakyReLU(_SLOPE)]
        width = filters
        for n in range(1, layers + 1):
            wider = filters * min(2**n, _MOST)
            parts += [
                nn.Conv2d(width, wider, 4, 2 if n < layers else 1, 1, bias=bias),
                make_norm(norm, wider),
                nn.LeakyReLU(_SLOPE),
            ]
            width = wider
        self.net = nn.Sequential(*parts, nn.Conv2d(width, 1, 4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to logits (n, 1, h', w')."""
        made: Tensor = self.net(x)
        return made


class PixelCritic(nn.Module):
    """Rates single pixels: 1x1 convolutions (Isola et al. 2017, "PixelGAN")."""

    def __init__(self, channels: int, filters: int, norm: str) -> None:
        super().__init__()
        bias = norm != "batch"
        self.net = nn.Sequential(
            nn.Conv2d(channels, filters, 1),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(filters, 2 * filters, 1, bias=bias),
            make_norm(norm, 2 * filters),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(2 * filters, 1, 1, bias=bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to logits (n, 1, h, w)."""
        made: Tensor = self.net(x)
        return made


def make_critic(channels: int, filters: int, layers: int, norm: str) -> nn.Module:
    """A discriminator of patches, or of pixels if `layers` is 0."""
    if layers == 0:
        return PixelCritic(channels, filters, norm)
    return PatchCritic(channels, filters, layers, norm)
