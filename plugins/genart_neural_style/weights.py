"""Where a network's weights come from: a file, a URL, torchvision's downloads, or the package."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

import genart

from .layers import TITLES

#: Torchvision's weights, trained on ImageNet, BSD-3-Clause; the digits are of their sha256.
DOWNLOADS = {
    "vgg19": "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth#sha256=dcbb9e9d",
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth#sha256=397923af",
    "squeezenet": "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth#sha256=b8a52dc0",
}
#: In the names of files of Caffe's weights; the digits are of those that neural-style-pt loads.
_CAFFE = ("caffe", "vgg19-d01eb7cb", "vgg16-00b39a1b")
#: A tensor that only one of the networks has, with its shape.
_MARKS = {
    "vgg19": ("features.34.weight", (512, 512, 3, 3)),
    "vgg16": ("features.28.weight", (512, 512, 3, 3)),
    "squeezenet": ("features.12.squeeze.weight", (64, 512, 1, 1)),
}


def find(kind: str, source: str = "") -> tuple[str, dict[str, Tensor], bool]:
    """The kind of network, its weights by torchvision's names, and whether they are Caffe's.

    Args:
        kind: "vgg19", "vgg16", "squeezenet", "lite0" or "auto".
        source: a file or URL, or "".

    Raises:
        UsageError: no such network.
        CheckpointError: weights that cannot be had, or of another network.
    """
    if kind not in ("auto", *TITLES):
        if not source and Path(kind).suffix:
            return find("auto", kind)  # a file instead of a name
        raise genart.UsageError(
            f'Features are "auto", {", ".join(TITLES)} or a file of weights, not "{kind}".'
        )
    if not source:
        kind = best_here() if kind == "auto" else kind
        source = "" if kind == "lite0" else _torchvision(kind)
    if kind == "lite0":
        return kind, {}, False
    path = _local(source)
    state = genart.checkpoints.read_weights(path)
    found = _recognised(state, path)
    if kind not in ("auto", found):
        raise genart.errors.CheckpointError(
            f'"{path}" contains {TITLES[found]}, not {TITLES[kind]}. Use the network "auto".'
        )
    return found, state, any(mark in path.name for mark in _CAFFE)


def best_here() -> str:
    """The best network whose weights are on this machine."""
    return next((kind for kind in ("vgg19", "vgg16") if _kept(kind)), "lite0")


def _torchvision(kind: str) -> str:
    kept = _kept(kind)
    return str(kept) if kept else DOWNLOADS[kind]


def _kept(kind: str) -> Path | None:
    """Torchvision's weights where torch keeps its downloads."""
    name = DOWNLOADS[kind].partition("#")[0].rpartition("/")[2]
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    return path if path.is_file() else None


def _local(source: str) -> Path:
    if not source.startswith(("http://", "https://")):
        return Path(source).expanduser()
    try:
        return genart.models.fetch(source)
    except genart.errors.CheckpointError as error:
        raise genart.errors.CheckpointError(
            f"{error} Name a file with these weights, or use the features lite0, which need none."
        ) from error


def _recognised(state: dict[str, Tensor], path: Path) -> str:
    for kind, (name, shape) in _MARKS.items():
        if name in state and tuple(state[name].shape) == shape:
            if kind == "vgg16" and "features.34.weight" in state:
                continue
            return kind
    raise genart.errors.CheckpointError(
        f'"{path}" contains none of VGG-19, VGG-16 and SqueezeNet 1.1 with torchvision\'s names '
        f'("features.0.weight" ...); it has {", ".join(list(state)[:4])} ...'
    )


def assign(features: nn.Module, state: dict[str, Tensor], title: str) -> None:
    """Fill a network made on the meta device.

    Raises:
        CheckpointError: a tensor that is missing or has another shape.
    """
    for name, wanted in list(features.named_parameters()):
        given = state.get(f"features.{name}")
        if given is None or given.shape != wanted.shape:
            what = "is missing" if given is None else f"has shape {tuple(given.shape)}"
            raise genart.errors.CheckpointError(
                f"Not {title}: features.{name} {what}; {tuple(wanted.shape)} is required."
            )
        owner, _, last = name.rpartition(".")
        part = features.get_submodule(owner)
        setattr(part, last, nn.Parameter(given.float(), requires_grad=False))
