"""The public generators by plain definition: weights by formula, and what they make of an image.

`write` gives the weights a public training would save, under its names; `make` is the network
written out with torch's functions, level by level, from those names alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Plain:
    """The options of a public training.

    Args:
        net: "resnet" or "unet".
        depth: residual blocks, or levels.
        norm: "instance", "batch" or "none".
        dropout: of the blocks, or on a U-Net's way up.
        filters: of the first layer.
        channels: in and out.
        padding: of blocks: "reflect" or "zero".
        up: "transposed", "padded" (resize, reflect, convolve) or "bare" (resize, convolve).
    """

    net: str
    depth: int
    norm: str = "instance"
    dropout: bool = False
    filters: int = 4
    channels: tuple[int, int] = (3, 3)
    padding: str = "reflect"
    up: str = "transposed"

    @property
    def shift(self) -> int:
        """Modules before an enlarging convolution."""
        return {"transposed": 0, "bare": 1, "padded": 2}[self.up]


class Weights:
    """Weights by name, drawn in the order of the names."""

    def __init__(self, case: Plain) -> None:
        self.case, self.state = case, dict[str, Tensor]()
        self.rng = torch.Generator().manual_seed(3)

    def conv(self, name: str, into: int, out: int, size: int, bias: bool, up: bool = False) -> None:
        turned = up and self.case.up == "transposed"
        shape = (into, out, size, size) if turned else (out, into, size, size)
        spread = (into * size * size) ** -0.5
        self.state[f"{name}.weight"] = torch.randn(shape, generator=self.rng) * spread
        if bias:
            self.state[f"{name}.bias"] = torch.randn(out, generator=self.rng) * 0.1

    def norm(self, name: str, channels: int) -> None:
        if self.case.norm != "batch":
            return
        self.state[f"{name}.weight"] = 1 + 0.2 * torch.randn(channels, generator=self.rng)
        self.state[f"{name}.bias"] = 0.2 * torch.randn(channels, generator=self.rng)
        self.state[f"{name}.running_mean"] = 0.1 * torch.randn(channels, generator=self.rng)
        self.state[f"{name}.running_var"] = 0.5 + torch.rand(channels, generator=self.rng)
        self.state[f"{name}.num_batches_tracked"] = torch.tensor(7)


def write(case: Plain) -> dict[str, Tensor]:
    """The weights of a case under the public names."""
    weights = Weights(case)
    (_write_resnet if case.net == "resnet" else _write_unet)(case, weights)
    return weights.state


def make(case: Plain, state: dict[str, Tensor], x: Tensor, trained: bool) -> Tensor:
    """The image (1, c, h, w); batch norms by their own statistics, or by the trained ones."""
    make = _make_resnet if case.net == "resnet" else _make_unet
    return make(case, state, x, trained)


def _rows(case: Plain) -> tuple[list[int], list[int], list[int]]:
    """The numbers of a ResNet's convolutions down, blocks, and convolutions up with the last."""
    down = [1, 4, 7]
    blocks = list(range(10, 10 + case.depth))
    first = 10 + case.depth + case.shift
    step = 3 + case.shift
    return down, blocks, [first, first + step, first - case.shift + 2 * step + 1]


def _inner(case: Plain) -> tuple[int, int]:
    first = 1 if case.padding == "reflect" else 0
    return first, first + 3 + case.dropout + (case.padding == "reflect")


def _write_resnet(case: Plain, weights: Weights) -> None:
    f, bias = case.filters, case.norm == "instance"
    down, blocks, up = _rows(case)
    widths = [case.channels[0], f, 2 * f, 4 * f]
    for i, n in enumerate(down):
        weights.conv(f"model.{n}", widths[i], widths[i + 1], 3 if i else 7, bias)
        weights.norm(f"model.{n + 1}", widths[i + 1])
    for n in blocks:
        for inner in _inner(case):
            weights.conv(f"model.{n}.conv_block.{inner}", 4 * f, 4 * f, 3, bias)
            weights.norm(f"model.{n}.conv_block.{inner + 1}", 4 * f)
    for i, n in enumerate(up[:-1]):
        into = 4 * f >> i
        weights.conv(f"model.{n}", into, into // 2, 3, bias or case.up != "transposed", up=True)
        weights.norm(f"model.{n + 1}", into // 2)
    weights.conv(f"model.{up[-1]}", f, case.channels[1], 7, True)


def _make_resnet(case: Plain, state: dict[str, Tensor], x: Tensor, trained: bool) -> Tensor:
    down, blocks, up = _rows(case)
    for i, n in enumerate(down):
        x = F.pad(x, (3, 3, 3, 3), "reflect") if i == 0 else x
        weight, bias = state[f"model.{n}.weight"], state.get(f"model.{n}.bias")
        x = F.conv2d(x, weight, bias, stride=2 if i else 1, padding=1 if i else 0)
        x = _normed(case, state, f"model.{n + 1}", x, trained).relu()
    for n in blocks:
        y = x
        for place, inner in enumerate(_inner(case)):
            name = f"model.{n}.conv_block.{inner}"
            y = F.pad(y, (1, 1, 1, 1), "reflect" if case.padding == "reflect" else "constant")
            y = F.conv2d(y, state[f"{name}.weight"], state.get(f"{name}.bias"))
            name = f"model.{n}.conv_block.{inner + 1}"
            y = _normed(case, state, name, y, trained)
            y = y if place else y.relu()
        x = x + y
    for n in up[:-1]:
        x = _enlarged(case, state, f"model.{n}", x)
        x = _normed(case, state, f"model.{n + 1}", x, trained).relu()
    x = F.pad(x, (3, 3, 3, 3), "reflect")
    last = f"model.{up[-1]}"
    return F.conv2d(x, state[f"{last}.weight"], state[f"{last}.bias"]).tanh()


def _unet_levels(case: Plain) -> list[tuple[str, int, int]]:
    """For each level its prefix and the numbers of its convolutions down and up."""
    levels, prefix = [], "model.model"
    for i in range(case.depth):
        lowest = i == case.depth - 1
        up = (3 if i == 0 or lowest else 5) + case.shift
        levels.append((prefix, 0 if i == 0 else 1, up))
        prefix += ".1.model" if i == 0 else ".3.model"
    return levels


def _write_unet(case: Plain, weights: Weights) -> None:
    f, bias = case.filters, case.norm == "instance"
    widths = [f * min(2**i, 8) for i in range(case.depth)]
    inwards, outwards = [case.channels[0], *widths], [case.channels[1], *widths]
    for i, (prefix, down, up) in enumerate(_unet_levels(case)):
        lowest = i == case.depth - 1
        weights.conv(f"{prefix}.{down}", inwards[i], widths[i], 4, bias)
        if 0 < i < case.depth - 1:
            weights.norm(f"{prefix}.2", widths[i])
        into = widths[i] if lowest else 2 * widths[i]
        size = 4 if case.up == "transposed" else 3
        with_bias = bias or i == 0 or case.up != "transposed"
        weights.conv(f"{prefix}.{up}", into, outwards[i], size, with_bias, up=True)
        if i:
            weights.norm(f"{prefix}.{up + 1}", outwards[i])


def _make_unet(case: Plain, state: dict[str, Tensor], x: Tensor, trained: bool) -> Tensor:
    def level(i: int, x: Tensor) -> Tensor:
        prefix, down, up = _unet_levels(case)[i]
        lowest = i == case.depth - 1
        y = F.leaky_relu(x, 0.2) if i else x
        weight, bias = state[f"{prefix}.{down}.weight"], state.get(f"{prefix}.{down}.bias")
        y = F.conv2d(y, weight, bias, stride=2, padding=1)
        if i and not lowest:
            y = _normed(case, state, f"{prefix}.2", y, trained)
        y = y if lowest else level(i + 1, y)
        y = _enlarged(case, state, f"{prefix}.{up}", y.relu())
        if i == 0:
            return y.tanh()
        return torch.cat([x, _normed(case, state, f"{prefix}.{up + 1}", y, trained)], 1)

    return level(0, x)


def _enlarged(case: Plain, state: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    weight, bias = state[f"{name}.weight"], state.get(f"{name}.bias")
    if case.up == "transposed":
        extra = 1 if case.net == "resnet" else 0
        return F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=extra)
    x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    if case.up == "bare":
        return F.conv2d(x, weight, bias, padding=1)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), weight, bias)


def _normed(case: Plain, state: dict[str, Tensor], name: str, x: Tensor, trained: bool) -> Tensor:
    if case.norm == "none":
        return x
    variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
    if case.norm == "batch" and trained:
        mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    x = (x - mean[:, None, None]) / (variance[:, None, None] + 1e-5).sqrt()
    if case.norm == "instance":
        return x
    return x * state[f"{name}.weight"][:, None, None] + state[f"{name}.bias"][:, None, None]
