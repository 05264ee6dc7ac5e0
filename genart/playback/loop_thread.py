"""Threads that must go on: a loop whose thread is replaced, and others that show signs of life."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Thread, current_thread
from typing import Protocol, runtime_checkable

from genart.interrupts import GivenUp
from genart.playback.faults import Faults

_FIRST, _LONGEST = 0.05, 2.0  # seconds of the pauses after failures


@runtime_checkable
class Watched(Protocol):
    """Something with its own thread that shows signs of life, such as a server."""

    name: str
    thread: Thread
    #: When the thread was last seen at work, in seconds of `time.monotonic`.
    alive_at: float

    def revive(self) -> bool:
        """Start another thread because this one has ended; whether one is needed."""
        ...


class LoopWatch(Protocol):
    """What a loop needs of the supervisor that watches it."""

    faults: Faults
    loops: list[LoopThread]

    def member(self, loop: LoopThread, generation: int) -> AbstractContextManager[None]:
        """This thread runs a loop until the end of the block."""
        ...


class LoopThread:
    """A thread that runs `body` until that returns; it is replaced if it fails or is held up.

    Args:
        supervisor: watches it.
        name: its name in reports.
        body: the loop; it must be possible to call it again after it was interrupted.

    Attributes:
        thread: the one that runs it now.
    """

    def __init__(self, supervisor: LoopWatch, name: str, body: Callable[[], object]) -> None:
        self._supervisor, self.name, self._body = supervisor, name, body
        self.generation = 0  # threads of older generations are left behind
        self._done, self._closed = Event(), False
        self.thread: Thread | None = None
        self._old: list[Thread] = []

    @property
    def done(self) -> bool:
        """Whether `body` has returned."""
        return self._done.is_set()

    @property
    def left_behind(self) -> int:
        """How many threads hang in a call that was given up."""
        self._old = [each for each in self._old if each.is_alive()]
        return len(self._old)

    def start(self) -> None:
        """Start the thread."""
        self._supervisor.loops.append(self)
        self._begin()

    def run(self) -> None:
        """Run the loop in this thread; if that is held up, another one continues meanwhile."""
        self._supervisor.loops.append(self)
        while not self.done:
            substitute, self.thread = self.thread, current_thread()
            self.generation += 1
            if substitute is not None and substitute is not current_thread():
                substitute.join(0.5)  # it ends at its next call
            self._repeat(self.generation)
            if self._closed:
                return

    def close(self, seconds: float) -> None:
        """Wait until the loop has ended, which its body does by itself."""
        self._closed = True
        if self.thread is not None and self.thread is not current_thread():
            self.thread.join(seconds)
        if self in self._supervisor.loops:
            self._supervisor.loops.remove(self)

    def replace(self) -> None:
        """Continue in another thread."""
        if self.thread is not None:
            self._old.append(self.thread)
        self._begin()

    def check(self) -> None:
        """Start again if the thread has ended although the loop has not."""
        if self.thread is not None and not (self.thread.is_alive() or self.done or self._closed):
            self._supervisor.faults.add(self.name, "The thread ended; another one continues.")
            self._begin()

    def _begin(self) -> None:
        self.generation += 1
        thread = Thread(
            target=self._repeat, args=[self.generation], name=f"genart-{self.name}", daemon=True
        )
        thread.start()
        self.thread = thread

    def _repeat(self, generation: int) -> None:
        """Run the body; again after a failure, unless another thread has taken over."""
        pause = 0.0
        with self._supervisor.member(self, generation):
            while generation == self.generation and not self.done:
                try:
                    self._body()
                    if generation == self.generation:
                        self._done.set()
                except GivenUp:
                    pause = 0.0
                except BaseException as error:  # the loop must go on
                    self._supervisor.faults.add(self.name, error)
                    pause = min(2 * pause + _FIRST, _LONGEST)
                    if self._closed or self._done.wait(pause):
                        return
