"""The features that images are compared by: the choice between VGG-16 and EfficientNet-Lite0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from genart.perception.efficientnet import TAPS, features
from genart.perception.feature_networks import feature_network
from genart.perception.feature_weights import TITLES, choose_network

#: The last activation of each group of VGG-16.
VGG_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


@dataclass(frozen=True)
class FeatureMaps:
    """Features of images at several depths.

    Args:
        title: the name of the network for reports.
        depths: how many maps there are.
        run: computes the first so many maps of images.
    """

    title: str
    depths: int
    run: Callable[[Tensor, int], Sequence[Tensor]]

    def __call__(self, image: Tensor, count: int | None = None) -> Sequence[Tensor]:
        """Return the first `count` maps (n, c, h', w'), or all, of images (n, 3, h, w) in -1..1."""
        return self.run(image, self.depths if count is None else count)


def feature_maps(
    name: str = "auto",
    device: str = "cpu",
    vgg: Sequence[str] = VGG_LAYERS,
    lite0: Sequence[int] = tuple(TAPS),
) -> FeatureMaps:
    """Choose the network that images are compared by.

    Args:
        name: "lite0" (EfficientNet-Lite0, included), "vgg16" (torchvision's weights, downloaded
            once), a file of VGG-16's weights, or "auto": VGG-16 if torchvision's weights are on
            this machine already, or else Lite0.
        device: where to run.
        vgg: the layers of VGG-16.
        lite0: the blocks of Lite0, as many.

    Raises:
        UsageError: no such network.
        CheckpointError: weights that are missing, damaged or of another network.
    """
    kind, file = choose_network(name, ("lite0", "vgg16"), ("vgg16",))
    if kind == "lite0":
        network = features(device)
        return FeatureMaps(TITLES[kind], len(lite0), lambda x, n: network(x, lite0[:n]))
    vgg16 = feature_network("vgg16", file, device)
    return FeatureMaps(
        vgg16.title, len(vgg), lambda x, n: list(vgg16(x[:, :3].float(), vgg[:n]).values())
    )
