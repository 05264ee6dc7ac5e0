"""The losses of a fast style: features of an image compared with those of content and style.

The perceptual losses of Johnson, Alahi and Fei-Fei 2016, made relative: each is divided by the
size of what it is compared with, so that weights mean the same for every feature network and
every style. Gram matrices are means over positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

import genart

#: relu1_2, relu2_2, relu3_3 and relu4_3, as in the paper; content is compared in the third.
_VGG = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
#: Blocks of EfficientNet-Lite0 at strides 2, 4, 8 and 16.
_LITE0 = (0, 2, 4, 10)
_CONTENT = 2  # which of the four


def loss_network(name: str, device: str) -> genart.perception.FeatureMaps:
    """Choose the network of the perceptual loss; see `genart.perception.feature_maps`."""
    return genart.perception.feature_maps(name, device, _VGG, _LITE0)


def gram(features: Tensor) -> Tensor:
    """Gram matrices (n, c, c) of features (n, c, h, w), means over positions."""
    flat = features.flatten(2)
    return flat @ flat.mT / flat.shape[2]


class StyleLosses:
    """Content and style losses of repainted images.

    Args:
        maps: the network of the perceptual loss.
        styles: images (1, 3, h, w) in -1..1.
    """

    def __init__(self, maps: genart.perception.FeatureMaps, styles: Sequence[Tensor]) -> None:
        self.maps = maps
        with torch.no_grad():
            features = [maps(picture) for picture in styles]
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
        made = self.maps(painted)
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


def out_of_range(image: Tensor) -> Tensor:
    """The squared distance of values outside -1..1; clamping would lose their gradient."""
    return (image.abs() - 1).relu().square().mean()
