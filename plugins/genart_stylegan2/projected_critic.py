"""Discriminators over frozen ImageNet features and over pixels.

Sauer et al. 2021, "Projected GANs Converge Faster": features of a frozen network, mixed at random
across channels and scales, go to four discriminators. Two additions act on
the finest detail: features are taken of random views, up to twice enlarged, and a small patch
discriminator gets the pixels, their fine band and their fourth differences. A model trained
without them had a peak at .41 cycles a pixel, 20 times the median of its ring. That the strides of
the frozen network hide such a pattern by aliasing is likely and was not shown.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

import genart

from .layers import fir, low_pass

_CHANNELS = (24, 40, 112, 320)  # of the four feature maps
SPREAD = (8.0, 7.0, 6.5, 3.0)  # their standard deviation over photographs and paintings
_MIXED = (32, 64, 128, 256)  # after mixing
_WHOLE = 0.4  # share of views that are the whole image
_CROP = 64  # side of the crops that the discriminator of pixels sees
_FINE_GAIN = 8.0  # 1 / the band's standard deviation over paintings is about 18 ...
_FOURTH_GAIN = 40.0  # ... and of fourth differences 43


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


class _FeatureDiscriminator(nn.Module):
    """A small discriminator of one scale: halve down to 4x4, then logits.

    With classes the logits also hold the inner product of the features and the class's embedding
    (Miyato and Koyama 2018, "cGANs with Projection Discriminator").
    """

    def __init__(self, channels: int, halvings: int, classes: int) -> None:
        super().__init__()
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
        self.trunk = nn.Sequential(*layers)
        self.out = spectral_norm(nn.Conv2d(width, 1, 3, padding=1))
        self.embed = spectral_norm(nn.Linear(classes, width, bias=False)) if classes else None

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, h, w) and one-hot labels to logits (n, 1, h', w')."""
        x = self.trunk(x)
        logits: Tensor = self.out(x)
        if self.embed is None or label is None:
            return logits
        likeness = torch.einsum("nchw,nc->nhw", x, self.embed(label))[:, None]
        return logits + likeness * x.shape[1] ** -0.25


class PixelDiscriminator(nn.Module):
    """A patch discriminator at full resolution, with low-pass filters before each reduction.

    The power of paintings falls by four orders of magnitude from the coarsest to the finest detail,
    so a network of pixels learns the finest last (compare Schwarz et al. 2021, "On the Frequency
    Bias of Generative Models"). Three high-pass bands, each amplified to about the variance of the
    image, stand beside the image: what a binomial filter takes away, and the fourth differences
    down the columns and along the rows, which see stripes of two or three pixels.
    """

    low: Tensor
    fourth: Tensor

    def __init__(self, widths: tuple[int, int, int] = (24, 48, 96)) -> None:
        super().__init__()
        first, second, third = widths
        self.register_buffer("low", low_pass((1, 4, 6, 4, 1)))
        self.register_buffer("fourth", torch.tensor([1.0, -4.0, 6.0, -4.0, 1.0]) / 16)
        self.layers = nn.Sequential(
            nn.Conv2d(12, first, 3, padding=1),
            nn.LeakyReLU(0.2),
            _Halving(first, second),
            nn.LeakyReLU(0.2),
            _Halving(second, third),
            nn.LeakyReLU(0.2),
            nn.Conv2d(third, third, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(third, 1, 3, padding=1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images (n, 3, h, w) in -1..1 to logits (n, 1, h / 4, w / 4)."""
        logits: Tensor = self.layers(torch.cat([images, *self._bands(images)], 1))
        return logits

    def _bands(self, images: Tensor) -> list[Tensor]:
        """Three high-pass bands, (n, 3, h, w) each."""
        padded = F.pad(images, (2, 2, 2, 2), mode="reflect")
        kernel = self.fourth.expand(3, 1, 1, 5)
        columns = F.conv2d(padded[..., 2:-2], kernel.transpose(2, 3), groups=3)
        rows = F.conv2d(padded[:, :, 2:-2], kernel, groups=3)
        fine = images - fir(padded, self.low, (0, 0))
        return [fine * _FINE_GAIN, columns * _FOURTH_GAIN, rows * _FOURTH_GAIN]


class _Halving(nn.Module):
    """A low-pass filter, then a convolution of stride 2."""

    low: Tensor

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.register_buffer("low", low_pass((1, 3, 3, 1)))
        self.conv = nn.Conv2d(channels_in, channels_out, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels_in, h, w) to (n, channels_out, h / 2, w / 2)."""
        return self.conv(fir(x, self.low, (2, 2)))  # type: ignore[no-any-return]


class ProjectedCritic(nn.Module):
    """Four small discriminators over mixed, frozen features of views, and one over pixels.

    Args:
        resolution: views are resized to this side before the features are taken; a multiple of
            32 and at least 64.
        seed: of the random mixing.
        classes: number of classes, 0 without.
    """

    range_weight = 10.0  # of losses.out_of_range
    r1_weights = (1.0, 1.0, 1.0, 1.0, 0.1)  # pixels' high-pass bands amplify gradients

    def __init__(self, resolution: int = 128, seed: int = 0, classes: int = 0) -> None:
        super().__init__()
        self.resolution = resolution
        self.mixer = _Mixer(seed)
        sides = [resolution // stride for stride in (4, 8, 16, 32)]
        self.judges = nn.ModuleList(
            _FeatureDiscriminator(width, max((side // 4).bit_length() - 1, 0), classes)
            for width, side in zip(_MIXED, sides, strict=True)
        )
        self.pixel_judge = PixelDiscriminator()

    def forward(self, images: Tensor, label: Tensor | None = None) -> list[Tensor]:
        """Five maps of logits, (n, 1, h, w)."""
        return self.judge(self.project(images), label)

    def project(self, images: Tensor, view: Tensor | None = None) -> list[Tensor]:
        """The mixed features of views, and crops of the images' pixels; nothing here learns.

        Args:
            images: (n, 3, h, w).
            view: of `random_views`; new ones by default.
        """
        view = random_views(len(images), images.device) if view is None else view
        return self.mixed(self.features(images, view), images)

    def mixed(self, maps: list[Tensor], images: Tensor) -> list[Tensor]:
        """Feature maps mixed, and crops of the images they are of."""
        mixed: list[Tensor] = self.mixer(maps)
        return [*mixed, _random_crops(images)]

    def features(self, images: Tensor, view: Tensor | None = None) -> list[Tensor]:
        """The four feature maps of images, or of views of them, at `resolution`."""
        size = (self.resolution, self.resolution)
        if view is not None:
            images = _viewed(images, view, size)
        elif images.shape[-1] != self.resolution:
            images = F.interpolate(
                images, size, mode="bilinear", align_corners=False, antialias=True
            )
        maps: list[Tensor] = genart.perception.features(str(images.device))(images[:, :3])
        return maps

    def judge(self, maps: list[Tensor], label: Tensor | None = None) -> list[Tensor]:
        """The logits of what `project` gave."""
        logits = [judge(x, label) for judge, x in zip(self.judges, maps, strict=False)]
        return [*logits, self.pixel_judge(maps[-1])]


def random_views(n: int, device: torch.device | str) -> Tensor:
    """Random squares inside an image, (n, 3): centre x and y in -1..1 and side in 0.5..1.

    Two in five are the whole image, so that a generator learns whole images and no crops (Karras
    et al. 2020b, section 2.2).
    """
    drawn = torch.rand(4, n, device=device)
    side = torch.where(drawn[3] < _WHOLE, 1.0, 0.5 + 0.5 * drawn[2])
    centre = (2 * drawn[:2] - 1) * (1 - side)
    return torch.stack([centre[0], centre[1], side], 1)


def _viewed(images: Tensor, view: Tensor, size: tuple[int, int]) -> Tensor:
    """Cut squares out and resize them; enlarged detail is not aliased by the features' strides."""
    x, y, side = view.T
    zero = torch.zeros_like(side)
    theta = torch.stack([side, zero, x, zero, side, y], 1).view(-1, 2, 3).to(images.dtype)
    reduction = images.shape[-1] // size[0]
    if reduction > 1:
        images = F.avg_pool2d(images, reduction)
    grid = F.affine_grid(theta, [len(images), 3, *size], align_corners=False)
    cut = F.grid_sample(images[:, :3], grid, "bicubic", "reflection", align_corners=False)
    return cut.contiguous(memory_format=torch.channels_last)


def _random_crops(images: Tensor) -> Tensor:
    """Squares of up to 64 px, cut at one random position out of all images."""
    side = min(images.shape[-1], _CROP)
    y, x = (int(torch.randint(images.shape[-1] - side + 1, [])) for _ in range(2))
    return images[:, :3, y : y + side, x : x + side]
