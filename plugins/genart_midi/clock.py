"""MIDI clock: 24 ticks a beat, each with jitter, become a tempo and a beat.

A straight line is fitted to the last four beats of ticks by least squares, twice: the second time
without outliers, which were delayed. The scatter of the others gives the standard error of the
tempo.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

#: Ticks a beat; a song position is counted in sixteenths, of 6 ticks.
TICKS, SIXTEENTH = 24, 6
_FEWEST, _MOST, _LATEST = 24, 96, 12
#: Ticks further from the line than so many median distances are outliers.
_FAR = 2.5
#: If the newest ticks are all so far off the line, in ticks, it is fitted to them alone.
_ASTRAY = 0.75
#: After a pause so long, in seconds, the ticks start again.
_PAUSE = 0.25


@dataclass(frozen=True)
class Line:
    """Ticks as a linear function of time.

    Args:
        rate: ticks per second.
        middle: a time in seconds.
        count: the tick at that time.
        doubt: the standard error of the rate.
    """

    rate: float
    middle: float
    count: float
    doubt: float

    def at(self, t: float) -> float:
        """The tick at time t."""
        return self.count + (t - self.middle) * self.rate

    @classmethod
    def through(cls, ticks: Iterable[tuple[int, float]]) -> Line | None:
        """The line fitted to (number, time) pairs; None if it does not rise."""
        points = list(ticks)
        many = len(points)
        count = sum(i for i, _ in points) / many
        middle = sum(t for _, t in points) / many
        along = sum((t - middle) ** 2 for _, t in points)
        rate = sum((t - middle) * (i - count) for i, t in points) / along if along else 0.0
        if rate <= 0:
            return None
        off = sum((i - count - (t - middle) * rate) ** 2 for i, t in points)
        return cls(rate, middle, count, math.sqrt(off / max(many - 2, 1) / along))


class Clock:
    """The clock of a sequencer.

    Attributes:
        counts: whether the beat's number is known: after a start, or a song position.
        ticks: the number of the next tick, from the song's beginning if that is known.
    """

    def __init__(self) -> None:
        self.counts = False
        self.ticks = 0
        self._ticks: deque[tuple[int, float]] = deque(maxlen=_MOST)
        self._line: Line | None = None

    def tick(self, t: float) -> None:
        """A tick arrived at time t in seconds."""
        if self._ticks and t - self._ticks[-1][1] > _PAUSE:
            self._ticks.clear()
        self._ticks.append((self.ticks, t))
        self.ticks += 1
        if self._has_gone_astray():
            newest = list(self._ticks)[-_LATEST:]
            self._ticks.clear()
            self._ticks.extend(newest)
        self._draw()

    def start(self) -> None:
        """The song starts with the next tick."""
        self.locate(0)

    def locate(self, sixteenths: int) -> None:
        """The next tick is at this song position, in sixteenths."""
        ticks = SIXTEENTH * sixteenths
        self._ticks = deque(((i + ticks - self.ticks, t) for i, t in self._ticks), maxlen=_MOST)
        self.ticks, self.counts = ticks, True
        self._draw()

    @property
    def bpm(self) -> float | None:
        """Beats a minute; None until a beat was received."""
        return None if self._line is None else 60 * self._line.rate / TICKS

    @property
    def doubt(self) -> float:
        """The uncertainty of the tempo in beats per minute: three standard errors."""
        return 0.0 if self._line is None else 180 * self._line.doubt / TICKS

    def beat(self, t: float) -> float | None:
        """The beat at time t; None until a beat was received."""
        return None if self._line is None else self._line.at(t) / TICKS

    def _draw(self) -> None:
        self._line = None
        if len(self._ticks) < _FEWEST:
            return
        first = Line.through(self._ticks)
        if first is None:
            return
        off = [abs(i - first.at(t)) for i, t in self._ticks]
        near = _FAR * statistics.median(off)
        kept = [tick for tick, far in zip(self._ticks, off, strict=True) if far <= near]
        self._line = Line.through(kept) if len(kept) > 2 else first

    def _has_gone_astray(self) -> bool:
        """Whether the newest ticks are all on one side of the line, and far from it."""
        if self._line is None:
            return False
        off = [i - self._line.at(t) for i, t in list(self._ticks)[-_LATEST:]]
        return min(off) > _ASTRAY or max(off) < -_ASTRAY
