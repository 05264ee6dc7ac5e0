"""Scheduler: runs the bundles of OSC at their time tags, without blocking."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from genart.osc.codec import TimeTag

log = logging.getLogger("genart.live")

Job: TypeAlias = Callable[[], None]

#: The last seconds before a job are waited for in short sleeps: selectors count milliseconds.
SHORT = 0.002


class Scheduler:
    """Jobs by the time tag of their bundle; those of one time tag keep their order.

    | the time tag      | the job runs                                  |
    |-------------------|-----------------------------------------------|
    | immediate or past | now; past ones are counted                    |
    | up to 5 s ahead   | at that time                                  |
    | further ahead     | now, and is counted; `submit` returns a reason |

    Any thread may submit; one thread waits and runs what is due.

    Args:
        clock: seconds since 1970.
        horizon: the limit for jobs in the future, in seconds.
        most: how many jobs may wait; further ones run now and are counted.

    Attributes:
        sooner: called when a new job is the first that is due.
        past: how many jobs were late.
        refused: how many jobs ran now because they were too far ahead or too many.
    """

    def __init__(
        self, clock: Callable[[], float] = time.time, *, horizon: float = 5.0, most: int = 4096
    ) -> None:
        self.clock, self.horizon, self.most = clock, horizon, most
        self.sooner: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self.past = self.refused = 0
        self._heap: list[tuple[TimeTag, int, Job]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def submit(self, tag: TimeTag, job: Job) -> str:
        """Run a job at its time; returns why it ran now instead, or ""."""
        ahead = 0.0 if tag.immediate else tag.unix - self.clock()
        if ahead > 0:
            why = self._too_much(ahead) or self._keep(tag, job)
            if not why:
                return ""
            self.refused += 1
            run_alone(job)
            return why
        self.past += not tag.immediate
        run_alone(job)
        return ""

    def _too_much(self, ahead: float) -> str:
        if ahead > self.horizon:
            return (
                f"a time tag {ahead:.1f} s ahead, above {self.horizon:g} s; it was applied at once"
            )
        return ""

    def _keep(self, tag: TimeTag, job: Job) -> str:
        entry = (tag, next(self._order), job)
        with self._lock:
            if len(self._heap) >= self.most:
                return f"{self.most} other bundles waiting for their time; it was applied at once"
            heapq.heappush(self._heap, entry)
            first = self._heap[0] is entry
        if first:
            self.sooner()
        return ""

    def wait(self) -> float | None:
        """Seconds until the next job, 0 if it is due, None if there is none."""
        with self._lock:
            if not self._heap:
                return None
            tag = self._heap[0][0]
        return max(tag.unix - self.clock(), 0.0)

    def run_due(self) -> int:
        """Run the jobs that are due; returns how many."""
        count = 0
        while job := self._next_due():
            run_alone(job)
            count += 1
        return count

    def _next_due(self) -> Job | None:
        with self._lock:
            if self._heap and self._heap[0][0].unix <= self.clock():
                return heapq.heappop(self._heap)[2]
        return None


def run_alone(job: Job) -> None:
    """Run a job; an error is logged and not raised."""
    try:
        job()
    except BaseException:  # nothing that a message does ends the thread
        log.exception("An OSC message failed.")
