"""What can be set when a fast style is trained; imports nothing heavy for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import genart

NETS = ("stage", "johnson")

_say = genart.training.setting


@dataclass(frozen=True)
class FastSettings(genart.training.TrainingSettings):
    """Settings of a training run.

    The losses are relative: 1 means as large as what is compared, whatever the feature network.

    Raises:
        UsageError: a value out of range, or no style.
    """

    style: tuple[str, ...] = _say((), "a style picture, or NAME=PICTURE; once for each style")
    features: str = _say("auto", "who judges: lite0, vgg16, a file of VGG16's weights, or auto")
    net: str = _say("stage", "stage (small, for live play) or johnson (the paper's)")
    width: int = _say(32, "channels of the first convolution, a multiple of 8")
    blocks: int = _say(5, "residual blocks")
    steps: int = _say(10000, "steps before it is done")
    batch: int = _say(4, "pictures a step")
    crop: int = _say(192, "side of the pictures it learns from, in pixels, a multiple of 4")
    style_size: int = _say(256, "shorter side of the style pictures: larger, finer strokes")
    stroke: int = _say(1, "paintings are judged so many times smaller: large strokes, less work")
    content_weight: float = _say(1.0, "how much the picture stays what it is")
    style_weight: float = _say(4.0, "how much it becomes like the style")
    tv_weight: float = _say(0.1, "how much neighbouring pixels are alike")
    temporal_weight: float = _say(0.0, "for films: how little noise and small shifts may change")
    lr: float = _say(0.001, "learning rate")
    warmup: int = _say(100, "steps in which the learning rate grows to that")
    average: float = _say(0.998, "memory of the averaged weights, which are the model")
    jitter: float = _say(0.3, "how much colours of the pictures are varied, 0..1")
    seed: int = _say(0, "of weights, pictures and styles")
    snapshot_steps: int = _say(500, "steps between snapshots")
    note: str = _say("", "where pictures and styles came from, kept in the model's file")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.style:
            raise genart.UsageError("A fast style needs a picture: --style wave.jpg, or several.")
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
        """Settings from keyword options, where a single style need not be in a tuple."""
        style = options.get("style", ())
        given = (style,) if isinstance(style, str) else tuple(style)
        return super().from_options({**options, "style": given})
