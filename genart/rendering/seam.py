"""Seam: the change from the last frame to the first, relative to the usual change."""

from __future__ import annotations

import math
from array import array
from statistics import median

import numpy as np

from genart.contracts import Frame


class Seam:
    """Measures how a loop closes; of all frames it keeps the first and the last.

    The seam is the mean absolute difference between last and first frame over the median of that
    between neighbours: 1 means that the last frame leads to the first like any frame to its next.
    """

    def __init__(self) -> None:
        self._first: Frame | None = None
        self._last: Frame | None = None
        self._steps = array("d")

    def write(self, frame: Frame) -> None:
        """Take one frame."""
        if self._last is None:
            self._first = frame
        else:
            self._steps.append(difference(self._last, frame))
        self._last = frame

    def close(self) -> None:
        """Nothing is open."""

    @property
    def value(self) -> float | None:
        """The seam; None for fewer than 3 frames, or a film that mostly stands still."""
        if len(self._steps) < 2 or self._first is None or self._last is None:
            return None
        usual = median(self._steps)
        seam = difference(self._last, self._first) / usual if usual else math.inf
        return seam if math.isfinite(seam) else None


def difference(a: Frame, b: Frame) -> float:
    """The mean absolute difference of two frames, 0..255."""
    return float((np.maximum(a, b) - np.minimum(a, b)).mean())
