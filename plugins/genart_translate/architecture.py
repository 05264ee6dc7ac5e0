"""The architecture of a generator: everything except the weights, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import genart

KINDS = ("resnet", "unet")
NORMS = ("instance", "affine", "batch", "none")
PADDINGS = ("reflect", "zero")
UPS = ("transposed", "nearest", "bilinear", "corners")
_NORM_TEXT = {"none": "no norm", "affine": "instance norm with scale and shift"}
_MOST_LEVELS = 12
_MOST_BLOCKS = 64
_MOST_WIDTH = 4096


@dataclass(frozen=True)
class Shape:
    """The architecture of an image-to-image generator.

    Args:
        kind: "resnet" (Johnson et al. 2016, Zhu et al. 2017) or "unet" (Isola et al. 2017).
        widths: channels after each level on the way down. A ResNet's first level keeps the size,
            every other and all of a U-Net's halve it.
        blocks: residual blocks at the lowest level of a ResNet.
        norm: "instance" (without scale and shift), "affine" (instance norm with both), "batch" or
            "none".
        dropout: a ResNet: 1 where its blocks drop out, else 0; a U-Net: how many levels on the
            way up do, counted from the second-lowest.
        padding: of a ResNet's blocks, "reflect" or "zero".
        up: "transposed" convolutions, or resizing ("nearest", "bilinear", or "corners", which is
            bilinear with aligned corners) before a 3x3 convolution with reflected edges.
        bias: whether convolutions before a norm have a bias.
        up_bias: the same for those on the way up.
        up_padding: of the 3x3 convolutions after resizing, "reflect" or "zero".
        channels_in: 3, or 1 for grey.
        channels_out: 3, or 1 for grey.

    Raises:
        UsageError: a value out of range.
    """

    kind: str = "resnet"
    widths: tuple[int, ...] = (64, 128, 256)
    blocks: int = 9
    norm: str = "instance"
    dropout: int = 0
    padding: str = "reflect"
    up: str = "transposed"
    bias: bool = True
    up_bias: bool = True
    up_padding: str = "reflect"
    channels_in: int = 3
    channels_out: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))
        unet = self.kind == "unet"
        self._check("kind", self.kind in KINDS, " or ".join(KINDS))
        levels = f"{2 if unet else 1} to {_MOST_LEVELS} numbers, each 1 to {_MOST_WIDTH}"
        enough = (2 if unet else 1) <= len(self.widths) <= _MOST_LEVELS
        whole = all(type(n) is int and 1 <= n <= _MOST_WIDTH for n in self.widths)
        self._check("widths", enough and whole, levels)
        self._check("blocks", _within(self.blocks, 0, _MOST_BLOCKS), f"0 to {_MOST_BLOCKS}")
        self._check("norm", self.norm in NORMS, ", ".join(NORMS))
        most = max(len(self.widths) - 2, 0) if unet else 1
        self._check("dropout", _within(self.dropout, 0, most), f"0 to {most}")
        for name in ("padding", "up_padding"):
            self._check(name, getattr(self, name) in PADDINGS, " or ".join(PADDINGS))
        self._check("up", self.up in UPS, ", ".join(UPS))
        for name in ("channels_in", "channels_out"):
            self._check(name, getattr(self, name) in (1, 3), "1 or 3")
        for name in ("bias", "up_bias"):
            self._check(name, type(getattr(self, name)) is bool, "true or false")

    def _check(self, name: str, fits: bool, allowed: str) -> None:
        if not fits:
            raise genart.UsageError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")

    @property
    def multiple(self) -> int:
        """Sides of its images are multiples of this many pixels."""
        return 1 << (len(self.widths) - (self.kind == "resnet"))

    @property
    def least(self) -> int:
        """The smallest side it takes, in pixels: its lowest level must be left to pad and norm."""
        return self.multiple if self.kind == "unet" else max(2 * self.multiple, 4)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"widths": list(self.widths)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Shape:
        """The shape of such a dict; unknown names are refused."""
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise genart.errors.UnknownName(
                    "property of an architecture", name, known, "Is genart too old?"
                )
        widths = values.get("widths", cls.widths)
        if not isinstance(widths, list | tuple):
            raise genart.UsageError(f"widths is {widths!r}; allowed: a list of numbers.")
        return cls(**{**values, "widths": tuple(widths)})

    def describe(self) -> str:
        """The shape in a line, for people."""
        ups = {"transposed": "transposed convolutions"}
        parts = [
            f"ResNet of {self.blocks} blocks" if self.kind == "resnet" else
            f"U-Net of {len(self.widths)} levels",
            f"{self.widths[0]} to {max(self.widths)} filters",
            _NORM_TEXT.get(self.norm, f"{self.norm} norm"),
            "dropout" if self.dropout else "no dropout",
            ups.get(self.up, f"{self.up} resizing"),
        ]  # fmt: skip
        colours = {1: "grey", 3: "colour"}
        if (self.channels_in, self.channels_out) != (3, 3):
            parts.append(f"{colours[self.channels_in]} to {colours[self.channels_out]}")
        return ", ".join(parts)


def resnet(blocks: int = 9, filters: int = 64, **more: Any) -> Shape:
    """The CycleGAN generator: c7s1-f, d2f, d4f, R4f x blocks, u2f, uf, c7s1-3."""
    return Shape("resnet", (filters, 2 * filters, 4 * filters), blocks, **more)


def unet(levels: int = 8, filters: int = 64, most: int = 8, **more: Any) -> Shape:
    """The pix2pix generator: Cf-C2f-C4f-C8f-... with skip connections, `levels` halvings.

    Widths stop growing at `most` times the filters; the papers' is 8.
    """
    widths = tuple(filters * min(2**level, most) for level in range(levels))
    return Shape("unet", widths, 0, **more)


def _within(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high
