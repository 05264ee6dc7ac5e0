"""The core's own sinks: frames in memory, frames in the background, and the seam."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from queue import Queue
from threading import Thread

from genart.contracts import Frame, Sink
from genart.profiling import WAITING, Lane, count_frame, span


class MemorySink:
    """Keeps every frame in a list: for tests, notebooks and short loops.

    Attributes:
        frames: what was written, in order.
        closed: whether the film is finished.
    """

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.closed = False

    def write(self, frame: Frame) -> None:
        """Keep one frame."""
        self.frames.append(frame)

    def close(self) -> None:
        """Mark the film as finished."""
        self.closed = True


def stage_of(sink: Sink) -> str:
    """What writing to a sink is called in a profile: its name, or "film" of a FilmSink."""
    name = getattr(sink, "name", None)
    return name if isinstance(name, str) else type(sink).__name__.lower().removesuffix("sink")


class Background:
    """Hands frames to sinks in a thread of its own, so that making and encoding overlap.

    Args:
        sinks: who gets every frame.
        depth: how many frames may wait; `write` blocks while that many do.
        lane: where the thread's time is counted, if it is.
    """

    name = WAITING  # what writing to it is

    def __init__(self, sinks: Sequence[Sink], depth: int = 4, lane: Lane | None = None) -> None:
        self._sinks, self._lane = sinks, lane
        self._waiting: Queue[Frame | None] = Queue(depth)
        self._error: BaseException | None = None
        self._stopped = False
        self._thread = Thread(target=self._work, name="genart-sink", daemon=True)
        self._thread.start()

    def write(self, frame: Frame) -> None:
        """Queue one frame; raises what a sink raised meanwhile."""
        if self._error is not None:
            raise self._error
        self._waiting.put(frame)

    def close(self) -> None:
        """Wait for the last frame and close the sinks; raises what a sink raised."""
        with span(WAITING):
            self._end()
            if self._error is not None:
                raise self._error
            with nullcontext() if self._lane is None else self._lane.span("finish"):
                for sink in self._sinks:
                    sink.close()

    def abort(self) -> None:
        """Forget waiting frames and end the sinks: by their `abort` if they have one."""
        self._stopped = True
        self._end()
        for sink in self._sinks:
            with suppress(Exception):
                getattr(sink, "abort", sink.close)()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        with nullcontext() if self._lane is None else self._lane:
            while (frame := self._waiting.get()) is not None:
                if self._error is None and not self._stopped:
                    self._pass_on(frame)

    def _pass_on(self, frame: Frame) -> None:
        try:
            for sink in self._sinks:
                with span(stage_of(sink)):
                    sink.write(frame)
            count_frame()
        except BaseException as error:  # it is raised again where the frames come from
            self._error = error
