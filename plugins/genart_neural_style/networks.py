"""Networks whose features are compared: VGG-19 and VGG-16, SqueezeNet 1.1, EfficientNet-Lite0.

The first three are torchvision's architectures (Simonyan and Zisserman 2015; Iandola et al. 2016)
with weights from a file; the last one's come with genart (Tan and Le 2019). All are cut into steps
with a name each, so that any layer can be asked for and none is computed in vain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import genart
from genart_neural_style import weights

from .layers import TITLES, names_in

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CAFFE = ((103.939, 116.779, 123.68), (1.0, 1.0, 1.0))


@dataclass(frozen=True)
class Step:
    """One layer.

    Args:
        name: what it is asked for by.
        run: gives its output from the output of the step before.
        stride: pixels between its positions.
        reach: how many pixels around a position it sees, in each direction.
        inplace: whether it may write over its input: a ReLU whose input nobody asked for.
    """

    name: str
    run: Callable[[Tensor], Tensor]
    stride: int
    reach: int
    inplace: bool = False


class Network(nn.Module):
    """Frozen features by layer name.

    Args:
        kind: "vgg19", "vgg16", "squeezenet" or "lite0".
        steps: its layers, in order.
        parts: what holds the weights.
        prepare: converts images in -1..1 to the range of the training.

    Attributes:
        title: what reports call it.
        names: the layers that can be asked for.
    """

    def __init__(
        self,
        kind: str,
        steps: Sequence[Step],
        parts: nn.Module,
        prepare: Callable[[Tensor], Tensor],
    ) -> None:
        super().__init__()
        self.kind, self.title, self.steps, self.parts = kind, TITLES[kind], list(steps), parts
        self.names = tuple(step.name for step in self.steps)
        self._prepare = prepare
        self.requires_grad_(False).eval()

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Features (n, c, h', w') by name of images (n, 3, h, w) in -1..1.

        Raises:
            UsageError: an unknown layer, or an image too small for it.
        """
        wanted = self._checked(layers)
        found: dict[str, Tensor] = {}
        x = self._prepare(image.contiguous(memory_format=torch.channels_last))
        for step in self.steps:
            kept = step.inplace and not any(x is each for each in found.values())
            x = F.relu_(x) if kept else self._run(step, x, image)
            if step.name in wanted:
                found[step.name] = x
            if len(found) == len(wanted):
                break
        return found

    def step(self, name: str) -> Step:
        """The layer of a name.

        Raises:
            UsageError: there is none.
        """
        return self.steps[self.names.index(next(iter(self._checked([name]))))]

    def _checked(self, layers: Iterable[str]) -> set[str]:
        wanted = set(layers)
        if unknown := sorted(wanted - set(self.names)):
            raise genart.UsageError(
                f"{self.title} has no layer {', '.join(unknown)}; it has {', '.join(self.names)}."
            )
        return wanted

    def _run(self, step: Step, x: Tensor, image: Tensor) -> Tensor:
        try:
            return step.run(x)
        except RuntimeError as error:
            if min(x.shape[-2:]) > step.stride:
                raise
            size = "x".join(map(str, image.shape[:1:-1]))
            raise genart.UsageError(
                f"An image of {size} pixels is too small for {step.name} of {self.title}."
            ) from error


@lru_cache(maxsize=4)
def network(kind: str = "auto", source: str = "", device: str = "cpu", pool: str = "") -> Network:
    """A network on a device, loaded once.

    Args:
        kind: "vgg19", "vgg16", "squeezenet", "lite0"; "auto" takes what the weights are, and
            without weights the best whose weights are on this machine: VGG-19, VGG-16, or Lite0,
            which is always there.
        source: a file or URL of weights; "" takes torchvision's, downloaded once.
        device: where to run.
        pool: "max" or "average" instead of VGG's own pooling, as Gatys et al. propose; "" keeps it.

    Raises:
        UsageError: no such network or pooling.
        CheckpointError: weights that cannot be had, are damaged, or belong to another network.
    """
    if pool not in ("", "max", "average"):
        raise genart.UsageError(f'Pooling is "max" or "average", not "{pool}".')
    kind, state, caffe = weights.find(kind, source)
    with torch.inference_mode(False):
        made = _lite0(device) if kind == "lite0" else filled(kind, state, caffe=caffe, pool=pool)
        return made.to(device).to(memory_format=torch.channels_last)


def empty(kind: str) -> nn.Sequential:
    """Torchvision's convolutions of a network, without weights of any use."""
    import torchvision.models as models

    make = {"vgg19": models.vgg19, "vgg16": models.vgg16, "squeezenet": models.squeezenet1_1}[kind]
    with torch.device("meta"):
        features: nn.Sequential = make(weights=None).features
    return features


def filled(kind: str, state: dict[str, Tensor], *, caffe: bool = False, pool: str = "") -> Network:
    """A network of torchvision's architecture with weights by its names.

    Raises:
        CheckpointError: a tensor that is missing or has another shape.
    """
    features = empty(kind)
    weights.assign(features, state, TITLES[kind])
    for n, part in enumerate(features):
        if isinstance(part, nn.Conv2d):
            features[n] = genart.perception.FrozenConv2d.of(part)
    for part in features.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False
    names = names_in(kind) or tuple(f"features.{n}" for n in range(len(features)))
    return Network(kind, _steps(features, names, pool), features, _Colours(caffe))


def _steps(features: nn.Sequential, names: Sequence[str], pool: str) -> list[Step]:
    found, stride, left, right = [], 1, 0, 0
    for name, part in zip(names, features, strict=True):
        kernel, step, pad = _extent(part)
        left, right = left + pad * stride, right + (kernel - 1 - pad) * stride
        stride *= step
        run: Callable[[Tensor], Tensor] = part
        if isinstance(part, nn.MaxPool2d) and pool == "average":
            run = nn.AvgPool2d(part.kernel_size, part.stride, ceil_mode=part.ceil_mode)
        found.append(Step(name, run, stride, max(left, right), isinstance(part, nn.ReLU)))
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


def _lite0(device: str) -> Network:
    """Lite0 in steps: the stem, and of every block its widest activation and its output."""
    whole = genart.perception.features(device)
    steps = [Step("stem", lambda x: F.relu6(whole.stem(x)), 2, 2)]
    stride, reach = 2, 2
    for n, block in enumerate(whole.blocks):
        wide: Any = block.depthwise
        reach, stride = reach + (wide.weight.shape[-1] - 1) * stride, stride * wide.stride
        steps.append(Step(f"block{n}", block, stride, reach))
    return Network("lite0", steps, whole, _prepared_for_lite0)


def _prepared_for_lite0(image: Tensor) -> Tensor:
    """-1..1 to (byte - 127) / 128, continued to a multiple of 32: every tile has the same grid."""
    height, width = image.shape[-2:]
    pads = (0, -width % 32, 0, -height % 32)
    mirrored = pads[1] < width and pads[3] < height  # streaks of an edge would be painted on
    return F.pad((image * 127.5 + 0.5) / 128, pads, mode="reflect" if mirrored else "replicate")
