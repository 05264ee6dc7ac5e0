"""The network of fast styles run by compiled kernels, one image at a time; see `genart.kernels`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genart.kernels import Edge, Inference, Program, Values, doubling_weight, phases_weight

from .transform import (
    SMALLEST,
    ConditionalColour,
    ConditionalNorm,
    Conv,
    Layout,
    Residual,
    TransformNet,
    UpConv,
)

_KNOWN = (TransformNet, Conv, UpConv, Residual, ConditionalNorm, ConditionalColour, nn.Conv2d)


class FastTransform:
    """A network whose images come from the kernels wherever these can compute them.

    Args:
        network: the reference, used in all other cases.
    """

    def __init__(self, network: TransformNet) -> None:
        self.network = network
        self._inference = Inference(network, _plan, _KNOWN)

    def __call__(self, image: Tensor, mix: Tensor) -> Tensor:
        """Repaint images; see `TransformNet.forward`."""
        mixes = mix.expand(len(image), -1)
        made: list[Tensor] = []
        for one, shares in zip(image, mixes, strict=True):
            found = self._inference(tuple(image.shape[2:]), one, shares)
            if found is None:
                out: Tensor = self.network(image.contiguous(memory_format=torch.channels_last), mix)
                return out
            made.append(found)
        return torch.stack(made)


def _plan(network: TransformNet, program: Program, size: tuple[int, int]) -> _Plan | None:
    """The plan for a size; None where the kernels cannot compute the network."""
    if min(size) < SMALLEST or any(side % network.layout.factor for side in size):
        return None
    inner = network.layout.decoder[:-1]
    if any(times == 2 and kernel != 3 for kernel, times, _ in inner):
        return None
    return _Plan(network, program, size)


class _Plan:
    """A network's program for images of one size.

    Args:
        network: which.
        program: an empty one.
        size: (h, w).
    """

    def __init__(self, network: TransformNet, program: Program, size: tuple[int, int]) -> None:
        self.program, self.layers = program, dict(network.named_children())
        self.size, self.given = size, torch.empty(3, *size)  # another image in each call
        self.norms: list[tuple[ConditionalNorm, Tensor, Tensor]] = []
        self.mix: Tensor | None = None
        self.colour = self.layers.get("colour")
        self.matrix, self.shift = torch.zeros(3, 3), torch.zeros(3)
        layout = network.layout
        x = self._encoded(layout)
        for i in range(1, layout.blocks + 1):
            x = self._residual(self.layers[f"res{i}"], x)
        for i in range(1, len(layout.decoder)):
            layer, norm = self.layers[f"deconv{i}"], self.layers[f"in{len(layout.encoder) + i}"]
            x = self._replaced(x, self._normed(norm, self._layer(layer, x)).activated(0.0))
        self._finish(self.layers[f"deconv{len(layout.decoder)}"], x)

    def __call__(self, image: Tensor, mix: Tensor) -> Tensor:
        """From an image (3, h, w) and the share of each style, (styles,), to an image."""
        self.program.read_from(0, image)
        if isinstance(self.colour, ConditionalColour):
            image = image.contiguous()
            self.program.spec(-1).image = image.data_ptr()
        if self.mix is None or not torch.equal(mix, self.mix):
            self._blend(mix.clone())
        made = torch.empty(3, *self.size)
        self.program.write_to(-1, made)
        self.program.run()
        return made

    def _blend(self, mix: Tensor) -> None:
        """Set gains, shifts and colours to those of a mix of styles."""
        self.mix = mix
        for norm, gain, shift in self.norms:
            torch.mv(norm.weight.T, mix, out=gain)
            torch.mv(norm.bias.T, mix, out=shift)
        if isinstance(self.colour, ConditionalColour):
            self.matrix.copy_(torch.einsum("s,sij->ij", mix, self.colour.weight))
            self.shift.copy_(mix @ self.colour.bias + self.bias)

    # ---- steps ----

    def _encoded(self, layout: Layout) -> Values:
        """The image after the convolutions that reduce it."""
        first = self.layers["conv1"]
        assert isinstance(first, Conv)
        x = self.program.image(self.given, pad=first.pad, edge=Edge.REFLECT, packed=True)
        for i in range(1, len(layout.encoder) + 1):
            made = self._layer(self.layers[f"conv{i}"], x, padded=i == 1)
            made = self._normed(self.layers[f"in{i}"], made).activated(0.0)
            x = made if i == 1 else self._replaced(x, made)
        return x

    def _residual(self, block: nn.Module, x: Values) -> Values:
        assert isinstance(block, Residual)
        inner = self._normed(block.in1, self._layer(block.conv1, x)).activated(0.0)
        made = self._normed(block.in2, self._layer(block.conv2, inner))
        self.program.give_back(inner)
        to = Values(made.memory, made.channels)
        return self._replaced(x, self.program.combine(made, x, to=to))

    def _layer(self, layer: nn.Module, x: Values, padded: bool = False) -> Values:
        assert isinstance(layer, Conv | UpConv)
        weight, bias, key = layer.conv2d.weight.detach(), layer.conv2d.bias, id(layer)
        if isinstance(layer, UpConv):
            return self.program.convolve_transposed(
                x, doubling_weight(weight), bias, edge=Edge.REPLICATE, key=key
            )
        pad = 0 if padded else layer.pad
        return self.program.convolve(
            x, weight, bias, stride=layer.conv2d.stride[0], padding=(pad, pad), edge=Edge.REFLECT,
            key=key,
        )  # fmt: skip

    def _normed(self, norm: nn.Module, x: Values) -> Values:
        assert isinstance(norm, ConditionalNorm)
        gain, shift = torch.zeros(2, x.channels)
        self.norms.append((norm, gain, shift))
        return self.program.normalise(x, gain, shift)

    def _replaced(self, old: Values, new: Values) -> Values:
        """A map whose predecessor nothing reads any more."""
        self.program.give_back(old)
        return new

    def _finish(self, layer: nn.Module, x: Values) -> None:
        """The last convolution, to the image, and the direct way."""
        assert isinstance(layer, Conv | UpConv)
        assert layer.conv2d.bias is not None
        weight, key = layer.conv2d.weight.detach(), id(layer)
        self.bias = layer.conv2d.bias.detach()
        self.shift.copy_(self.bias)
        if isinstance(layer, UpConv):
            weight = phases_weight(doubling_weight(weight))
            pad, edge = weight.shape[-1] // 2, Edge.REPLICATE
            x = self.program.convolve(x, weight, padding=(pad, pad), edge=edge, key=key)
            shuffle, spread = 2, 1
        else:
            spread, shuffle, edge = weight.shape[-1], 1, Edge.REFLECT
            weight = weight.permute(3, 0, 1, 2).flatten(0, 1)[..., None]
            x = self.program.convolve(x, weight, padding=(layer.pad, 0), edge=edge, key=key)
        direct = isinstance(self.colour, ConditionalColour)
        self.program.export(
            x, torch.empty(3, *self.size), self.shift, shuffle=shuffle, spread=spread, edge=edge,
            image=self.given if direct else None, matrix=self.matrix if direct else None,
        )  # fmt: skip
