"""FrameBlend: between the engine and the display; blends frames while the engine is slower."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Event

import numpy as np
from PIL import Image as Pictures

from genart.contracts import Frame
from genart.playback.clock import Tick
from genart.profiling import span

_LONGEST = 60  # the longest blend, in display ticks
_SLACK = 0.25  # of a tick: a single late frame does not mean a slow model


class FrameBlend:
    """A sink for the engine and a source for the display; only the newest frame waits.

    While the engine keeps up, each frame is shown as it comes. When it is slower than the display,
    the image on show is blended into the newest over as many ticks as frames were apart recently.
    A blend starts from the image on show, so that no new frame makes it jump.

    Args:
        blend: whether to blend; otherwise the last frame is shown again.
        shows: called with `asked` when the first frame that shows that change is returned.
        waited: called with the seconds that a frame, shown for the first time, had been ready.

    Attributes:
        made: frames the engine delivered.
        synthesised: blended frames shown.
        repeated: frames shown again.
        ready: set once there is a frame to show.
        asked: when the oldest change was made that no finished frame shows yet; set by the engine's
            thread.
    """

    def __init__(
        self,
        blend: bool = True,
        shows: Callable[[float], None] = lambda asked: None,
        waited: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.made = self.synthesised = self.repeated = 0
        self._blend = blend
        self.ready = Event()
        self.asked: float | None = None
        self._shows, self._waited = shows, waited
        self._ready_at = 0.0
        self._changed: deque[float] = deque()
        self._latest: Frame | None = None  # written by one thread, read by another
        self._target: Frame | None = None
        self._start: Frame | None = None
        self._shown: Frame | None = None
        self._since = self._step = 0
        self._steps, self._gap = 1, 1.0

    def write(self, frame: Frame) -> None:
        """Take the engine's newest frame."""
        if frame is not self._latest:
            self.made += 1
            if self.asked is not None:
                self._changed.append(self.asked)
                self.asked = None
            self._ready_at = time.perf_counter()
            self._latest = frame
            self.ready.set()

    def close(self) -> None:
        """There is nothing to close."""

    def frames(self, clock: Iterable[Tick]) -> Iterator[Frame]:
        """The frame to show at each tick; ticks before the first frame show nothing."""
        for _ in clock:
            if self._latest is not None:
                yield self._next(self._latest)

    def _next(self, latest: Frame) -> Frame:
        self._since += 1
        if latest is not self._target:
            self._turn_to(latest)
        self._step += 1
        if self._step > self._steps:
            self.repeated += 1
        elif self._step == self._steps or self._start is None:
            self._shown, self._start = latest, None
        else:
            self.synthesised += 1
            with span("blend"):
                self._shown = blend(self._start, latest, self._step / self._steps)
        assert self._shown is not None
        return self._shown

    def _turn_to(self, latest: Frame) -> None:
        while self._changed:
            self._shows(self._changed.popleft())
        self._waited(time.perf_counter() - self._ready_at)
        first = self._target is None
        self._gap = 1.0 if first else (self._gap + min(self._since, _LONGEST)) / 2
        self._target, self._start = latest, self._shown
        self._since = self._step = 0
        same = self._start is not None and self._start.shape == latest.shape
        self._steps = int(self._gap + _SLACK) if self._blend and same else 1


def blend(a: Frame, b: Frame, share: float) -> Frame:
    """A frame between two of one shape: `share` 0 is a, 1 is b.

    With alpha, colours are weighted by their alpha, so that transparent pixels add no colour.
    """
    one, other = Pictures.fromarray(a), Pictures.fromarray(b)
    if a.shape[2] == 3:
        return np.asarray(Pictures.blend(one, other, share))
    mixed = Pictures.blend(one.convert("RGBa"), other.convert("RGBa"), share)  # premultiplied
    return np.asarray(mixed.convert("RGBA"))
