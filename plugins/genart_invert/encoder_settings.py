"""Settings of encoder training. Imports nothing heavy: the command line reads it."""

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

    model: str = _say("pomona", "generator that makes the training images: name, file or URL")
    samples: int = _say(30_000, "number of training images")
    batch: int = _say(16, "new images per step")
    memory: int = _say(4096, "size of the replay memory in images")
    recall: int = _say(4, "extra training batches per step from the replay memory (8 x batch size)")
    width: int = _say(512, "width of the hidden layers")
    rate: float = _say(1e-3, "learning rate, falling to 0 along a cosine")
    seed: int = _say(0, "seed of weights, latents and order")
    snapshot_minutes: float = _say(5.0, "minutes between snapshots")
    keep: int = _say(2, "snapshots to keep")
    licence: str = _say("", "licence of the encoder, stored in its file")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_positive("samples", "batch", "recall", "width", "rate")
        self.check("memory", self.memory >= self.batch, f"{self.batch} (batch) or more")
