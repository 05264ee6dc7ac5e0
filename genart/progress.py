"""Progress of long work, given to a callback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """How far long work has come; handed to a callback, which decides how to show it.

    Args:
        done: units finished.
        total: units in all, or None when the end is open.
        unit: what is counted ("frame", "kimg", "step").
        note: a short remark, such as the current loss.
    """

    done: float
    total: float | None = None
    unit: str = "step"
    note: str = ""


ProgressCallback: TypeAlias = Callable[[Progress], None]
