"""A layer's weights in the form of the engine: computed once, shared by all its plans."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from genart_stylegan2.layers import SQRT2
from genart_stylegan2.synthesis import StyledConv, ToRGB

from .phases import kernels
from .winograd import points_of

EPS = 1e-8
_SHARE = 128  # channels of the output that one thread makes at a time


class Packed:
    """A styled convolution's weights, with the activation's gain folded in.

    Args:
        layer: where they come from.
        gain: the branch's own gain, beside the leaky ReLU's sqrt 2.
    """

    def __init__(self, layer: StyledConv, gain: float) -> None:
        self.layer = layer
        self.gain = SQRT2 * gain
        self.limit = None if layer.clamp is None else layer.clamp * gain
        self.out, self.channels = layer.weight.shape[:2]
        self.bias = layer.bias.detach() * self.gain
        power = layer.weight.detach().square().sum((2, 3))
        self.power = power / self.gain**2  # (out, in); its root's inverse carries the gain
        self.eps = torch.full((self.out,), EPS / self.gain**2)

    @property
    def parts(self) -> list[int]:
        """How many channels of the output each share of the taps makes."""
        return [len(part) for part in self.power.split(_SHARE)]

    @cached_property
    def taps(self) -> list[Tensor]:
        """Every tap for itself, for each share of the output's channels (in, 9 * out)."""
        shares = self.layer.weight.detach().split(_SHARE)
        return [share.permute(1, 2, 3, 0).reshape(self.channels, -1) for share in shares]

    @cached_property
    def points(self) -> Tensor:
        """Kernels at Winograd's points, (36, in, out)."""
        return points_of(self.layer.weight.detach(), flip=self.layer.up)

    @cached_property
    def phases(self) -> Tensor:
        """Kernels at the points of the form by phases, (6, 6, in, out)."""
        return kernels(self.layer.weight.detach()).view(6, 6, self.channels, self.out)

    @cached_property
    def borders(self) -> tuple[Tensor, Tensor]:
        """The last row and the last column of taps, (in, 3 * out) each."""
        weight = self.layer.weight.detach()
        low, right = weight[:, :, 2].permute(1, 2, 0), weight[..., 2].permute(1, 2, 0)
        return low.flatten(1).contiguous(), right.flatten(1).contiguous()


class PackedRGB:
    """The weights of a layer to RGB, (img_channels, in)."""

    def __init__(self, layer: ToRGB) -> None:
        self.weight = layer.weight.detach()[:, :, 0, 0].contiguous()
        self.bias = layer.bias.detach()[:, None].clone()
        self.limit = layer.clamp


class Weights:
    """Every layer's packed weights, made when first asked for."""

    def __init__(self) -> None:
        self._convs: dict[StyledConv, Packed] = {}
        self._rgbs: dict[ToRGB, PackedRGB] = {}

    def conv(self, layer: StyledConv, gain: float) -> Packed:
        """Of a styled convolution, in a branch of this gain."""
        if layer not in self._convs:
            self._convs[layer] = Packed(layer, gain)
        return self._convs[layer]

    def rgb(self, layer: ToRGB) -> PackedRGB:
        """Of a layer to RGB."""
        if layer not in self._rgbs:
            self._rgbs[layer] = PackedRGB(layer)
        return self._rgbs[layer]
