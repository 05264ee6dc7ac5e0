"""Tempo by hand: taps become beats a minute, nudges move the beat, and whole beats are awaited.

The beat itself is `stage.Tempo`: summed up over time, so that no change of tempo makes it jump.
Taps and nudges turn its Params `tempo.bpm` and `tempo.offset`, so a show keeps them like any turn.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from itertools import pairwise
from typing import Any

from genart.errors import ParamError
from genart.live.store import Store

#: Taps further apart begin anew, in seconds: 24 beats a minute.
PAUSE = 2.5
#: Taps nearer than this, in seconds, are one: 400 beats a minute are 0.15 apart.
BOUNCE = 0.1


class Taps:
    """Taps in time, and the tempo they mean.

    The tempo is 60 over the median of the last intervals, those left out that differ from it by
    more than a quarter: one missed or doubled tap changes nothing.

    Args:
        most: how many taps count.
    """

    def __init__(self, most: int = 9) -> None:
        self._times: deque[float] = deque(maxlen=most)

    def tap(self, t: float) -> float | None:
        """A tap at time t in seconds; returns the beats a minute, or None for a first tap."""
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
        """How many taps count now."""
        return len(self._times)


class TempoDesk:
    """What the tempo's addresses do.

    Args:
        store: where `tempo.bpm` and `tempo.offset` are turned.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._taps = Taps()
        self._seen: tuple[float, float] | None = None

    def observe(self, t: float, beat: float) -> None:
        """Say which beat it was at time t; the engine does so every tick."""
        self._seen = (t, beat)

    def beat(self, t: float) -> float | None:
        """The beat at time t, from the last one seen, or None before any was."""
        if self._seen is None:
            return None
        since, beat = self._seen
        return beat + (t - since) * float(self.store.current("tempo.bpm")) / 60

    def tap(self, args: tuple[Any, ...] = (), source: str = "") -> None:
        """A tap now: two or more set the tempo; from the fourth on, taps are whole beats."""
        now = self.store.clock()
        beat = self.beat(now)
        bpm = self._taps.tap(now)
        if bpm is None:
            return
        self.store.put("tempo.bpm", bpm, source)
        if beat is not None and self._taps.count >= 4:
            self._move(round(beat) - beat, source)

    def nudge(self, args: tuple[Any, ...] = (), source: str = "") -> None:
        """Move the beat by args[0] beats, -4..4: above 0 it comes earlier.

        Raises:
            ParamError: no number, or a larger one.
        """
        step = args[0] if args else None
        if isinstance(step, bool) or not isinstance(step, (int, float)) or not abs(step) <= 4:
            raise ParamError(f"a nudge is -4..4 beats, not {step!r}.")
        self._move(float(step), source)

    def _move(self, beats: float, source: str) -> None:
        self.store.put("tempo.offset", self.store.current("tempo.offset") + beats, source)


def next_beat(beat: float, every: float = 1.0) -> float:
    """The next whole multiple of `every` beats, after this beat; 4 is a bar of four.

    Raises:
        ParamError: `every` is not above 0.
    """
    if not 0 < every < math.inf:
        raise ParamError(f"Beats are counted in steps above 0, not {every}.")
    return (math.floor(beat / every) + 1) * every


def seconds_until(beat: float, target: float, bpm: float) -> float:
    """Seconds from a beat to a later one at a tempo; 0 if it is past."""
    return max(target - beat, 0.0) * 60 / bpm
