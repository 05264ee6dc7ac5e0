"""Generators run by compiled kernels, one image at a time; see `genart.kernels`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import torch
from torch import Tensor, nn

from genart.kernels import BLOCK, Edge, Inference, Program, Values, blocks, phases_weight

from .kernel_layers import LayerSteps, enlarging_weight
from .layers import Dropout, Norm, Resized
from .networks import SLOPE, Block, ResNet, UNet, Unit

_KNOWN = (
    ResNet, UNet, Unit, Block, Norm, Dropout, Resized,
    nn.ModuleList, nn.Identity, nn.Conv2d, nn.ConvTranspose2d,
)  # fmt: skip


class FastNetwork:
    """A generator whose images come from the kernels wherever these can compute them.

    Args:
        network: the reference, used in all other cases.
    """

    def __init__(self, network: ResNet | UNet) -> None:
        self.network = network
        self._inference = Inference(network, _plan, _KNOWN)

    def __call__(self, image: Tensor) -> Tensor:
        """From an image (1, c, h, w) of a size that the network takes to another."""
        made = self._inference(_key(self.network, image), image)
        if made is None:
            made = self.network(image.contiguous(memory_format=torch.channels_last))
        return made


def _key(network: ResNet | UNet, image: Tensor) -> Hashable:
    """What the steps depend on: the size, which norms measure the image, and dropout."""
    modules = list(network.modules())
    measures = tuple(m.measures for m in modules if isinstance(m, Norm))
    return (
        tuple(image.shape[2:]),
        measures,
        tuple(m.seed for m in modules if isinstance(m, Dropout)),
    )


def _plan(
    network: ResNet | UNet, program: Program, key: tuple[tuple[int, int], ...]
) -> _Plan | None:
    """The plan for a key; None where the kernels cannot compute the network."""
    shape = network.shape
    if min(key[0]) < shape.least or any(side % shape.multiple for side in key[0]):
        return None
    if any(isinstance(m, Resized) and m.how != "nearest" for m in network.modules()):
        return None
    steps = LayerSteps(program)
    given = torch.empty(network.shape.channels_in, *key[0])
    made = torch.empty(network.shape.channels_out, *key[0])
    add = _add_resnet if isinstance(network, ResNet) else _add_unet
    add(network, steps, given, made)
    return _Plan(steps, made.shape)


class _Plan:
    """A generator's program for images of one size.

    Args:
        steps: of the program, of which the first reads an image and the last writes one.
        shape: (c, h, w) of what it writes.
    """

    def __init__(self, steps: LayerSteps, shape: torch.Size) -> None:
        self._steps, self._shape = steps, shape

    def __call__(self, image: Tensor) -> Tensor:
        """From an image (1, c, h, w) to another."""
        program, made = self._steps.program, torch.empty(self._shape)
        program.read_from(0, image[0])
        program.write_to(-1, made)
        for norm in self._steps.given:
            norm.prepare()
        program.run()
        for norm in self._steps.measured:
            norm.note()
        return made[None]


def _add_resnet(net: ResNet, steps: LayerSteps, given: Tensor, made: Tensor) -> None:
    """CycleGAN's generator."""
    program = steps.program
    x = program.image(given, pad=3, edge=Edge.REFLECT, packed=True)
    x = steps.unit(net.stem, x, padding=0).activated(0.0)
    for unit in net.down:
        x = _replaced(program, x, steps.unit(unit, x).activated(0.0))
    for block in net.blocks:
        x = _replaced(program, x, _add_block(block, steps, x))
    for unit in net.up:
        x = _replaced(program, x, steps.unit(unit, x).activated(0.0))
    weight = net.head.weight.detach().permute(3, 0, 1, 2).flatten(0, 1)[..., None]
    x = program.convolve(x, weight, padding=(3, 0), edge=Edge.REFLECT, key=id(net.head))
    program.export(x, made, net.head.bias, spread=7, edge=Edge.REFLECT, tanh=True)


def _replaced(program: Program, old: Values, new: Values) -> Values:
    """A map whose predecessor nothing reads any more."""
    program.give_back(old)
    return new


def _add_block(block: Block, steps: LayerSteps, x: Values) -> Values:
    """A residual block."""
    edge = Edge.REFLECT if block.mode == "reflect" else Edge.ZEROS
    inner = steps.unit(block.first, x, edge=edge, dropout=block.dropout).activated(0.0)
    made = steps.unit(block.second, inner, edge=edge)
    steps.program.give_back(inner)
    return steps.program.combine(made, x, to=Values(made.memory, made.channels))


def _add_unet(net: UNet, steps: LayerSteps, given: Tensor, made: Tensor) -> None:
    """pix2pix's generator; what both ways give at one level lies in one map, side by side."""
    program, last = steps.program, len(net.shape.widths) - 1
    x = program.image(given, pad=1, packed=True)
    both: list[Values] = []
    for i, (unit, width) in enumerate(zip(net.down, net.shape.widths, strict=True)):
        to = None
        if i < last:
            both.append(_pair(program, width, (made.shape[1] >> i + 1, made.shape[2] >> i + 1)))
            dropped = net.dropout[i + 1]
            if isinstance(dropped, Dropout) and dropped.seed is not None:
                both[i] = replace(both[i], gate=torch.ones_like(both[i].memory))
            to = both[i].channels_from(0, width)
        x = steps.unit(unit, x, padding=min(i, 1), to=to).activated(SLOPE)
    x = x.activated(0.0)
    for i in range(last, 0, -1):
        pair = both[i - 1]
        to = pair.channels_from(pair.channels // 2, net.shape.widths[i - 1])
        steps.unit(net.up[i], x, to=to, dropout=net.dropout[i])
        x = pair.activated(0.0)
    unit = net.up[0]
    weight, bias, edge = enlarging_weight(unit.layer, x.channels)
    x = program.convolve(x, phases_weight(weight), padding=(1, 1), edge=edge, key=id(unit))
    program.export(x, made, bias, shuffle=2, tanh=True)


def _pair(program: Program, width: int, size: tuple[int, int]) -> Values:
    """Memory for two maps, each of whole blocks, with a scale of 1 and a shift of 0."""
    wide = 2 * blocks(width) * BLOCK
    return replace(program.values(wide, size), scale=torch.ones(wide), shift=torch.zeros(wide))
