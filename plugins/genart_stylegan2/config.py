"""The shape of a StyleGAN2 network, in the field's own terms."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import genart

ARCHITECTURES = ("orig", "skip", "resnet")


@dataclass(frozen=True)
class Config:
    """Architecture of a StyleGAN2 or StyleGAN2-ADA network (Karras et al. 2020a, 2020b).

    Args:
        img_resolution: side of its square images, a power of two from 4 to 2048.
        img_channels: 1 grey, 3 RGB or 4 RGBA.
        z_dim: size of z.
        w_dim: size of w.
        c_dim: number of classes, 0 when unconditional.
        mapping_layers: fully connected layers from z to w.
        mapping_lr_multiplier: learning-rate multiplier of these layers.
        channel_base: channels are channel_base / resolution ...
        channel_max: ... but no more than this.
        num_fp16_res: how many of the highest resolutions run in half precision on CUDA.
        conv_clamp: activations are clamped to +-conv_clamp times their gain; None never clamps.
        architecture: how the generator's image arises, "skip", "orig" or "resnet".
        resample_filter: taps of the separable low-pass filter.
        use_noise: whether layers add noise.

    Raises:
        UsageError: a value out of range.
    """

    img_resolution: int
    img_channels: int = 3
    z_dim: int = 512
    w_dim: int = 512
    c_dim: int = 0
    mapping_layers: int = 8
    mapping_lr_multiplier: float = 0.01
    channel_base: int = 32768
    channel_max: int = 512
    num_fp16_res: int = 0
    conv_clamp: float | None = None
    architecture: str = "skip"
    resample_filter: tuple[int, ...] = (1, 3, 3, 1)
    use_noise: bool = True

    def __post_init__(self) -> None:
        res = self.img_resolution
        _check(
            "img_resolution",
            res,
            4 <= res <= 2048 and res & (res - 1) == 0,
            "a power of two from 4 to 2048",
        )
        _check("img_channels", self.img_channels, self.img_channels in (1, 3, 4), "1, 3 or 4")
        _check(
            "architecture",
            self.architecture,
            self.architecture in ARCHITECTURES,
            "one of " + ", ".join(ARCHITECTURES),
        )
        for name, low, high in (
            ("z_dim", 0, 8192),
            ("w_dim", 1, 8192),
            ("c_dim", 0, 100_000),
            ("mapping_layers", 1, 32),
            ("channel_base", 1, 2**20),
            ("channel_max", 1, 8192),
            ("num_fp16_res", 0, 16),
        ):
            value = getattr(self, name)
            _check(name, value, low <= value <= high, f"{low}..{high}")
        taps = self.resample_filter
        _check(
            "resample_filter",
            taps,
            1 <= len(taps) <= 16 and sum(taps) != 0,
            "1 to 16 taps that do not sum to 0",
        )

    @property
    def resolutions(self) -> list[int]:
        """Sides of the blocks, 4, 8, ... img_resolution."""
        return [2**i for i in range(2, int(math.log2(self.img_resolution)) + 1)]

    @property
    def num_ws(self) -> int:
        """How many w the synthesis network takes: one a convolution and one for the last RGB."""
        return 2 * len(self.resolutions)

    def channels(self, resolution: int) -> int:
        """Channels of the block at a resolution."""
        return min(self.channel_base // resolution, self.channel_max)

    def is_half(self, resolution: int) -> bool:
        """Whether the block at a resolution runs in half precision where that is on."""
        return resolution in self.resolutions[len(self.resolutions) - self.num_fp16_res :] and (
            self.num_fp16_res > 0
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """The inverse of `to_dict`; unknown keys are refused."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise genart.UsageError(f"Unknown StyleGAN2 settings: {', '.join(sorted(unknown))}.")
        taps = tuple(values.get("resample_filter", (1, 3, 3, 1)))
        return cls(**{**values, "resample_filter": taps})


def _check(name: str, value: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise genart.UsageError(f"StyleGAN2 {name} is {value!r}; allowed: {allowed}.")
