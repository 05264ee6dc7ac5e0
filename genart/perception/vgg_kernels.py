"""Features of a frozen VGG and their gradient with respect to the image, by compiled kernels."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from genart.kernels.library import Library, library
from genart.kernels.program import Program
from genart.kernels.recent import Recent
from genart.kernels.structures import BLOCK, Combine, Kind, Map, Reading
from genart.kernels.values import Values
from genart.kernels.watch import is_ordinary
from genart.kernels.weights import PackedWeights

Layers = Sequence[tuple[str, nn.Module]]


class VggKernels:
    """Computes features by kernels, where a call is one that they can compute.

    Args:
        layers: convolutions, ReLUs and poolings by name, in order.
    """

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._convs = [layer for _, layer in layers if isinstance(layer, nn.Conv2d)]
        self._turn = threading.Lock()
        self._marks: object = None
        self._weights: PackedWeights | None = None
        self._trunks = Recent[_Trunk](lambda trunk: trunk.bytes)

    def __call__(self, x: Tensor, wanted: Sequence[str]) -> dict[str, Tensor] | None:
        """Features (n, c, h', w') in channels_last memory, by layer; None where torch computes.

        Args:
            x: prepared images (n, 3, h, w).
            wanted: layers, in their order.
        """
        kernels = library()
        if kernels is None or not self._is_possible(x):
            return None
        last = [name for name, _ in self._layers].index(wanted[-1])
        layers = self._layers[: last + 1]
        if min(x.shape[2:]) >> sum(_is_pool(layer) for _, layer in layers) < 1:
            return None
        with self._turn:
            self._prepare(kernels)
            trunks = [self._trunk(layers, tuple(wanted), x, i) for i in range(len(x))]
        images = [_Features.apply(x[i : i + 1], trunk) for i, trunk in enumerate(trunks)]
        return {name: torch.cat(each) if len(x) > 1 else each[0]
                for name, each in zip(wanted, zip(*images, strict=True), strict=True)}  # fmt: skip

    @property
    def bytes(self) -> int:
        """Of what was kept for the last image; outputs are not counted."""
        return 0 if (newest := self._trunks.newest) is None else newest.bytes

    def _is_possible(self, x: Tensor) -> bool:
        frozen = not any(p.requires_grad for conv in self._convs for p in conv.parameters())
        return frozen and is_ordinary(x.detach()) and type(x) is Tensor

    def _prepare(self, kernels: Library) -> None:
        marks = kernels, [_mark(p) for conv in self._convs for p in conv.parameters()]
        if marks != self._marks:
            self._marks, self._weights = marks, PackedWeights(kernels)
            self._trunks = Recent(lambda trunk: trunk.bytes)

    def _trunk(self, layers: Layers, wanted: tuple[str, ...], x: Tensor, n: int) -> _Trunk:
        assert self._weights is not None
        weights, size = self._weights, x.shape[2:]
        return self._trunks.get((wanted, size, n), lambda: _Trunk(weights, layers, wanted, size))


def _mark(tensor: Tensor) -> tuple[int, int]:
    return tensor.data_ptr(), 0 if tensor.is_inference() else tensor._version


def _is_pool(layer: nn.Module) -> bool:
    return isinstance(layer, nn.MaxPool2d | nn.AvgPool2d)


@dataclass
class _Layer:
    """A layer that was built: what it made, and where its step to an output is.

    Args:
        layer: as given.
        values: its result, as the next layer reads it.
        before: what it read.
        step: the copy to an output, or None.
        gradient: the input of the gradient of that output, or None.
    """

    layer: nn.Module
    values: Values
    before: Values
    step: Combine | None = None
    gradient: Combine | None = None


class _Trunk:
    """The programs of one size: forward, and back.

    Args:
        weights: packed.
        layers: up to the last one that is wanted.
        wanted: names of the layers that are given out.
        size: (h, w) of the image.
    """

    def __init__(
        self, weights: PackedWeights, layers: Layers, wanted: Sequence[str], size: Sequence[int]
    ) -> None:
        self.turn = threading.Lock()
        self.calls = 0
        self.forward, self.backward = Program(weights), Program(weights)
        self._built: list[_Layer] = []
        x = self.forward.image(torch.empty(3, size[0], size[1]))
        for name, layer in layers:
            x = self._add(x, layer, name in wanted)

    @property
    def bytes(self) -> int:
        """Of the maps of both programs."""
        return self.forward.bytes + self.backward.bytes

    def run(self, image: Tensor) -> tuple[Tensor, ...]:
        """The outputs of an image (1, 3, h, w)."""
        self.calls += 1
        self.forward.read_from(0, image[0])
        made = []
        for built in self._built:
            if built.step is not None:
                out = _like(built.values)
                built.step.y = _map(out)
                made.append(out)
        self.forward.run()
        return tuple(made)

    def run_back(self, gradients: Sequence[Tensor | None]) -> Tensor:
        """The gradient of the image (1, 3, h, w), of those of the outputs."""
        if not len(self.backward):
            self._build_backward()
        given = iter(gradients)
        held = []
        for built in self._built:
            if built.gradient is None:
                continue
            gradient = next(given)
            if gradient is None:
                gradient = torch.zeros_like(_like(built.values))
            gradient = gradient.contiguous(memory_format=torch.channels_last)
            held.append(gradient)
            built.gradient.x = _map(gradient)
        made = torch.empty(1, 3, *self._built[0].values.size, memory_format=torch.channels_last)
        self.backward.write_to(-1, made[0])
        self.backward.run()
        return made

    def _add(self, x: Values, layer: nn.Module, wanted: bool) -> Values:
        program = self.forward
        if isinstance(layer, nn.Conv2d):
            y = program.convolve(x, layer.weight, layer.bias, padding=(1, 1), key=layer)
        elif _is_pool(layer):
            if x.slope != 1.0 and isinstance(layer, nn.AvgPool2d):
                x = program.combine(x)
            y = program.pool(x, largest=isinstance(layer, nn.MaxPool2d))
            y = y.activated(x.slope)
        else:
            y = x.activated(0.0)
        step = None
        if wanted:
            step = Combine(x=y.map(), y=y.map(), of_x=y.reading())
            program.add(Kind.COMBINE, step)
        self._built.append(_Layer(layer, y, x, step))
        return y

    def _build_backward(self) -> None:
        """The steps back from the last output to the image; the last one gives its gradient."""
        program, g = self.backward, None
        for built in reversed(self._built):
            if built.step is not None:
                g = self._with_output(built, g)
            assert g is not None
            if isinstance(built.layer, nn.Conv2d):
                rotated = built.layer.weight.flip(2, 3).transpose(0, 1)
                made = program.convolve(g, rotated, padding=(1, 1), key=("back", built.layer))
            elif _is_pool(built.layer):
                largest = isinstance(built.layer, nn.MaxPool2d)
                made = program.unpool(built.before, _plain(program, g), largest=largest)
            else:
                made = Values(g.memory, g.channels, gate=built.before.memory)
            if made.memory.data_ptr() != g.memory.data_ptr():
                program.give_back(g)
            g = made
        assert g is not None
        program.export(g, torch.empty(3, *g.size))

    def _with_output(self, built: _Layer, g: Values | None) -> Values:
        """The gradient of a layer's result: that of the output, and what comes from behind."""
        program = self.backward
        total = program.values(built.values.channels, built.values.size)
        spec = Combine(y=total.map(), of_x=Reading(slope=1.0))
        if g is not None:
            spec.z, spec.of_z = g.map(), g.reading()
            program.give_back(g)
        built.gradient = spec
        program.add(Kind.COMBINE, spec)
        return total


def _plain(program: Program, g: Values) -> Values:
    """A map without anything that is done as it is read."""
    return program.combine(g) if g.gate is not None else g


def _like(values: Values) -> Tensor:
    shape = (1, values.channels, *values.size)
    return torch.empty(shape, memory_format=torch.channels_last)


def _map(tensor: Tensor) -> Map:
    """Where a tensor (1, c, h, w) in channels_last memory lies; c is a multiple of 16."""
    _, c, h, w = tensor.shape
    return Map(tensor.data_ptr(), w * c, c, BLOCK, h, w, c)


class _Features(torch.autograd.Function):
    """The outputs of one image, and the gradient of the image."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, trunk: _Trunk) -> tuple[Tensor, ...]:
        with trunk.turn:
            made = trunk.run(image)
            ctx.calls = trunk.calls
        ctx.trunk, ctx.image = trunk, image.detach()
        return made

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor, None]:
        trunk: _Trunk = ctx.trunk
        with trunk.turn:
            if trunk.calls != ctx.calls:  # its maps are those of another image by now
                trunk.run(ctx.image)
            return trunk.run_back(gradients), None
