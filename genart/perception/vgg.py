"""VGG16's features (Simonyan and Zisserman 2015), from weights that lie somewhere.

The convolutions are found by torchvision's names, `features.0.weight` ... in a .pth, .safetensors
or .npz file. Values in -1..1 are converted to the range of the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genart.checkpoints.weights import read_weights
from genart.errors import CheckpointError, UsageError
from genart.perception.winograd import FrozenConv2d

#: Channels of the thirteen convolutions, in five groups with a pooling after each.
_GROUPS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
#: The last activation of each group, as "relu<group>_<convolution>".
LAST = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
_FILE = "vgg16-397923af.pth"  # torchvision's IMAGENET1K_V1
_CAFFE = ("caffe", "vgg16-00b39a1b")  # in names of files; the digits: as neural-style-pt loads it


class Vgg16(nn.Module):
    """The frozen convolutions of VGG16.

    Args:
        state: torchvision's names to weights.
        caffe: whether the weights take BGR 0..255 minus the mean colour, as Caffe's do, instead
            of normalised RGB.

    Raises:
        CheckpointError: a convolution is missing or has another shape.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, state: dict[str, Tensor], *, caffe: bool = False) -> None:
        super().__init__()
        self.caffe, self.convolutions = caffe, nn.ModuleList()
        at, channels = 0, 3
        for group in _GROUPS:
            for wide in group:
                self.convolutions.append(_convolution(state, at, channels, wide))
                at, channels = at + 2, wide
            at += 1
        mean = (103.939, 116.779, 123.68) if caffe else (0.485, 0.456, 0.406)
        scale = (1.0, 1.0, 1.0) if caffe else (0.229, 0.224, 0.225)
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("scale", torch.tensor(scale)[:, None, None])
        self.requires_grad_(False)

    def forward(self, image: Tensor, layers: Sequence[str] = LAST) -> dict[str, Tensor]:
        """Features by name of images (n, 3, h, w) in -1..1, after the ReLU of each layer.

        Raises:
            UsageError: an unknown layer, or an image too small for it.
        """
        if unknown := [name for name in layers if name not in NAMES]:
            raise UsageError(f"VGG16 has no {', '.join(unknown)}; it has {', '.join(NAMES)}.")
        wanted, found, index = set(layers), dict[str, Tensor](), 0
        x = self._prepared(image)
        for g, group in enumerate(_GROUPS, 1):
            for c in range(1, len(group) + 1):
                x = F.relu(self.convolutions[index](x))
                index += 1
                if f"relu{g}_{c}" in wanted:
                    found[f"relu{g}_{c}"] = x
                if len(found) == len(wanted):
                    return found
            if min(x.shape[-2:]) < 2:
                raise UsageError(f"An image of {tuple(image.shape[-2:])} is too small for VGG16.")
            x = F.max_pool2d(x, 2)
        return found

    def _prepared(self, image: Tensor) -> Tensor:
        x = (image[:, :3].float() + 1) / 2
        x = x.flip(1) * 255 if self.caffe else x
        return (x - self.mean) / self.scale


#: Every layer, in order.
NAMES = tuple(
    f"relu{g}_{c}" for g, group in enumerate(_GROUPS, 1) for c in range(1, len(group) + 1)
)


def _convolution(state: dict[str, Tensor], at: int, narrow: int, wide: int) -> nn.Conv2d:
    made = FrozenConv2d(narrow, wide, 3, padding=1)
    for name, parameter in made.named_parameters():
        key = f"features.{at}.{name}"
        given = state.get(key)
        if given is None or given.shape != parameter.shape:
            what = "is missing" if given is None else f"has shape {tuple(given.shape)}"
            raise CheckpointError(
                f"Not VGG16: {key} {what}; {tuple(parameter.shape)} is required. Use torchvision's "
                f"{_FILE}, or a file with its names."
            )
        parameter.data = given.float()
    return made


def vgg16_file() -> Path | None:
    """Torchvision's weights where torch keeps downloads, or None if they are not there."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / _FILE
    return path if path.is_file() else None


@lru_cache(maxsize=2)
def vgg16(weights: str = "", device: str = "cpu") -> Vgg16:
    """VGG16's features on a device, loaded once.

    Args:
        weights: a .pth, .safetensors or .npz file; "" takes torchvision's own, which are
            downloaded if they are not on this machine (528 MB, BSD-3-Clause).
        device: where to run.

    Raises:
        CheckpointError: a file that is not VGG16, or no download.
    """
    state, caffe = _state(Path(weights)) if weights else (_torchvision(), False)
    return Vgg16(state, caffe=caffe).eval().to(device)


def _torchvision() -> dict[str, Tensor]:
    from torchvision.models import VGG16_Weights

    try:
        state: dict[str, Tensor] = VGG16_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, check_hash=True
        )
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"VGG16's weights could not be downloaded ({error}); put {_FILE} into "
            f"{Path(torch.hub.get_dir()) / 'checkpoints'}, name a file, or use the features lite0."
        ) from error
    return state


def _state(path: Path) -> tuple[dict[str, Tensor], bool]:
    """A file's tensors by name, and whether they are Caffe's, by the file name."""
    return read_weights(path), any(mark in path.name for mark in _CAFFE)
