"""The two generators, written from the papers: images (n, c, h, w) in -1..1 to the same."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .architecture import Shape
from .layers import (
    Dropout,
    Norm,
    enlarging,
    make_norm,
)

SLOPE = 0.2  # of the leaky ReLU on a U-Net's way down


class Unit(nn.Module):
    """A layer and its norm.

    Args:
        layer: a convolution, or what doubles the size.
        norm: a normalisation or the identity.
    """

    def __init__(self, layer: nn.Module, norm: nn.Module) -> None:
        super().__init__()
        self.layer, self.norm = layer, norm

    def forward(self, x: Tensor) -> Tensor:
        """Layer, then norm."""
        made: Tensor = self.norm(self.layer(x))
        return made


class Block(nn.Module):
    """A residual block: two 3x3 convolutions with norms, dropout between them if wanted."""

    def __init__(self, shape: Shape, width: int, place: int) -> None:
        super().__init__()
        self.mode = "reflect" if shape.padding == "reflect" else "constant"
        self.first, self.second = (
            Unit(nn.Conv2d(width, width, 3, bias=shape.bias), make_norm(shape.norm, width))
            for _ in range(2)
        )
        self.dropout = Dropout(place) if shape.dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same."""
        inner = self.dropout(self.first(F.pad(x, (1, 1, 1, 1), self.mode)).relu_())
        made: Tensor = self.second(F.pad(inner, (1, 1, 1, 1), self.mode))
        return x + made


class ResNet(nn.Module):
    """CycleGAN's generator (Zhu et al. 2017, section 7.2, after Johnson et al. 2016).

    c7s1-f, halving convolutions, residual blocks, doubling layers, c7s1-3 and tanh, with reflected
    edges.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, widths, norm = shape, shape.widths, shape.norm
        first = nn.Conv2d(shape.channels_in, widths[0], 7, bias=shape.bias)
        self.stem = Unit(first, make_norm(norm, widths[0]))
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(
            Unit(nn.Conv2d(a, b, 3, 2, 1, bias=shape.bias), make_norm(norm, b)) for a, b in pairs
        )
        self.blocks = nn.ModuleList(Block(shape, widths[-1], i) for i in range(shape.blocks))
        self.up = nn.ModuleList(
            Unit(enlarging(shape, b, a, shape.up_bias), make_norm(norm, a))
            for a, b in reversed(pairs)
        )
        self.head = nn.Conv2d(widths[0], shape.channels_out, 7)

    def forward(self, x: Tensor) -> Tensor:
        """Images with sides that are multiples of `shape.multiple`, at least `shape.least`."""
        x = self.stem(F.pad(x, (3, 3, 3, 3), "reflect")).relu_()
        for unit in self.down:
            x = unit(x).relu_()
        for block in self.blocks:
            x = block(x)
        for unit in self.up:
            x = unit(x).relu_()
        made: Tensor = self.head(F.pad(x, (3, 3, 3, 3), "reflect"))
        return made.tanh()


class UNet(nn.Module):
    """pix2pix's generator (Isola et al. 2017, section 6.1.1): halvings, doublings, and skips.

    The lowest level has no norm on its way down: at 1x1 an image's own statistics would leave
    nothing of it.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, widths = shape, shape.widths
        inwards, outwards = (shape.channels_in, *widths), (shape.channels_out, *widths)
        last = len(widths) - 1
        dropping = range(last - shape.dropout, last)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i, width in enumerate(widths):
            conv = nn.Conv2d(inwards[i], width, 4, 2, 1, bias=shape.bias)
            inner = 0 < i < last
            self.down.append(Unit(conv, make_norm(shape.norm if inner else "none", width)))
            into = width if i == last else 2 * width
            bias = shape.up_bias or i == 0
            norm = make_norm(shape.norm if i else "none", outwards[i])
            self.up.append(Unit(enlarging(shape, into, outwards[i], bias), norm))
        self.dropout = nn.ModuleList(
            Dropout(i) if i in dropping else nn.Identity() for i in range(len(widths))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Images with sides that are multiples of `shape.multiple`."""
        maps = [self.down[0](x)]
        for unit in list(self.down)[1:]:
            maps.append(unit(F.leaky_relu(maps[-1], SLOPE)))
        x = self.up[-1](maps.pop().relu())
        for i in range(len(maps) - 1, -1, -1):
            x = self.up[i](torch.cat([maps.pop(), x], 1).relu_())
            x = self.dropout[i](x)
        return x.tanh()


def build(shape: Shape) -> ResNet | UNet:
    """A generator of this shape; its weights are torch's own until they are drawn or read."""
    return ResNet(shape) if shape.kind == "resnet" else UNet(shape)


def set_test_time(net: nn.Module, *, own: bool, seed: int | None) -> None:
    """Set how batch norms and dropout behave outside training.

    Args:
        net: a generator.
        own: batch norms take each image's own statistics instead of those of the training.
        seed: of the dropout masks; None switches dropout off.
    """
    for module in net.modules():
        if isinstance(module, Norm) and module.batch:
            module.own = own
        elif isinstance(module, Dropout):
            module.seed = seed
