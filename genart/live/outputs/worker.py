"""A thread for each sink: a slow or failing one delays nothing else."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress
from threading import Condition, Thread

from genart.contracts import Frame, Sink
from genart.errors import OutputAway
from genart.playback.faults import Faults
from genart.profiling import Lane


class OutputWorker:
    """Passes frames to a sink in its own thread; `write` never blocks and never raises.

    With the default depth of 1 the newest frame replaces the one that waits. A deeper worker, for
    recording, keeps its frames and refuses new ones when full; the next frame it takes is then
    written as many times more, so that the film keeps its rate.

    A sink that raises is reported once, closed, and gets no more frames. One that raises
    `OutputAway` is reported once, still gets frames, and is reported when it takes one again.

    Args:
        name: its name in reports.
        sink: where the frames go.
        faults: where faults are reported.
        depth: how many frames may wait.
        now: a clock in seconds.

    Attributes:
        dropped: frames the sink was too slow for, or that came while its receiver was gone.
        failed: whether the sink was given up.
        lane: where the time of the sink is counted when profiling.
        thread: writes to the sink.
    """

    def __init__(
        self,
        name: str,
        sink: Sink,
        faults: Faults,
        depth: int = 1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.dropped, self.failed = name, 0, False
        self.lane: Lane | None = None
        self._gone: float | None = None  # since when
        self._busy: float | None = None  # since when it writes a frame
        self._now = now
        self._sink, self._faults, self._depth = sink, faults, depth
        self._waiting: deque[tuple[Frame, int]] = deque()
        self._owed = 0
        self._closing = False
        self._change = Condition()
        self.thread = Thread(target=self._work, name=f"genart-{name}", daemon=True)
        self.thread.start()

    @property
    def alive_at(self) -> float:
        """When the thread was last seen at work, in seconds of `time.monotonic`."""
        return time.monotonic() if self._busy is None else self._busy

    def revive(self) -> bool:
        """False: a thread ends with its sink."""
        return False

    @property
    def away(self) -> bool:
        """Whether the sink's receiver is gone at the moment."""
        return self._gone is not None

    @property
    def finished(self) -> bool:
        """Whether the sink has taken its last frame and is closed."""
        return not self.thread.is_alive()

    def write(self, frame: Frame) -> None:
        """Offer one frame."""
        with self._change:
            if self.failed or self._closing:
                return
            if len(self._waiting) >= self._depth:
                self.dropped += 1
                if self._depth > 1:
                    self._owed += 1
                    return
                self._waiting.clear()
            self._waiting.append((frame, 1 + self._owed))
            self._owed = 0
            self._change.notify_all()

    def missed(self, count: int) -> None:
        """Write the next frame so many times more, for frames that were not made."""
        with self._change:
            self._owed += count

    def end(self) -> None:
        """Take no more frames; the sink finishes in the background."""
        with self._change:
            self._closing = True
            self._change.notify_all()

    def close(self, seconds: float = 30.0) -> None:
        """Wait until the sink has finished; one that hangs is left behind."""
        self.end()
        self.thread.join(seconds)
        if self.thread.is_alive():
            self._faults.add(self.name, f"did not finish within {seconds:g} s and was left behind.")

    def drained(self, seconds: float = 10.0) -> bool:
        """Wait until no frame waits; returns whether that happened in time."""
        with self._change:
            return self._change.wait_for(lambda: self.failed or not self._waiting, seconds)

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                frame, times = job
                for _ in range(times):
                    self._pass_on(frame)
            self._sink.close()
        except BaseException as error:  # whatever a sink raises is its own fault
            self._give_up(error)

    def _pass_on(self, frame: Frame) -> None:
        lane = self.lane
        self._busy = time.monotonic()
        try:
            with nullcontext() if lane is None else lane.span(self.name):
                self._sink.write(frame)
            if lane is not None:
                lane.frames += 1
        except OutputAway as error:
            self.dropped += 1
            if self._gone is None:
                self._gone = self._now()
                self._faults.add(self.name, error)
        else:
            if self._gone is not None:
                seconds, self._gone = self._now() - self._gone, None
                self._faults.settle(self.name)
                self._faults.note(self.name, f"back after {seconds:.0f} s.")
        finally:
            self._busy = None

    def _next(self) -> tuple[Frame, int] | None:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closing)
            job = self._waiting.popleft() if self._waiting else None
            self._change.notify_all()
            return job

    def _give_up(self, error: BaseException) -> None:
        with self._change:
            self.failed = True
            self._waiting.clear()
            self._change.notify_all()
        self._faults.add(self.name, error)
        with suppress(BaseException):
            getattr(self._sink, "abort", self._sink.close)()
