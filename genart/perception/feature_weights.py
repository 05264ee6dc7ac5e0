"""Weights of feature networks: which network to use, where its weights are, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from genart.checkpoints.weights import read_weights
from genart.errors import CheckpointError, UsageError

#: The networks by name, and what reports call them.
TITLES = {
    "vgg19": "VGG-19",
    "vgg16": "VGG-16",
    "squeezenet": "SqueezeNet 1.1",
    "lite0": "EfficientNet-Lite0",
}
#: Torchvision's weights, trained on ImageNet, BSD-3-Clause; names end in digits of their SHA-256.
DOWNLOADS = {
    "vgg19": "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth",
    "squeezenet": "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
}
#: Parts of the names of files with Caffe's weights; the digits are of those neural-style-pt loads.
_CAFFE = ("caffe", "vgg19-d01eb7cb", "vgg16-00b39a1b")
#: A tensor of each network, with its shape. VGG-19 comes first: it has all names of VGG-16.
_MARKS = {
    "vgg19": ("features.34.weight", (512, 512, 3, 3)),
    "vgg16": ("features.28.weight", (512, 512, 3, 3)),
    "squeezenet": ("features.12.squeeze.weight", (64, 512, 1, 1)),
}


@dataclass(frozen=True)
class FeatureWeights:
    """The weights of one feature network.

    Args:
        kind: "vgg19", "vgg16", "squeezenet" or "lite0".
        state: tensors by torchvision's names, `features.0.weight` ...; empty for "lite0", whose
            weights are included.
        caffe: whether the network takes BGR 0..255 minus a mean, as Caffe's do, not RGB.
    """

    kind: str
    state: dict[str, Tensor]
    caffe: bool = False


def choose_network(
    name: str = "auto",
    among: Sequence[str] = tuple(TITLES),
    preferred: Sequence[str] = ("vgg19", "vgg16"),
) -> tuple[str, str]:
    """Return the kind of a feature network and its file of weights, "" for the usual ones.

    Args:
        name: one of `among`, a file of weights, or "auto": the first of `preferred` whose weights
            are on this machine, or else "lite0".
        among: the networks that are allowed.
        preferred: what "auto" looks for, best first.

    Returns:
        The kind, "auto" for that of the file, and the file.

    Raises:
        UsageError: no such network.
    """
    if name == "auto":
        name = next((kind for kind in preferred if _downloaded(kind).is_file()), "lite0")
    if name in among:
        return name, ""
    if name not in TITLES and (Path(name).suffix or Path(name).is_file()):
        return "auto", name
    raise UsageError(f'Features are auto, {", ".join(among)} or a file of weights, not "{name}".')


def read_network_weights(kind: str, file: str | Path = "") -> FeatureWeights:
    """Read the weights of a feature network.

    Args:
        kind: "vgg19", "vgg16", "squeezenet", "lite0", or "auto" for the network in `file`.
        file: a .pth, .safetensors or .npz file of weights with torchvision's names; "" takes
            torchvision's own, downloaded if they are not on this machine.

    Raises:
        CheckpointError: weights that are missing, damaged or of another network.
    """
    if kind == "lite0":
        return FeatureWeights(kind, {})
    path = Path(file).expanduser() if file else _download(kind)
    state = read_weights(path)
    found = _recognised(state, path)
    if kind not in ("auto", found):
        raise CheckpointError(f'"{path}" contains {TITLES[found]}, not {TITLES[kind]}.')
    return FeatureWeights(found, state, any(mark in path.name for mark in _CAFFE))


def _downloaded(kind: str) -> Path:
    """Where torch stores torchvision's weights of a network."""
    return Path(torch.hub.get_dir()) / "checkpoints" / DOWNLOADS[kind].rpartition("/")[2]


def _download(kind: str) -> Path:
    """Return torchvision's weights, downloaded if they are not on this machine."""
    path, url = _downloaded(kind), DOWNLOADS[kind]
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    digits = path.stem.rpartition("-")[2]
    try:
        torch.hub.download_url_to_file(url, str(path), hash_prefix=digits, progress=False)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"The weights of {TITLES[kind]} could not be downloaded from {url} ({error}). Put the "
            f"file into {path.parent}, give another file of weights, or use the features lite0, "
            "which are included."
        ) from error
    return path


def _recognised(state: dict[str, Tensor], path: Path) -> str:
    for kind, (name, shape) in _MARKS.items():
        if name in state and tuple(state[name].shape) == shape:
            return kind
    titles = ", ".join(TITLES[kind] for kind in _MARKS)
    raise CheckpointError(
        f'"{path}" contains none of {titles} with torchvision\'s names ("features.0.weight" ...); '
        f"it has {', '.join(list(state)[:4])} ..."
    )
