"""Rows of `genart bench`: an image by CycleGAN and by pix2pix."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import genart
from genart_translate import pth_reader

from .architecture import Shape, resnet, unet
from .layers import Norm
from .networks import build, set_test_time
from .translator import Translator

_SIDE = 256


def rows(options: genart.benchmarks.BenchOptions) -> Iterator[genart.benchmarks.BenchRow]:
    """An image of 256 px, float32; a U-Net only in a full run."""
    cases = {"CycleGAN image 256 px 9 blocks": (resnet(9), "resnet_9blocks")}
    if not options.quick:
        cases["pix2pix image 256 px U-Net"] = (unet(8), "unet_256")
    for name, (shape, kind) in cases.items():
        yield genart.benchmarks.BenchRow(name, partial(_picture, shape, kind, options))


def _picture(
    shape: Shape, kind: str, options: genart.benchmarks.BenchOptions
) -> genart.benchmarks.BenchCase:
    """An image, beside other code with the same weights."""
    torch.manual_seed(0)
    net = build(shape)
    image = torch.rand(1, 3, _SIDE, _SIDE, device=options.device) * 2 - 1
    others: dict[str, Callable[[], Tensor]] = {}
    if checkout := options.checkouts.get("cyclegan"):
        from .official import official

        other = official(checkout, kind, shape.widths[0], shape.norm).to(options.device)
        state = other.state_dict()
        net.load_state_dict(pth_reader.find(state).renamed(state))
        others["official"] = partial(other, image)
    style = Translator(net.to(options.device), name=kind)
    plain = copy.deepcopy(net).eval().to(memory_format=torch.channels_last)
    set_test_time(plain, own=True, seed=None)
    others |= genart.benchmarks.other_runtimes(_exportable(net), image)
    return genart.benchmarks.BenchCase(
        partial(style, image),
        others
        | {"plain network": partial(plain, image.contiguous(memory_format=torch.channels_last))},
        flop=arithmetic(net, image),
        difference=_gap,
    )


def _exportable(net: nn.Module) -> nn.Module:
    """A copy of a network whose norms are torch's instance norms, as other runtimes know them."""
    made = copy.deepcopy(net).to(memory_format=torch.contiguous_format)
    for parent in list(made.modules()):
        for name, norm in parent.named_children():
            if isinstance(norm, Norm):
                setattr(parent, name, _InstanceNorm(norm))
    return made


class _InstanceNorm(nn.Module):
    """The norm of one image by its own statistics."""

    def __init__(self, norm: Norm) -> None:
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, x: Tensor) -> Tensor:
        """(1, c, h, w) to the same."""
        return F.instance_norm(x, weight=self.weight, bias=self.bias)


def _gap(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max())


def arithmetic(net: nn.Module, image: Tensor) -> float:
    """Operations of one image by the plain method: convolutions alone, two a product."""
    total = 0.0

    def count(layer: Any, given: tuple[Tensor], made: Tensor) -> None:
        nonlocal total
        turned = isinstance(layer, nn.ConvTranspose2d)
        places = given[0] if turned else made
        total += 2.0 * layer.weight.numel() * places.shape[-1] * places.shape[-2]

    kinds = nn.Conv2d | nn.ConvTranspose2d
    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, kinds)]
    with torch.no_grad():
        net(image.cpu())
    for hook in hooks:
        hook.remove()
    return total
