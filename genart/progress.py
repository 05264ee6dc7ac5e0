"""Progress of long work, reported to a callback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """Progress of long work, for a callback that shows it.

    Args:
        done: units finished.
        total: units in all, or None if the end is open.
        unit: what is counted: "frame", "kimg", "step".
        note: a short remark, such as the current loss.
    """

    done: float
    total: float | None = None
    unit: str = "step"
    note: str = ""


#: Called with a Progress again and again while work goes on; what it raises ends the work.
ProgressCallback: TypeAlias = Callable[[Progress], None]
