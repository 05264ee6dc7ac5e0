"""Scheduler: what a time tag asks for happens then, and nobody waits for it."""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from collections.abc import Callable
from typing import TypeAlias

from genart.live.osc import TimeTag

log = logging.getLogger("genart.live")

Job: TypeAlias = Callable[[], None]

#: Jobs due within this many seconds are waited for in short sleeps: selectors count milliseconds.
SHORT = 0.002


class Scheduler:
    """Jobs by the time tag of their bundle; those of one time tag keep their order.

    | the time tag      | the job runs                         |
    |-------------------|--------------------------------------|
    | immediate or past | now; past ones are counted           |
    | up to 5 s ahead   | then                                 |
    | further ahead     | now, counted; `submit` says so       |

    Args:
        clock: seconds since 1970.
        horizon: how far ahead a job may be, in seconds.
        most: how many jobs may wait; further ones run now and are counted.

    Attributes:
        past: jobs that came late.
        refused: jobs that ran now as they were too far ahead or too many.
    """

    def __init__(
        self, clock: Callable[[], float] = time.time, *, horizon: float = 5.0, most: int = 4096
    ) -> None:
        self.clock, self.horizon, self.most = clock, horizon, most
        self.past = self.refused = 0
        self._heap: list[tuple[int, int, Job]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def submit(self, tag: TimeTag, job: Job) -> str:
        """Run a job at its time; returns why it ran now though it was to run later, or ""."""
        ahead = 0.0 if tag.immediate else tag.unix - self.clock()
        if ahead > 0:
            why = self._too_much(ahead)
            if not why:
                heapq.heappush(self._heap, (tag, next(self._order), job))
                return ""
            self.refused += 1
            run_alone(job)
            return why
        self.past += not tag.immediate
        run_alone(job)
        return ""

    def _too_much(self, ahead: float) -> str:
        if ahead > self.horizon:
            return f"a time tag {ahead:.1f} s ahead, {self.horizon:g} at most: done at once"
        if len(self._heap) >= self.most:
            return f"more than {self.most} bundles wait for their time: done at once"
        return ""

    def wait(self) -> float | None:
        """Seconds until the next job, 0 if it is due, None if there is none."""
        if not self._heap:
            return None
        return max(TimeTag(self._heap[0][0]).unix - self.clock(), 0.0)

    def run_due(self) -> int:
        """Run what is due; returns how many jobs that were."""
        count = 0
        while self._heap and TimeTag(self._heap[0][0]).unix <= self.clock():
            run_alone(heapq.heappop(self._heap)[2])
            count += 1
        return count


def run_alone(job: Job) -> None:
    """Run a job; an error stays with it and is logged."""
    try:
        job()
    except Exception:
        log.exception("A control message failed.")
