"""The core's own sinks: frames in memory, frames in the background, and the seam."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from queue import Queue
from statistics import median
from threading import Thread

import numpy as np

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


class Seam:
    """Measures how a loop closes; of all frames it keeps the first and the last.

    The seam is the mean absolute difference between last and first frame over the median of that
    between neighbours: 1 means that the last frame leads to the first like any frame to its next.
    """

    def __init__(self) -> None:
        self._first: Frame | None = None
        self._last: Frame | None = None
        self._steps = array("d")

    def write(self, frame: Frame) -> None:
        """Take one frame."""
        if self._last is None:
            self._first = frame
        else:
            self._steps.append(difference(self._last, frame))
        self._last = frame

    def close(self) -> None:
        """Nothing is open."""

    @property
    def value(self) -> float | None:
        """The seam, or None where it says nothing: under 3 frames, or a film that mostly stands."""
        if len(self._steps) < 2 or self._first is None or self._last is None:
            return None
        usual = median(self._steps)
        seam = difference(self._last, self._first) / usual if usual else math.inf
        return seam if math.isfinite(seam) else None


def stage_of(sink: Sink) -> str:
    """What writing to a sink is called in a profile: its name, or "film" of a FilmSink."""
    name = getattr(sink, "name", None)
    return name if isinstance(name, str) else type(sink).__name__.lower().removesuffix("sink")


def difference(a: Frame, b: Frame) -> float:
    """The mean absolute difference of two frames, 0..255."""
    return float((np.maximum(a, b) - np.minimum(a, b)).mean())


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
