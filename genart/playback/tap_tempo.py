"""Tap tempo: beats per minute from taps."""

from __future__ import annotations

import statistics
from collections import deque
from itertools import pairwise

#: After a pause so long, in seconds, taps start again: 24 beats per minute.
PAUSE = 2.5


#: Taps closer than this, in seconds, are one: at 400 beats per minute they are 0.15 apart.
BOUNCE = 0.1


class Taps:
    """Taps, and their tempo.

    The tempo is 60 over the mean of the last intervals, without those that differ from their median
    by more than a quarter: one missed or doubled tap changes nothing.

    Args:
        most: how many taps are used.
    """

    def __init__(self, most: int = 9) -> None:
        self._times: deque[float] = deque(maxlen=most)

    def tap(self, t: float) -> float | None:
        """A tap at time t in seconds; returns the beats per minute, or None for a first tap."""
        if self._times and t - self._times[-1] < BOUNCE:
            return self.bpm
        if self._times and t - self._times[-1] > PAUSE:
            self._times.clear()
        self._times.append(t)
        return self.bpm

    @property
    def bpm(self) -> float | None:
        """The tempo of the taps, or None while there are fewer than two."""
        times = list(self._times)
        intervals = [after - before for before, after in pairwise(times)]
        if not intervals:
            return None
        middle = statistics.median_low(intervals)
        return 60 / statistics.fmean(i for i in intervals if abs(i - middle) <= middle / 4)

    @property
    def count(self) -> int:
        """How many taps are used now."""
        return len(self._times)
