"""What can be set when a fast style is trained; imports nothing heavy for the command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import genart

NETS = ("stage", "johnson")


def _say(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class FastSettings:
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
    minutes: float = _say(0.0, "stop after this many minutes, resumable; 0 for no limit")
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
    snapshot_minutes: float = _say(20.0, "minutes between snapshots, whichever comes first")
    keep: int = _say(3, "snapshots to keep")
    licence: str = _say("", "licence of the model, kept in its file")
    note: str = _say("", "where pictures and styles came from, kept in the model's file")

    def __post_init__(self) -> None:
        if not self.style:
            raise genart.UsageError("A fast style needs a picture: --style wave.jpg, or several.")
        self._check("net", self.net in NETS, " or ".join(NETS))
        self._check("width", self.width > 0 and self.width % 8 == 0, "a multiple of 8")
        self._check("crop", self.crop >= 32 and self.crop % 4 == 0, "a multiple of 4 from 32")
        self._check("style_size", self.style_size >= 32, "32 or more")
        self._check("stroke", 1 <= self.stroke <= 4, "1..4")
        self._check("jitter", 0 <= self.jitter <= 1, "0..1")
        self._check("average", 0 <= self.average < 1, "0 up to 1")
        for name in ("steps", "batch", "lr", "snapshot_steps", "keep"):
            self._check(name, getattr(self, name) > 0, "more than 0")
        for name in ("blocks", "warmup", "minutes"):
            self._check(name, getattr(self, name) >= 0, "0 or more")
        for name in ("content_weight", "style_weight", "tv_weight", "temporal_weight"):
            self._check(name, getattr(self, name) >= 0, "0 or more")

    def _check(self, name: str, fits: bool, allowed: str) -> None:
        if not fits:
            raise genart.UsageError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"style": list(self.style)}

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> FastSettings:
        """Settings from keyword options; unknown ones are refused by name."""
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                raise genart.UnknownName("training setting", name, known, "`--help` lists all.")
        style = options.get("style", ())
        given = (style,) if isinstance(style, str) else tuple(style)
        return cls(**{**options, "style": given})
