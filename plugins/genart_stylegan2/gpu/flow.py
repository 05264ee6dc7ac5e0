"""A batch of images of a "skip" network, as few, large operations of torch.

Activations are scaled by the style, not weights, so that weights are prepared once; they lie
channels last. Blocks in half precision follow StyleGAN2-ADA: weights and styles are normalised
before they are rounded, which demodulation undoes, and everything is clamped.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from genart_stylegan2.gpu import kernels
from genart_stylegan2.layers import FullyConnected, limit_of, upsample
from genart_stylegan2.synthesis import (
    StyledConv,
    Synthesis,
    SynthesisBlock,
    ToRGB,
    mirror_tile,
)

from .kernels import After


class Style:
    """An affine layer with its gains folded in."""

    def __init__(self, layer: FullyConnected, gain: float = 1.0) -> None:
        self.weight = (layer.weight.detach() * (layer.weight_gain * gain)).t().contiguous()
        self.bias = layer.bias.detach() * (layer.bias_gain * gain)

    def __call__(self, w: Tensor) -> Tensor:
        """(n, w_dim) to (n, channels)."""
        return torch.addmm(self.bias, w, self.weight)


class PackedConv:
    """A styled convolution's weights, prepared for a precision."""

    def __init__(self, layer: StyledConv, dtype: torch.dtype) -> None:
        weight = layer.weight.detach()
        self._half = dtype == torch.float16
        if self._half:
            size = weight.abs().amax((1, 2, 3), keepdim=True) * math.sqrt(weight[0].numel())
            weight = weight / size
        self._power = weight.square().sum((2, 3)).t().contiguous()  # (in, out)
        turned = weight.transpose(0, 1) if layer.up else weight
        self.weight = turned.to(dtype).contiguous(memory_format=torch.channels_last)
        self.bias, self.up, self.kernel = layer.bias.detach(), layer.up, layer.resample_filter
        self.limit = limit_of(layer.clamp, dtype)
        self._affine = Style(layer.affine)

    def style(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Factors on what enters (n, in) and on what leaves (n, out), float32."""
        style = self._affine(w)
        if self._half:
            style = style / style.abs().amax(1, keepdim=True)
        return style, (style.square() @ self._power + 1e-8).rsqrt()

    def __call__(self, x: Tensor, demod: Tensor, noise: Tensor, scale: Tensor | None) -> Tensor:
        """The output of the layer for a map that is already scaled by its style."""
        after = After(demod, noise, self.bias, self.limit, scale)
        passes = (kernels.fused(x.device) if x.is_cuda else None) or kernels
        if self.up:
            made: Tensor = passes.filter_finish(
                F.conv_transpose2d(x, self.weight, stride=2), self.kernel, after
            )
        else:
            made = passes.finish(F.conv2d(x, self.weight, padding=1), after)
        return made


class PackedRGB:
    """A layer to RGB's weights."""

    def __init__(self, layer: ToRGB, dtype: torch.dtype) -> None:
        self._style = Style(layer.affine, layer.weight_gain)
        self._weight = layer.weight.detach()[:, :, 0, 0].t().contiguous()  # (in, out)
        self._bias, self._limit = layer.bias.detach(), limit_of(layer.clamp, dtype)

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """(n, c, h, w) to float32 (n, img_channels, h, w): one product an image."""
        weight = (self._style(w)[:, :, None] * self._weight).to(x.dtype)  # (n, in, out)
        n, c, height, width = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(n, height * width, c)
        image = (rows @ weight).float() + self._bias
        if self._limit is not None:
            image = image.clamp(-self._limit, self._limit)
        return image.reshape(n, height, width, -1).permute(0, 3, 1, 2)


class Flow:
    """The images of one size in one precision.

    Args:
        synthesis: a "skip" network.
        start: size (h, w) of the first map.
        top: the last block's resolution.
        half: which blocks are in half precision, see `Config.is_half`.

    Attributes:
        layers: the convolutions, first to last.
        sizes: (h, w) of each one's map.
    """

    def __init__(
        self, synthesis: Synthesis, start: tuple[int, int], top: int, half: bool | str
    ) -> None:
        config = synthesis.config
        self._blocks = [
            _Block(synthesis.block(side), torch.float16 if config.is_half(side, half) else None)
            for side in config.resolutions
            if side <= top
        ]
        self._const = mirror_tile(synthesis.block(4).const.detach(), start)[None]
        self.layers = [layer for block in self._blocks for layer in block.layers]
        self.sizes = [
            (start[0] << depth, start[1] << depth)
            for depth, block in enumerate(self._blocks)
            for _ in block.layers
        ]

    def __call__(self, ws: Tensor, noise: list[Tensor]) -> Tensor:
        """From ws (n, num_ws, w_dim) and each layer's noise to images in float32."""
        x = self._const.expand(len(ws), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        image: Tensor | None = None
        at = 0
        for block in self._blocks:
            x, image = block(x, image, ws[:, at:], noise[at:])
            at += len(block.layers)
        assert image is not None
        return image.contiguous()


class _Block:
    """One resolution."""

    def __init__(self, block: SynthesisBlock, dtype: torch.dtype | None) -> None:
        self._dtype = dtype or torch.float32
        self.layers = [block.conv1] if block.resolution == 4 else [block.conv0, block.conv1]
        self._convs = [PackedConv(layer, self._dtype) for layer in self.layers]
        self._rgb = PackedRGB(block.torgb, self._dtype)
        self._kernel = block.resample_filter

    def __call__(
        self, x: Tensor, image: Tensor | None, ws: Tensor, noise: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Go on from x and the image with ws (n, convolutions + 1 or more, w_dim)."""
        styles = [conv.style(ws[:, i]) for i, conv in enumerate(self._convs)]
        x = (x * styles[0][0][:, :, None, None].to(x.dtype)).to(self._dtype)
        x = x.contiguous(memory_format=torch.channels_last)
        for i, conv in enumerate(self._convs):
            scale = styles[i + 1][0] if i + 1 < len(styles) else None
            x = conv(x, styles[i][1], noise[i], scale)
        added = self._rgb(x, ws[:, len(self._convs)])
        return x, added if image is None else upsample(image, self._kernel) + added
