"""Feature networks by layer name: VGG-19, VGG-16, SqueezeNet 1.1 and EfficientNet-Lite0.

The first three have torchvision's architectures (Simonyan and Zisserman 2015; Iandola et al. 2016)
and weights from a file; the weights of EfficientNet-Lite0 (Tan and Le 2019) are included. Every
network is a list of steps with names, so that any layer can be asked for and nothing after the
last one is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genart.errors import CheckpointError, UsageError
from genart.perception.efficientnet import EfficientNetLite0, features
from genart.perception.feature_weights import (
    TITLES,
    FeatureWeights,
    choose_network,
    read_network_weights,
)
from genart.perception.vgg_kernels import VggKernels

#: The number of convolutions in each of the five groups of a VGG.
VGG_CONVOLUTIONS = {"vgg19": (2, 2, 4, 4, 4), "vgg16": (2, 2, 3, 3, 3)}
POOLS = ("", "max", "average")
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CAFFE = ((103.939, 116.779, 123.68), (1.0, 1.0, 1.0))


@dataclass(frozen=True)
class FeatureStep:
    """One layer of a feature network.

    Args:
        name: the name of its output.
        run: computes its output from the output of the step before.
        stride: pixels between neighbouring values of its output.
        reach: how many pixels of the image it sees in each direction.
        inplace: whether it may overwrite its input: a ReLU whose input was not asked for.
    """

    name: str
    run: Callable[[Tensor], Tensor]
    stride: int
    reach: int
    inplace: bool = False


class FeatureNetwork(nn.Module):
    """Frozen features by layer name.

    Args:
        kind: "vgg19", "vgg16", "squeezenet" or "lite0".
        steps: its layers, in order.
        parts: the module with the weights.
        prepare: converts images in -1..1 to the values that the weights were trained on.

    Attributes:
        kind: as given.
        steps: as given.
        title: the name of the network for reports.
        names: the layers that can be asked for.
    """

    def __init__(
        self,
        kind: str,
        steps: Sequence[FeatureStep],
        parts: nn.Module,
        prepare: Callable[[Tensor], Tensor],
    ) -> None:
        super().__init__()
        self.kind, self.title, self.steps, self.parts = kind, TITLES[kind], list(steps), parts
        self.names = tuple(step.name for step in self.steps)
        self._prepare = prepare
        layers = [(step.name, step.run) for step in self.steps if isinstance(step.run, nn.Module)]
        self._kernels = VggKernels(layers) if kind in VGG_CONVOLUTIONS else None
        self.requires_grad_(False).eval()

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Return features (n, c, h', w') by layer name, in the order of the layers.

        Args:
            image: (n, 3, h, w) in -1..1. Its memory format is kept; channels_last is faster on a
                CPU and rounds differently.
            layers: their names.

        Raises:
            UsageError: an unknown layer, or an image too small for it.
        """
        wanted = self._checked(layers)
        found: dict[str, Tensor] = {}
        x = self._prepare(image)
        if self._kernels is not None and wanted:
            ordered = [name for name in self.names if name in wanted]
            if (made := self._kernels(x, ordered)) is not None:
                return made
        for step in self.steps:
            kept = step.inplace and not any(x is each for each in found.values())
            x = F.relu_(x) if kept else self._run(step, x, image)
            if step.name in wanted:
                found[step.name] = x
            if len(found) == len(wanted):
                break
        return found

    @property
    def kernel_bytes(self) -> int:
        """Memory that the compiled kernels keep for the gradient of the last image, in bytes."""
        return 0 if self._kernels is None else self._kernels.bytes

    def step(self, name: str) -> FeatureStep:
        """Return the layer with a name.

        Raises:
            UsageError: no such layer.
        """
        return self.steps[self.names.index(next(iter(self._checked([name]))))]

    def _checked(self, layers: Iterable[str]) -> set[str]:
        wanted = set(layers)
        if unknown := sorted(wanted - set(self.names)):
            raise UsageError(
                f"{self.title} has no layer {', '.join(unknown)}; it has {', '.join(self.names)}."
            )
        return wanted

    def _run(self, step: FeatureStep, x: Tensor, image: Tensor) -> Tensor:
        try:
            return step.run(x)
        except RuntimeError as error:
            if min(x.shape[-2:]) > step.stride:
                raise
            size = "x".join(map(str, image.shape[:1:-1]))
            raise UsageError(
                f"An image of {size} pixels is too small for {step.name} of {self.title}."
            ) from error


@lru_cache(maxsize=4)
def feature_network(
    kind: str = "auto", file: str | Path = "", device: str = "cpu", pool: str = ""
) -> FeatureNetwork:
    """Load a feature network on a device, once.

    Args:
        kind: "vgg19", "vgg16", "squeezenet", "lite0", or "auto": the network in `file`, or without
            a file the best whose weights are on this machine, VGG-19, VGG-16 or Lite0, which is
            included. A file of weights is a kind too.
        file: a .pth, .safetensors or .npz file of weights; "" takes torchvision's, downloaded
            once.
        device: where to run.
        pool: "max" or "average" replaces the pooling of a VGG, as in Gatys et al.; "" keeps it.

    Raises:
        UsageError: no such network or pooling.
        CheckpointError: weights that are missing, damaged or of another network.
    """
    if pool not in POOLS:
        raise UsageError(f'Pooling is "max" or "average", not "{pool}".')
    if not file:
        kind, file = choose_network(kind)
    weights = read_network_weights(kind, file)
    with torch.inference_mode(False):
        if weights.kind == "lite0":
            return _lite0(features(device))
        return network_of(weights, pool=pool).to(device)


def network_of(weights: FeatureWeights, *, pool: str = "") -> FeatureNetwork:
    """Build a VGG or SqueezeNet from weights, on the CPU.

    Args:
        weights: of any network but Lite0.
        pool: as for `feature_network`.

    Raises:
        CheckpointError: a tensor that is missing or has another shape.
    """
    layers = torchvision_layers(weights.kind)
    _assign(layers, weights)
    for part in layers.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False
    names = _vgg_names(weights.kind) or tuple(f"features.{n}" for n in range(len(layers)))
    prepare = _Colours(weights.caffe)
    return FeatureNetwork(weights.kind, _steps(layers, names, pool), layers, prepare)


def torchvision_layers(kind: str) -> nn.Sequential:
    """Return torchvision's layers of a network on the meta device, without weights."""
    import torchvision.models as models

    make = {"vgg19": models.vgg19, "vgg16": models.vgg16, "squeezenet": models.squeezenet1_1}[kind]
    with torch.device("meta"):
        layers: nn.Sequential = make(weights=None).features
    return layers


def _vgg_names(kind: str) -> tuple[str, ...]:
    """The layers of a VGG, in order; () for other networks."""
    found: list[str] = []
    for group, count in enumerate(VGG_CONVOLUTIONS.get(kind, ()), 1):
        for n in range(1, count + 1):
            found += [f"conv{group}_{n}", f"relu{group}_{n}"]
        found.append(f"pool{group}")
    return tuple(found)


def _assign(layers: nn.Module, weights: FeatureWeights) -> None:
    """Fill layers that are on the meta device with weights."""
    for name, wanted in list(layers.named_parameters()):
        given = weights.state.get(f"features.{name}")
        if given is None or given.shape != wanted.shape:
            what = "is missing" if given is None else f"has shape {tuple(given.shape)}"
            raise CheckpointError(
                f"These are not the weights of {TITLES[weights.kind]}: features.{name} {what}; it "
                f"must have shape {tuple(wanted.shape)}."
            )
        owner, _, last = name.rpartition(".")
        parameter = nn.Parameter(given.float(), requires_grad=False)
        layers.get_submodule(owner).register_parameter(last, parameter)


def _steps(features: nn.Sequential, names: Sequence[str], pool: str) -> list[FeatureStep]:
    found, stride, left, right = [], 1, 0, 0
    for name, part in zip(names, features, strict=True):
        kernel, step, pad = _extent(part)
        left, right = left + pad * stride, right + (kernel - 1 - pad) * stride
        stride *= step
        run: Callable[[Tensor], Tensor] = part
        if isinstance(part, nn.MaxPool2d) and pool == "average":
            run = nn.AvgPool2d(part.kernel_size, part.stride, ceil_mode=part.ceil_mode)
        found.append(FeatureStep(name, run, stride, max(left, right), isinstance(part, nn.ReLU)))
    return found


def _extent(part: nn.Module) -> tuple[int, int, int]:
    """Kernel side, stride and padding; a Fire module's widest kernel is 3."""
    if isinstance(part, (nn.Conv2d, nn.MaxPool2d)):
        sides: list[Any] = [part.kernel_size, part.stride, part.padding]
        kernel, stride, pad = (int(each[0] if isinstance(each, tuple) else each) for each in sides)
        return kernel, stride, pad
    return (1, 1, 0) if isinstance(part, nn.ReLU) else (3, 1, 1)


class _Colours:
    """-1..1 to normalised RGB as torchvision has it, or to Caffe's BGR 0..255 minus its mean."""

    def __init__(self, caffe: bool) -> None:
        self.caffe = caffe
        self._mean, self._scale = (
            torch.tensor(each)[:, None, None] for each in (_CAFFE if caffe else _IMAGENET)
        )

    def __call__(self, image: Tensor) -> Tensor:
        x = (image + 1) / 2
        x = x.flip(1) * 255 if self.caffe else x
        return (x - self._mean.to(x)) / self._scale.to(x)


def _lite0(network: EfficientNetLite0) -> FeatureNetwork:
    """Lite0 in steps: the stem, and the output of every block."""
    steps = [FeatureStep("stem", lambda x: F.relu6(network.stem(x)), 2, 2)]
    stride, reach = 2, 2
    for n, block in enumerate(network.blocks):
        wide: Any = block.depthwise
        reach, stride = reach + (wide.weight.shape[-1] - 1) * stride, stride * wide.stride
        steps.append(FeatureStep(f"block{n}", block, stride, reach))
    return FeatureNetwork("lite0", steps, network, _prepared_for_lite0)


def _prepared_for_lite0(image: Tensor) -> Tensor:
    """-1..1 to (byte - 127) / 128, padded to a multiple of 32: every tile has the same grid."""
    height, width = image.shape[-2:]
    pads = (0, -width % 32, 0, -height % 32)
    mirrored = pads[1] < width and pads[3] < height  # with "replicate" the edges become streaks
    return F.pad((image * 127.5 + 0.5) / 128, pads, mode="reflect" if mirrored else "replicate")
