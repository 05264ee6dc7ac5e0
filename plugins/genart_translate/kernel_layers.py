"""Layers of the generators as steps of a program for the kernels, see `genart.kernels`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genart.kernels import BLOCK, Edge, Program, Values, blocks, doubling_weight

from .layers import DROPOUT_GAIN, EPS, Dropout, Norm, Resized
from .networks import Unit


class LayerSteps:
    """Adds layers to a program.

    Args:
        program: which.

    Attributes:
        measured: norms whose statistics the program measures.
        given: norms whose statistics are given.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.measured: list[MeasuredNorm] = []
        self.given: list[GivenNorm] = []

    def unit(
        self, unit: Unit, x: Values, *, padding: int = 1, edge: Edge = Edge.ZEROS,
        to: Values | None = None, dropout: nn.Module | None = None,
    ) -> Values:  # fmt: skip
        """Add a layer, its norm, and dropout.

        Args:
            unit: the layer and the norm.
            x: what it reads.
            padding: of a convolution that keeps or halves the size.
            edge: what the padding is.
            to: where the result goes.
            dropout: behind the norm; what reads the result begins with a ReLU.
        """
        layer, key = unit.layer, id(unit)
        if isinstance(layer, nn.Conv2d):
            made = self.program.convolve(
                x, layer.weight, layer.bias, stride=layer.stride[0], padding=(padding, padding),
                edge=edge, to=to, key=key,
            )  # fmt: skip
        else:
            weight, bias, edge = enlarging_weight(layer, x.channels)
            made = self.program.convolve_transposed(x, weight, bias, edge=edge, to=to, key=key)
        gain = 1.0
        if isinstance(dropout, Dropout) and dropout.seed is not None:
            mask = dropout.mask(torch.empty(1, made.channels, *made.size))[0]
            made, gain = _gated(made, mask), DROPOUT_GAIN
        return self._normed(unit.norm, made, gain)

    def _normed(self, norm: nn.Module, x: Values, factor: float) -> Values:
        """A map with its norm and a factor, which are applied when it is read."""
        if isinstance(norm, Norm) and norm.measures:
            moments = torch.empty(2, x.channels)
            gain, bias = norm.weight, norm.bias
            if factor != 1.0:
                gain = factor * (torch.ones(x.channels) if gain is None else gain.detach())
                bias = None if bias is None else factor * bias.detach()
            self.measured.append(MeasuredNorm(norm, moments))
            return self.program.normalise(x, gain, bias, EPS, moments)
        if isinstance(norm, Norm) or factor != 1.0:
            x = _scaled(x, factor)
        if isinstance(norm, Norm):
            self.given.append(GivenNorm(norm, x, factor))
        return x


@dataclass
class MeasuredNorm:
    """A norm whose statistics a program measures.

    Args:
        norm: of the network.
        moments: mean and variance, (2, c).
    """

    norm: Norm
    moments: Tensor

    def note(self) -> None:
        """Note the statistics where the network would."""
        if self.norm.noted is not None:
            mean, variance = self.moments.clone()
            self.norm.noted.append((mean, variance))


@dataclass
class GivenNorm:
    """A norm whose statistics are given.

    Args:
        norm: of the network.
        values: the map with the scale and shift that normalise it.
        factor: by which both are multiplied.
    """

    norm: Norm
    values: Values
    factor: float

    def prepare(self) -> None:
        """Set scale and shift."""
        mean, variance = self.norm.given()
        gain = self.factor * (variance + EPS).rsqrt()
        if self.norm.weight is not None:
            gain = gain * self.norm.weight
        assert self.values.scale is not None
        assert self.values.shift is not None
        self.values.scale[: len(mean)] = gain
        bias = 0.0 if self.norm.bias is None else self.factor * self.norm.bias
        self.values.shift[: len(mean)] = bias - mean * gain


def _scaled(x: Values, factor: float) -> Values:
    """A map with memory for scale and shift, which only multiply it by a factor."""
    scale, shift = x.scale, x.shift
    if scale is None or shift is None:
        scale, shift = torch.zeros(2, blocks(x.channels) * BLOCK)
    return replace(x, scale=scale.fill_(factor), shift=shift)


def _gated(x: Values, mask: Tensor) -> Values:
    """A map whose values count where a mask (c, h, w) is positive."""
    gate = torch.empty_like(x.memory) if x.gate is None else x.gate
    rows = F.pad(mask.permute(1, 2, 0), (0, len(gate) * BLOCK - len(mask)))
    gate.copy_(rows.unflatten(2, (len(gate), BLOCK)).permute(2, 0, 1, 3))
    return replace(x, gate=gate)


def enlarging_weight(layer: nn.Module, channels: int) -> tuple[Tensor, Tensor | None, Edge]:
    """A layer that doubles the size as a transposed convolution.

    Args:
        layer: transposed, or nearest-neighbour interpolation and a convolution.
        channels: of the map, where a block of 16 may be filled up by zeros.

    Returns:
        The weight (in, out, k, k), the bias, and what lies beyond the map's edge.
    """
    if isinstance(layer, Resized):
        edge = Edge.ZEROS if layer.mode == "constant" else Edge.REPLICATE
        weight, bias = doubling_weight(layer.conv.weight.detach()), layer.conv.bias
    else:
        assert isinstance(layer, nn.ConvTranspose2d)
        edge, weight, bias = Edge.ZEROS, layer.weight.detach(), layer.bias
    if channels > len(weight):  # of two maps, each with whole blocks
        half = len(weight) // 2
        weight = torch.cat(
            [_filled(part, channels // 2) for part in (weight[:half], weight[half:])]
        )
    return weight, bias, edge


def _filled(weight: Tensor, channels: int) -> Tensor:
    """A weight (in, out, k, k) with zeros for further channels that are read."""
    return F.pad(weight, (0, 0, 0, 0, 0, 0, 0, channels - len(weight)))
