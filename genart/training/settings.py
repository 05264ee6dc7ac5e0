"""Settings of every training run, and how a trainer declares its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from genart.errors import UnknownName, UsageError


def setting(default: Any, help: str) -> Any:
    """Declare a field of a trainer's settings.

    Args:
        default: its value unless given.
        help: a short phrase for `--help`.
    """
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of every run; a trainer's own settings are a frozen dataclass derived from it.

    Each field becomes an option of `genart train KIND`: declare it with `setting`. A subclass that
    checks ranges has a `__post_init__`, which calls this one first.

    Raises:
        UsageError: a value out of range.
    """

    minutes: float = setting(0.0, "time limit in minutes, resumable; 0 for none")
    snapshot_minutes: float = setting(20.0, "minutes between snapshots, whichever comes first")
    keep: int = setting(3, "snapshots to keep")
    licence: str = setting("", "licence of the model, stored in its file")
    transfer: str = setting("", "model (name, file or URL) whose weights a new run starts from")

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, float):
                self.check(each.name, math.isfinite(value), "a finite number")
        self.check_positive("keep")
        self.check_not_negative("minutes", "snapshot_minutes")

    def check(self, name: str, fits: bool, allowed: str) -> None:
        """UsageError unless the setting `name` is valid; `allowed` describes what is."""
        if not fits:
            raise UsageError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")

    def check_positive(self, *names: str) -> None:
        """UsageError where a setting is 0 or less."""
        for name in names:
            self.check(name, getattr(self, name) > 0, "more than 0")

    def check_not_negative(self, *names: str) -> None:
        """UsageError where a setting is less than 0."""
        for name in names:
            self.check(name, getattr(self, name) >= 0, "0 or more")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        values = asdict(self).items()
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values}

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Settings from keyword options; unknown ones are refused by name."""
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                raise UnknownName("training setting", name, known, "`--help` lists all.")
        return cls(**options)
