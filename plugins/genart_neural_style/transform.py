"""The network that repaints an image in one pass.

Johnson, Alahi and Fei-Fei 2016: convolutions that reduce the image, residual blocks, and
convolutions after nearest-neighbour up-sampling that enlarge it again; instance normalisation after
Ulyanov et al. 2017. One network holds several styles: each has its own gain and shift in every
normalisation (Dumoulin et al. 2017), and a blend of these is a blend of the styles.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: The smallest image that reflection padding and the normalisations take, in pixels a side.
SMALLEST = 16
_FAINT = 0.1  # what a new network adds to the direct way, of what it would by itself


@dataclass(frozen=True)
class Layout:
    """The shape of a network.

    Args:
        encoder: (kernel, stride, channels) of the convolutions before the blocks.
        decoder: (kernel, enlargement, channels) of those after them; the last gives 3 channels.
        blocks: residual blocks between them.
        styles: how many styles it holds.
        direct: whether the image itself is added, its colours transformed by a matrix per style.
            Instance normalisation forgets how light an image is and how much contrast it has;
            the direct way keeps it, and the finest detail.
    """

    encoder: tuple[tuple[int, int, int], ...]
    decoder: tuple[tuple[int, int, int], ...]
    blocks: int = 5
    styles: int = 1
    direct: bool = False

    @property
    def factor(self) -> int:
        """What a side of an image must be a multiple of, in pixels."""
        factor = 1
        for _, stride, _ in self.encoder:
            factor *= stride
        return factor

    def describe(self) -> str:
        """In words, such as "32-64-128, 5 blocks, 4 styles"."""
        widths = "-".join(str(channels) for _, _, channels in self.encoder)
        styles = f", {self.styles} styles" if self.styles > 1 else ""
        return f"{widths}, {self.blocks} blocks{styles}"


def johnson(width: int = 32, blocks: int = 5, styles: int = 1) -> Layout:
    """The network of the paper: three convolutions each way, 9x9 at both ends."""
    encoder = ((9, 1, width), (3, 2, 2 * width), (3, 2, 4 * width))
    return Layout(encoder, ((3, 2, 2 * width), (3, 2, width), (9, 1, 3)), blocks, styles)


def small(width: int = 32, blocks: int = 5, styles: int = 1) -> Layout:
    """A small network for live use: it has no features at full resolution.

    The first convolution halves the image, the last enlarges it, and what is lost comes by the
    direct way; at 256 px an image costs 2.7 billion operations, by the paper's network 20.
    """
    encoder = ((5, 2, width), (3, 2, 3 * width // 2))
    return Layout(encoder, ((3, 2, width), (5, 2, 3)), blocks, styles, direct=True)


class TransformNet(nn.Module):
    """Repaints images; names of weights follow the PyTorch examples' `fast_neural_style`.

    Args:
        layout: its shape.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        channels = 3
        for i, (kernel, stride, wide) in enumerate(layout.encoder, 1):
            self.add_module(f"conv{i}", Conv(channels, wide, kernel, stride))
            self.add_module(f"in{i}", ConditionalNorm(wide, layout.styles))
            channels = wide
        for i in range(1, layout.blocks + 1):
            self.add_module(f"res{i}", Residual(channels, layout.styles))
        first = len(layout.encoder) + 1
        for i, (kernel, times, wide) in enumerate(layout.decoder, 1):
            made = Conv(channels, wide, kernel) if times == 1 else UpConv(channels, wide, kernel)
            self.add_module(f"deconv{i}", made)
            if i < len(layout.decoder):
                self.add_module(f"in{first + i - 1}", ConditionalNorm(wide, layout.styles))
            channels = wide
        if layout.direct:
            self.add_module("colour", ConditionalColour(layout.styles))
            for weight in made.parameters():
                weight.data *= _FAINT

    def forward(self, image: Tensor, mix: Tensor) -> Tensor:
        """Repaint images.

        Args:
            image: (n, 3, h, w) in -1..1, sides multiples of `layout.factor`, 16 or more.
            mix: (n, styles) or (1, styles), the share of each style.

        Returns:
            (n, 3, h, w), about -1..1: the caller clamps it.
        """
        layers = dict(self.named_children())
        mix = mix.expand(len(image), -1)
        count, x = len(self.layout.encoder), image
        for i in range(1, count + 1):
            x = layers[f"in{i}"](layers[f"conv{i}"](x), mix).relu_()
        for i in range(1, self.layout.blocks + 1):
            x = layers[f"res{i}"](x, mix)
        last = len(self.layout.decoder)
        for i in range(1, last):
            x = layers[f"in{count + i}"](layers[f"deconv{i}"](x), mix).relu_()
        out: Tensor = layers[f"deconv{last}"](x)
        return out.add_(layers["colour"](image, mix)) if self.layout.direct else out


class Conv(nn.Module):
    """A convolution with reflection padding."""

    def __init__(self, narrow: int, wide: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(narrow, wide, kernel, stride)
        self.pad = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """(n, narrow, h, w) to (n, wide, h / stride, w / stride)."""
        y: Tensor = self.conv2d(F.pad(x, (self.pad,) * 4, mode="reflect"))
        return y


class UpConv(nn.Module):
    """Nearest-neighbour up-sampling by 2, then a convolution; the edge pixel is repeated.

    With a 3x3 kernel a repeated edge is the same as a reflected one.
    """

    def __init__(self, narrow: int, wide: int, kernel: int) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(narrow, wide, kernel)
        self.pad = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """(n, narrow, h, w) to (n, wide, 2h, 2w)."""
        large = F.interpolate(x, scale_factor=2.0, mode="nearest")
        y: Tensor = self.conv2d(F.pad(large, (self.pad,) * 4, mode="replicate"))
        return y


class ConditionalNorm(nn.Module):
    """Instance normalisation whose gain and shift are a blend of the styles' own."""

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(styles, channels))
        self.bias = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        """(n, c, h, w) to the same; mix is (n, styles)."""
        gain, shift = mix @ self.weight, mix @ self.bias  # (n, c)
        # One image's channels after another's: batch norm of a single image is the fast one.
        flat = x.reshape(1, -1, *x.shape[2:])
        y = F.batch_norm(flat, None, None, gain.flatten(), shift.flatten(), True, 0.0, 1e-5)
        return y.view_as(x) if len(x) > 1 else y


class ConditionalColour(nn.Module):
    """A linear map of colours, which is a blend of the styles' own."""

    def __init__(self, styles: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(3).repeat(styles, 1, 1))
        self.bias = nn.Parameter(torch.zeros(styles, 3))

    def forward(self, image: Tensor, mix: Tensor) -> Tensor:
        """(n, 3, h, w) to the same; mix is (n, styles)."""
        matrix, shift = torch.einsum("ns,sij->nij", mix, self.weight), mix @ self.bias
        if len(image) == 1:
            return F.conv2d(image, matrix[0, :, :, None, None], shift[0])
        return torch.einsum("nij,njhw->nihw", matrix, image) + shift[:, :, None, None]


class Residual(nn.Module):
    """Two 3x3 convolutions beside a straight way."""

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = Conv(channels, channels, 3), Conv(channels, channels, 3)
        self.in1, self.in2 = ConditionalNorm(channels, styles), ConditionalNorm(channels, styles)

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        """(n, c, h, w) to the same; mix is (n, styles)."""
        y = self.in1(self.conv1(x), mix).relu_()
        z: Tensor = self.in2(self.conv2(y), mix)
        return z.add_(x)
