"""The architecture of a StyleGAN2 network, in the terms of the papers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeGuard

import genart

ARCHITECTURES = ("orig", "skip", "resnet")
_HIGH = 4  # resolutions that "half" runs in half precision at least
_RANGES = {
    "z_dim": (0, 8192),
    "w_dim": (1, 8192),
    "c_dim": (0, 100_000),
    "mapping_layers": (1, 32),
    "channel_base": (1, 2**20),
    "channel_max": (1, 8192),
    "num_fp16_res": (0, 16),
}


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
        conv_clamp: activations are clamped to +-conv_clamp, times sqrt 0.5 in the branches of a
            resnet; None never clamps.
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
    resample_filter: tuple[float, ...] = (1, 3, 3, 1)
    use_noise: bool = True

    def __post_init__(self) -> None:
        res, power = self.img_resolution, "a power of two from 4 to 2048"
        self._check("img_resolution", _is_int(res, 4, 2048) and res & (res - 1) == 0, power)
        channels = self.img_channels
        self._check("img_channels", _is_int(channels, 1, 4) and channels != 2, "1, 3 or 4")
        architectures = "one of " + ", ".join(ARCHITECTURES)
        self._check("architecture", self.architecture in ARCHITECTURES, architectures)
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            self._check(name, _is_int(value, low, high), f"a whole number {low}..{high}")
        self._check("channel_base", self.channel_base >= res, f"{res} (img_resolution) or more")
        self._check("conv_clamp", _is_clamp(self.conv_clamp), "a number above 0, or None")
        rate = self.mapping_lr_multiplier
        self._check("mapping_lr_multiplier", _is_number(rate) and 0 < rate <= 100, "0..100")
        taps = "1 to 16 numbers that do not sum to 0"
        self._check("resample_filter", _are_taps(self.resample_filter), taps)
        self._check("use_noise", isinstance(self.use_noise, bool), "True or False")

    def _check(self, name: str, fits: bool, allowed: str) -> None:
        if not fits:
            value = repr(getattr(self, name))
            raise genart.UsageError(f"StyleGAN2 {name} is {value[:80]}; allowed: {allowed}.")

    @property
    def resolutions(self) -> list[int]:
        """Sides of the blocks, 4, 8, ... img_resolution."""
        return [2**i for i in range(2, int(math.log2(self.img_resolution)) + 1)]

    @property
    def num_ws(self) -> int:
        """How many w the synthesis network takes: one a convolution and one for the last RGB."""
        return 2 * len(self.resolutions)

    @property
    def layer_names(self) -> list[str]:
        """The 3x3 convolutions from first to last: "b4.conv1", "b8.conv0", "b8.conv1" ..."""
        later = [f"b{at}.conv{n}" for at in self.resolutions[1:] for n in (0, 1)]
        return ["b4.conv1", *later]

    def channels(self, resolution: int) -> int:
        """Channels of the block at a resolution."""
        return min(self.channel_base // resolution, self.channel_max)

    def is_half(self, resolution: int, half: bool | str = True) -> bool:
        """Whether the block at a resolution runs in half precision.

        Args:
            resolution: the block's.
            half: True as the model is made for; "high" at least the four highest resolutions, as
                StyleGAN2-ADA has them; "all" every one; False none.
        """
        if isinstance(half, bool):
            return half and resolution << self.num_fp16_res > self.img_resolution
        most = max(self.num_fp16_res, _HIGH)
        return half == "all" or resolution << most > self.img_resolution

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """The inverse of `to_dict`; unknown keys are refused."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise genart.UsageError(f"Unknown StyleGAN2 settings: {', '.join(sorted(unknown))}.")
        if "img_resolution" not in values:
            raise genart.UsageError("StyleGAN2 settings without img_resolution.")
        taps = values.get("resample_filter")
        return cls(
            **{**values, "resample_filter": tuple(taps)} if isinstance(taps, list) else values
        )


def _is_number(value: object) -> TypeGuard[float]:
    """Any whole or fractional number up to a million, as no setting needs more."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e6


def _is_int(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_clamp(value: object) -> bool:
    return value is None or (_is_number(value) and value > 0)


def _are_taps(taps: object) -> bool:
    if not (isinstance(taps, tuple) and 1 <= len(taps) <= 16):
        return False
    return all(_is_number(tap) for tap in taps) and abs(sum(taps)) > 1e-6
