"""Threads that make one image together, each on one core.

torch's own threads split every operation in two and meet after it, which leaves little of a second
core where operations are short. These go each its own way through a task's operations, and meet
only where a layer needs all of the one before it. What a task does never depends on how many
threads there are, so neither does the image, to the last bit.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache

import torch

from .memory import Scratch, Step

MOST = 8  # threads; more of them would wait for Python more than they work
_PATIENCE = 2000  # looks at what others do before a thread rests


class Task:
    """Steps that follow one another, for whichever thread comes to them.

    Args:
        write: the steps, given the working memory of a thread.
    """

    def __init__(self, write: Callable[[Scratch], list[Step]]) -> None:
        self._write = write
        self._written: dict[Scratch, list[Step]] = {}

    def __call__(self, scratch: Scratch) -> None:
        """Do them."""
        steps = self._written.get(scratch)
        if steps is None:
            steps = self._written[scratch] = self._write(scratch)
        for step in steps:
            step()


#: Tasks that may be done in any order and at once.
Settings = list[Task]


def steps_only(*steps: Step) -> Task:
    """A task that needs no working memory."""
    return Task(lambda _: list(steps))


class Crew:
    """Does stages, one after the other, with as many threads as torch has where it is called.

    Args:
        sizes: of the parts of a thread's working memory.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = sizes
        self._scratches: list[Scratch] = []

    def do(self, stages: Sequence[Settings]) -> None:
        """All tasks of all stages."""
        hands = min(torch.get_num_threads(), MOST)
        while len(self._scratches) < hands:
            self._scratches.append(Scratch(self._sizes))
        if hands == 1:
            for stage in stages:
                for task in stage:
                    task(self._scratches[0])
            return
        shift = _Shift(stages)
        pool = _pool(os.getpid(), hands)
        shift.end([pool.submit(shift.work, each) for each in self._scratches[:hands]])


class _Shift:
    """One image's stages, for threads that share them.

    Each takes the next free task; at the end of each stage they wait for the others. So
    nothing depends on all of them being there.
    """

    def __init__(self, stages: Sequence[Settings]) -> None:
        self._waiting = [iter(stage) for stage in stages]
        self._left = [len(stage) for stage in stages]
        self._turn = threading.Lock()
        self._failed = False
        self._error: BaseException | None = None

    @torch.no_grad()
    def work(self, scratch: Scratch) -> None:
        """One thread's part."""
        try:
            for n, tasks in enumerate(self._waiting):
                for task in tasks:
                    if self._failed:
                        return
                    task(scratch)
                    with self._turn:
                        self._left[n] -= 1
                self._meet(n)
        except BaseException as error:
            self._error = error  # first: who sees that it failed may end before this thread does
            self._failed = True
            raise

    def _meet(self, n: int) -> None:
        """Wait until all of stage n is done."""
        looks = 0
        while self._left[n] and not self._failed:
            looks += 1
            time.sleep(0 if looks < _PATIENCE else 1e-4)

    def end(self, parts: list[Future[None]]) -> None:
        """Wait until the image is there, and raise what a thread raised."""
        try:
            done, late = wait(parts, return_when=FIRST_COMPLETED)
            for part in done:
                part.result()
            for part in late:
                part.cancel()
            if self._error is not None:
                raise self._error
        except BaseException:
            self._failed = True
            wait(parts)
            raise


@lru_cache(maxsize=8)
def _pool(process: int, hands: int) -> ThreadPoolExecutor:
    """Threads whose operations stay in them, of this process: a fork inherits none."""
    pool = ThreadPoolExecutor(hands, thread_name_prefix="genart-engine")
    before = torch.get_num_threads()
    all_there = threading.Barrier(hands)
    wait([pool.submit(_alone, all_there) for _ in range(hands)])
    torch.set_num_threads(before)  # what they set for themselves is also the next thread's
    return pool


def _alone(all_there: threading.Barrier) -> None:
    """Let this thread's operations run in it alone."""
    torch.get_num_threads()  # a thread's first look at the number would overwrite what is set
    torch.set_num_threads(1)
    all_there.wait()
