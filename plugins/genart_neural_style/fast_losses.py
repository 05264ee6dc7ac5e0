"""The losses of a fast style: features of an image compared with those of content and style.

The perceptual losses of Johnson, Alahi and Fei-Fei 2016, made relative: each is divided by the
size of what it is compared with, so that weights mean the same for every feature network and
every style. Gram matrices are means over positions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

import genart

#: relu1_2, relu2_2, relu3_3 and relu4_3, as in the paper; content is compared in the third.
_VGG = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
#: Blocks of EfficientNet-Lite0 at strides 2, 4, 8 and 16.
_LITE0 = (0, 2, 4, 10)
_CONTENT = 2  # which of the four
_ALL = 4

Maps = Callable[[Tensor, int], Sequence[Tensor]]


def feature_maps(network: str, device: str) -> tuple[Maps, str]:
    """What gives the first feature maps, four at most, of images (n, 3, h, w) in -1..1; its name.

    Args:
        network: "lite0" (EfficientNet-Lite0, always there), "vgg16" (torchvision's weights,
            downloaded once), a file of VGG16's weights, or "auto": VGG16 if torchvision's weights
            are on this machine already, or else Lite0.
        device: where to run.

    Raises:
        UsageError: no such network.
        CheckpointError: weights that cannot be had.
    """
    if network == "auto":
        network = "vgg16" if genart.perception.vgg16_file() else "lite0"
    if network == "lite0":
        lite0 = genart.perception.features(device)
        return lambda image, count: lite0(image, _LITE0[:count]), "EfficientNet-Lite0"
    if network != "vgg16" and not Path(network).is_file():
        raise genart.UsageError(
            f'Features are auto, lite0, vgg16 or a file of weights, not "{network}".'
        )
    vgg = genart.perception.vgg16("" if network == "vgg16" else network, device)
    return lambda image, count: list(vgg(image, _VGG[:count]).values()), "VGG16"


def gram(features: Tensor) -> Tensor:
    """Gram matrices (n, c, c) of features (n, c, h, w), means over positions."""
    flat = features.flatten(2)
    return flat @ flat.mT / flat.shape[2]


class StyleLosses:
    """Content and style losses of repainted images.

    Args:
        maps: gives the first feature maps, four at most, of images.
        styles: images (1, 3, h, w) in -1..1.
    """

    def __init__(self, maps: Maps, styles: Sequence[Tensor]) -> None:
        self.maps = maps
        with torch.no_grad():
            features = [maps(picture, _ALL) for picture in styles]
        layers = zip(*features, strict=True)
        self._grams = [torch.cat([gram(x) for x in layer]) for layer in layers]  # (styles, c, c)
        self._strength = torch.stack([x[_CONTENT].square().mean() for x in features]).mean()

    def __call__(self, painted: Tensor, content: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """The content and the style loss, about 1 where nothing is alike.

        The content loss is the mean squared difference of features, as a share of the styles' own
        mean square. The style loss is the distance of Gram matrices from the style's, as a share of
        its length (Frobenius), the mean over layers: not squared, so that an image of strong
        texture does not outweigh all others.

        Args:
            painted: (n, 3, h, w) in -1..1; gradients flow.
            content: the images they were made of.
            style: which style each was painted in, int (n,).
        """
        made = self.maps(painted, _ALL)
        with torch.no_grad():
            kept = self.maps(content, _CONTENT + 1)[_CONTENT]
        like = (made[_CONTENT] - kept).square().mean() / self._strength
        far = [
            ((gram(x) - wanted[style]).norm(dim=(1, 2)) / wanted[style].norm(dim=(1, 2))).mean()
            for x, wanted in zip(made, self._grams, strict=True)
        ]
        return like, torch.stack(far).mean()


def variation(image: Tensor) -> Tensor:
    """How much neighbouring pixels differ: the mean squared step, across and down."""
    across = (image[..., 1:] - image[..., :-1]).square().mean()
    down = (image[..., 1:, :] - image[..., :-1, :]).square().mean()
    return across + down


def outside(image: Tensor) -> Tensor:
    """The squared distance of values outside -1..1; clamping would lose their gradient."""
    return (image.abs() - 1).relu().square().mean()
