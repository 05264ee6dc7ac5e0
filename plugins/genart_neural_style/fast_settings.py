"""Settings of fast-style training. Imports nothing heavy: the command line reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import genart

NETS = ("small", "johnson")

_say = genart.training.setting


@dataclass(frozen=True)
class FastSettings(genart.training.TrainingSettings):
    """Settings of a training run.

    The losses are relative: 1 means as large as what is compared, whatever the feature network.

    Raises:
        UsageError: a value out of range, or no style.
    """

    style: tuple[str, ...] = _say((), "style image, or NAME=IMAGE; repeatable")
    features: str = _say(
        "auto", "network of the perceptual loss: lite0, vgg16, a file of VGG-16 weights, or auto"
    )
    net: str = _say("small", "small (for live use) or johnson (the paper's)")
    width: int = _say(32, "channels of the first convolution, a multiple of 8")
    blocks: int = _say(5, "residual blocks")
    steps: int = _say(10000, "number of steps")
    batch: int = _say(4, "images per step")
    crop: int = _say(192, "side of the training crops in pixels, a multiple of 4")
    style_size: int = _say(256, "shorter side of the style images; larger means finer strokes")
    stroke: int = _say(1, "losses use images this many times smaller: larger strokes, less work")
    content_weight: float = _say(1.0, "weight of the content")
    style_weight: float = _say(4.0, "weight of the style")
    tv_weight: float = _say(0.1, "weight of smoothness (total variation)")
    temporal_weight: float = _say(
        0.0, "weight of stability in films, against noise and small shifts"
    )
    lr: float = _say(0.001, "learning rate")
    warmup: int = _say(100, "steps of learning-rate warm-up")
    average: float = _say(0.998, "decay of the averaged weights, which are the model")
    jitter: float = _say(0.3, "strength of colour augmentation, 0..1")
    seed: int = _say(0, "seed of weights, images and styles")
    snapshot_steps: int = _say(500, "steps between snapshots")
    note: str = _say("", "source of images and styles, stored in the model file")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.style:
            raise genart.UsageError(
                "A fast style needs at least one style image: --style wave.jpg."
            )
        self.check("net", self.net in NETS, " or ".join(NETS))
        self.check("width", self.width > 0 and self.width % 8 == 0, "a multiple of 8")
        self.check("crop", self.crop >= 32 and self.crop % 4 == 0, "a multiple of 4 from 32")
        self.check("style_size", self.style_size >= 32, "32 or more")
        self.check("stroke", 1 <= self.stroke <= 4, "1..4")
        self.check("jitter", 0 <= self.jitter <= 1, "0..1")
        self.check("average", 0 <= self.average < 1, "0 up to 1")
        self.check_positive("steps", "batch", "lr", "snapshot_steps")
        self.check_not_negative("blocks", "warmup", "content_weight", "style_weight", "tv_weight")
        self.check_not_negative("temporal_weight")

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Settings from keyword options; a single style need not be in a tuple."""
        style = options.get("style", ())
        given = (style,) if isinstance(style, str) else tuple(style)
        return super().from_options({**options, "style": given})
