"""The clock of a night: absolute deadlines, late frames skipped, never caught up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from threading import Event

from genart.runner import Tick


class LiveClock:
    """Ticks at t0 + i / fps by the wall clock, until told to stop.

    A loop that comes back less than a period late goes on at once; one that is later skips the
    ticks it missed. Times are exact fractions of the rate, as in a film, so that a recorded show
    renders to the same frames; dt tells how much was skipped.

    Args:
        fps: ticks a second.
        seconds: after how long to end; None goes on until `stop`.
        stop: ends the ticks when it is set.
        now: seconds on a clock that never goes back.

    Attributes:
        skipped: how many ticks were missed.
        tick: the last one, or None before the first.
    """

    def __init__(
        self,
        fps: Fraction,
        *,
        seconds: float | None = None,
        stop: Event | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.fps, self.stop = fps, stop or Event()
        self.skipped = 0
        self.tick: Tick | None = None
        self._end = None if seconds is None else max(1, round(Fraction(seconds) * fps))
        self._now = now
        self._start: float | None = None

    def seconds(self) -> float:
        """Seconds since the first tick."""
        return 0.0 if self._start is None else self._now() - self._start

    def shift(self, seconds: float) -> None:
        """Let the deadlines to come be so much later, while the clock runs."""
        if self._start is not None:
            self._start += seconds

    def __iter__(self) -> Iterator[Tick]:
        self._start, before, index = self._now(), -1, 0
        while not self.stop.is_set() and (self._end is None or index < self._end):
            late = self._now() - self._start - float(index / self.fps)
            if late < 0:
                self.stop.wait(-late)  # and look again: a wait may end early
            elif (missed := int(late * self.fps)) > 0:
                self.skipped += missed
                index += missed
            else:
                self.tick = Tick(index, index / self.fps, (index - before) / self.fps)
                yield self.tick
                before, index = index, index + 1
