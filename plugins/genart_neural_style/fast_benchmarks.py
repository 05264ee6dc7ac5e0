"""Rows of `genart bench`: an image repainted by a fast style."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import genart

from .fast import EDGE, Fast, fast
from .fast_files import FastModel
from .transform import ConditionalNorm, Layout, TransformNet, UpConv, johnson

_SIDES = (256, 512)
_STYLE = "great_wave"


def rows(options: genart.benchmarks.BenchOptions) -> Iterator[genart.benchmarks.BenchRow]:
    """An included style at two sizes and the paper's network; only the first in a quick run."""
    for side in _SIDES[: 1 if options.quick else None]:
        yield genart.benchmarks.BenchRow(
            f"fast style image {side}px", partial(_shipped, side, options)
        )
    if not options.quick:
        name = "fast style image 256px, paper's network"
        yield genart.benchmarks.BenchRow(name, partial(_paper, 256, options))


def _shipped(side: int, options: genart.benchmarks.BenchOptions) -> genart.benchmarks.BenchCase:
    return _case(fast(_STYLE), side, options)


def _paper(side: int, options: genart.benchmarks.BenchOptions) -> genart.benchmarks.BenchCase:
    """Random weights: time does not depend on them."""
    net = TransformNet(johnson()).eval().requires_grad_(False)
    return _case(Fast(FastModel(net, ("one",)), "one"), side, options)


def _case(
    painter: Fast, side: int, options: genart.benchmarks.BenchOptions
) -> genart.benchmarks.BenchCase:
    """An image, beside other runtimes with the same weights."""
    image = torch.rand(1, 3, side, side, device=options.device) * 2 - 1
    return genart.benchmarks.BenchCase(
        partial(painter, image),
        genart.benchmarks.other_runtimes(_OneStyle(painter), image),
        flop=arithmetic(painter.model.net.layout, side),
        difference=lambda ours, theirs: float((ours - theirs).abs().max()),
    )


class _OneStyle(nn.Module):
    """What a `Fast` with one style does with an image, in layers that other runtimes run fast."""

    def __init__(self, painter: Fast) -> None:
        super().__init__()
        given = painter.model.net
        shares = [float(getattr(painter, param)) for param in painter.styles]
        self.register_buffer("mix", torch.tensor([shares]))
        self.edge = EDGE if given.layout.direct else 0
        self.net = TransformNet(given.layout)
        self.net.load_state_dict(given.state_dict())
        for parent in list(self.net.modules()):
            for name, layer in parent.named_children():
                if isinstance(layer, ConditionalNorm):
                    setattr(parent, name, _OneNorm(layer, self.get_buffer("mix")))
                elif isinstance(layer, UpConv):
                    setattr(parent, name, _Phases(layer))

    def forward(self, image: Tensor) -> Tensor:
        """(1, 3, h, w) to the same."""
        h, w = image.shape[-2:]
        x = F.pad(image, (self.edge,) * 4, mode="reflect") if self.edge else image
        made: Tensor = self.net(x, self.get_buffer("mix"))
        return made[..., self.edge : self.edge + h, self.edge : self.edge + w].clamp(-1, 1)


class _OneNorm(nn.Module):
    """A conditional norm for one mix of styles."""

    def __init__(self, norm: ConditionalNorm, mix: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter((mix @ norm.weight)[0])
        self.bias = nn.Parameter((mix @ norm.bias)[0])

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        """(1, c, h, w) to the same; mix is not used."""
        return F.instance_norm(x, weight=self.weight, bias=self.bias)


class _Phases(nn.Module):
    """Up-sampling and convolution as one convolution and a shuffle, a third faster there."""

    def __init__(self, layer: UpConv) -> None:
        super().__init__()
        weight, bias = layer.conv2d.weight.detach(), layer.conv2d.bias
        assert bias is not None
        kernels = genart.kernels.phases_weight(genart.kernels.doubling_weight(weight))
        self.register_buffer("kernels", kernels)
        self.register_buffer("biases", bias.detach().repeat_interleave(4))

    def forward(self, x: Tensor) -> Tensor:
        """(1, narrow, h, w) to (1, wide, 2h, 2w)."""
        kernels = self.get_buffer("kernels")
        x = F.pad(x, (kernels.shape[-1] // 2,) * 4, mode="replicate")
        return F.pixel_shuffle(F.conv2d(x, kernels, self.get_buffer("biases")), 2)


def arithmetic(layout: Layout, side: int) -> float:
    """Operations of one square image by the plain method, two a product: convolutions alone."""
    products, channels, at = 0, 3, side
    for kernel, stride, wide in layout.encoder:
        at //= stride
        products += kernel**2 * channels * wide * at**2
        channels = wide
    products += layout.blocks * 2 * 9 * channels**2 * at**2
    for kernel, times, wide in layout.decoder:
        at *= times
        products += kernel**2 * channels * wide * at**2
        channels = wide
    return 2.0 * products
