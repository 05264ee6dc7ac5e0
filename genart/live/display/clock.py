"""LiveClock: ticks at absolute deadlines; late ticks are skipped, never caught up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from threading import Event

from genart.playback.clock import Tick
from genart.profiling import WAITING, span


class LiveClock:
    """Ticks at t0 + i / fps by the wall clock, until it is stopped.

    A loop that returns less than a period late continues at once; one that is later skips the
    ticks it missed. Times are exact fractions of the rate, as in a film, so that a recorded show
    renders to the same frames; dt contains how much was skipped.

    Iterated again, it continues: the thread that iterated may have been replaced.

    Args:
        fps: ticks per second.
        seconds: after how long to end; None ticks until `stop`.
        stop: ends the ticks when it is set.
        now: seconds on a monotonic clock.
        wait: waits so many seconds on it; `stop.wait` by default.

    Attributes:
        skipped: how many ticks were missed.
        tick: the last one, or None before the first.
        now: seconds on its clock.
    """

    def __init__(
        self,
        fps: Fraction,
        *,
        seconds: float | None = None,
        stop: Event | None = None,
        now: Callable[[], float] = time.perf_counter,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.fps, self.stop, self.now = fps, stop or Event(), now
        self._wait = wait
        self.skipped = 0
        self.tick: Tick | None = None
        self._end = None if seconds is None else max(1, round(Fraction(seconds) * fps))
        self._start: float | None = None

    def seconds(self) -> float:
        """Seconds since the first tick."""
        return 0.0 if self._start is None else self.now() - self._start

    def shift(self, seconds: float) -> None:
        """Move the deadlines to come by so many seconds, while the clock runs."""
        if self._start is not None:
            self._start += seconds

    def __iter__(self) -> Iterator[Tick]:
        if self._start is None:
            self._start = self.now()
        before = -1 if self.tick is None else self.tick.index
        index = before + 1
        while not self.stop.is_set() and (self._end is None or index < self._end):
            late = self.now() - self._start - float(index / self.fps)
            if late < 0:
                with span(WAITING):
                    (self._wait or self.stop.wait)(-late)  # and look again: a wait may end early
            elif (missed := int(late * self.fps)) > 0:
                missed = missed if self._end is None else min(missed, self._end - index)
                self.skipped += missed
                index += missed
            else:
                self.tick = Tick(index, index / self.fps, (index - before) / self.fps)
                yield self.tick
                before, index = index, index + 1
