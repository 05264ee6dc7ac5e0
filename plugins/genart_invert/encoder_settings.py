"""What can be set when an encoder is trained. Imports nothing heavy: the command line reads it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import genart


def _say(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class EncoderSettings:
    """Settings of an encoder's training.

    Raises:
        UsageError: a value out of range.
    """

    model: str = _say("pomona", "the generator whose pictures it learns from: name, file or URL")
    samples: int = _say(30_000, "pictures to make and learn from")
    minutes: float = _say(0.0, "stop after this many minutes, resumable; 0 for no limit")
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
        for name in ("samples", "batch", "recall", "width", "rate", "keep"):
            self._check(name, getattr(self, name) > 0, "more than 0")
        self._check("memory", self.memory >= self.batch, f"{self.batch} (batch) or more")
        for name in ("minutes", "snapshot_minutes"):
            self._check(name, getattr(self, name) >= 0, "0 or more")

    def _check(self, name: str, fits: bool, allowed: str) -> None:
        if not fits:
            raise genart.UsageError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> EncoderSettings:
        """Settings from keyword options; unknown ones are refused by name."""
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                raise genart.UnknownName("training setting", name, known, "`--help` lists all.")
        return cls(**options)
