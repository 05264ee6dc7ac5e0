"""What can be set when an encoder is trained. Imports nothing heavy: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass

import genart

_say = genart.training.setting


@dataclass(frozen=True)
class EncoderSettings(genart.training.TrainingSettings):
    """Settings of an encoder's training.

    Raises:
        UsageError: a value out of range.
    """

    model: str = _say("pomona", "the generator whose pictures it learns from: name, file or URL")
    samples: int = _say(30_000, "pictures to make and learn from")
    batch: int = _say(16, "fresh pictures a step")
    memory: int = _say(4096, "pictures that are remembered")
    recall: int = _say(4, "lessons a step, each from 8 times as many remembered pictures")
    width: int = _say(512, "of the hidden layers")
    rate: float = _say(1e-3, "learning rate, falling to 0 along a cosine")
    seed: int = _say(0, "of weights, places and order")
    snapshot_minutes: float = _say(5.0, "minutes between snapshots")
    keep: int = _say(2, "snapshots to keep")
    licence: str = _say("", "licence of the encoder, kept in its file")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_positive("samples", "batch", "recall", "width", "rate")
        self.check("memory", self.memory >= self.batch, f"{self.batch} (batch) or more")
