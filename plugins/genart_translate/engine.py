"""An engine for images on a CPU, beside the network, which stays the readable reference.

Nine tenths of a ResNet's arithmetic is in its residual blocks, 3x3 convolutions of one width at one
size. The engine makes them by minimal filtering, in memory that it keeps; the rest is the network's
own. Norms, edges and what is added to what are the network's, too, so the image is the same to
within rounding.
"""

from __future__ import annotations

import threading

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import genart

from .layers import Dropout, Norm
from .networks import Block, ResNet, Unit

_NARROWEST = 48  # channels; below that the transforms cost more than they save
_SMALLEST = 8  # pixels a side of the map


class Engine:
    """Runs a ResNet's blocks; may be used from several threads, one at a time.

    Args:
        net: the network; its weights are prepared again when they changed.
    """

    def __init__(self, net: ResNet) -> None:
        self.net = net
        self._turn = threading.Lock()
        self._marks: tuple[tuple[int, int], ...] = ()
        self._kernels: list[Tensor] = []
        self._filter: genart.perception.MinimalFilter | None = None
        self._maps: list[Tensor] = []

    def __call__(self, x: Tensor) -> Tensor | None:
        """The output of the network for images (1, c, h, w), or None if the engine cannot be used.

        Args:
            x: float32 on a CPU, channels last.
        """
        net = self.net
        with torch.no_grad():
            if not self._can(x):
                return None
            x = net.stem(F.pad(x, (3, 3, 3, 3), "reflect")).relu_()
            for unit in net.down:
                x = unit(x).relu_()
            x = self._blocks(x)
            for unit in net.up:
                x = unit(x).relu_()
            made: Tensor = net.head(F.pad(x, (3, 3, 3, 3), "reflect"))
            return made.tanh_()

    def _can(self, x: Tensor) -> bool:
        """Whether this is an ordinary image, and worth it."""
        shape, factor = self.net.shape, self.net.shape.multiple
        return (
            len(x) == 1
            and x.device.type == "cpu"
            and x.dtype == torch.float32
            and not self.net.training
            and shape.padding == "reflect"
            and shape.blocks > 0
            and shape.widths[-1] >= _NARROWEST
            and min(x.shape[2:]) >= _SMALLEST * factor
            and not torch.is_autocast_enabled("cpu")
            and all(_is_plain(block) for block in self.net.blocks)
        )

    def _blocks(self, x: Tensor) -> Tensor:
        """The residual blocks of maps (1, c, h, w), channels last."""
        _, channels, h, w = x.shape
        with self._turn:
            self._prepare((h, w), channels)
            assert self._filter is not None
            trunk, inner, raw = self._maps
            there, within = trunk[1 : h + 1, 1 : w + 1], inner[1 : h + 1, 1 : w + 1]
            there.copy_(x[0].permute(1, 2, 0))
            kernels = iter(self._kernels)
            for block in self.net.blocks:
                assert isinstance(block, Block)
                _reflect(trunk, (h, w))
                self._filter(trunk, next(kernels), raw)
                torch.clamp_min(_normed(raw[:h, :w], block.first), 0.0, out=within)
                _reflect(inner, (h, w))
                self._filter(inner, next(kernels), raw)
                there += _normed(raw[:h, :w], block.second)
            made = torch.empty_like(x, memory_format=torch.channels_last)
            made[0].copy_(there.permute(2, 0, 1))
            return made

    def _prepare(self, size: tuple[int, int], channels: int) -> None:
        """Prepare the weights if they changed, and memory for maps of this size."""
        weights = [weight for block in self.net.blocks for weight in _weights(block)]
        marks = tuple((weight.data_ptr(), weight._version) for weight in weights)
        if marks != self._marks:
            self._kernels = [genart.perception.at_points(weight) for weight in weights]
            self._marks = marks
        if self._filter is None or self._filter.size != size:
            self._filter = genart.perception.MinimalFilter(size, channels)
            made = self._filter
            self._maps = [made.framed(), made.framed(), made.whole()]


def _weights(block: nn.Module) -> tuple[Tensor, Tensor]:
    """The two kernels of a block."""
    first = block.get_parameter("first.layer.weight")
    return first, block.get_parameter("second.layer.weight")


def _is_plain(block: nn.Module) -> bool:
    """Whether a block is one that nothing watches and that drops nothing out."""
    if not isinstance(block, Block):
        return False
    dropped = isinstance(block.dropout, Dropout) and block.dropout.seed is not None
    noted = any(isinstance(m, Norm) and m.noted is not None for m in block.modules())
    hooked = any(m._forward_hooks or m._forward_pre_hooks for m in block.modules())
    return not (dropped or noted or hooked)


def _normed(raw: Tensor, unit: Unit) -> Tensor:
    """A map (h, w, c) after its unit's norm; the bias goes where a norm would not take it away."""
    h, w, c = raw.shape
    rows = raw.reshape(1, h, w, c).permute(0, 3, 1, 2)
    norm: nn.Module = unit.norm
    bias = dict(unit.layer.named_parameters()).get("bias")
    takes = isinstance(norm, Norm) and norm.own and norm.fixed is None
    if bias is not None and not takes:
        rows = rows + bias.view(1, -1, 1, 1)
    made: Tensor = norm(rows)
    return made[0].permute(1, 2, 0)


def _reflect(framed: Tensor, size: tuple[int, int]) -> None:
    """Fill the frame of one pixel around a map of size (h, w) with its reflection."""
    h, w = size
    framed[0, 1 : w + 1], framed[h + 1, 1 : w + 1] = framed[2, 1 : w + 1], framed[h - 1, 1 : w + 1]
    framed[: h + 2, 0], framed[: h + 2, w + 1] = framed[: h + 2, 2], framed[: h + 2, w - 1]
