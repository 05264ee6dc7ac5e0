"""Computes constant-speed walks in a thread, while the unpaced walks play."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Condition

from genart.contracts import Generator, Interpolator
from genart.latent import Latent
from genart.latents.constant_speed import Clock, travel
from genart.latents.walks import Walk, eased
from genart.playback.loop_thread import LoopThread
from genart.playback.supervisor import Supervisor

_GLIDE = Fraction(2)  # seconds over which a walk changes to constant speed


class Gliding:
    """An interpolator that takes the phase as it is, and after some time the phase of a clock.

    Between the two it blends them, so that the image moves along its path and never jumps.

    Args:
        interpolator: of the walk.
        easing: of the walk.
    """

    def __init__(self, interpolator: Interpolator, easing: str) -> None:
        self._interpolator, self._easing = interpolator, easing
        self.clock: Clock | None = None  # set by the pacer's thread
        self._since: Fraction | None = None
        self._share = 0.0

    def advance(self, t: Fraction) -> None:
        """Set its time to t in seconds."""
        if self.clock is not None and self._share < 1:
            self._since = t if self._since is None else self._since
            x = min(float((t - self._since) / _GLIDE), 1.0)
            self._share = x * x * (3 - 2 * x)

    def __call__(self, keys: Latent, phase: float, loop: bool) -> Latent:
        """One latent, n = 1."""
        if self.clock is not None and self._share:
            even = self.clock(phase)
            phase = even if self._share == 1 else phase + self._share * (even - phase)
        phase = eased(phase, len(keys), loop, self._easing)
        return self._interpolator(keys, phase % 1 if loop else phase, loop)


@dataclass(frozen=True)
class _Request:
    walk: Walk
    model: Generator
    truncation: float
    cutoff: int | None
    gliding: Gliding


class _Superseded(Exception):
    """This walk is no longer needed."""


class BackgroundPacer:
    """Makes the walk that plays constant-speed; the newest request replaces older ones.

    Args:
        supervisor: watches the thread; a walk that cannot be measured is reported there, and stays
            as it is.
        rest: how long to pause after an image, as a share of the time that it took, so that the
            engine gets most of the machine.
    """

    def __init__(self, supervisor: Supervisor, rest: float = 3.0) -> None:
        self._faults, self._rest = supervisor.faults, rest
        self._change = Condition()
        self._request: _Request | None = None
        self._at = 0.0
        self._closed = False
        self._loop = LoopThread(supervisor, "pacer", self._work)

    def __call__(self, walk: Walk, model: Generator, truncation: float, cutoff: int | None) -> Walk:
        """The walk, at once; some time after it was measured it has constant speed."""
        gliding = Gliding(walk.interpolator, walk.easing)
        self._want(_Request(walk, model, truncation, cutoff, gliding))
        return replace(walk, interpolator=gliding, easing="linear")

    @property
    def busy(self) -> bool:
        """Whether a walk is being measured."""
        return self._request is not None

    def settled(self, seconds: float = 10.0) -> bool:
        """Wait until no walk is being measured; returns whether that happened in time."""
        with self._change:
            return self._change.wait_for(lambda: self._request is None, seconds)

    def start(self) -> None:
        """Start the thread."""
        self._loop.start()

    def close(self) -> None:
        """Stop after the image that is being made."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        self._loop.close(1.0)

    def advance(self, t: Fraction, walk: Walk | None) -> None:
        """Set the time of the walk that plays to t in seconds; other walks are no longer needed."""
        gliding = getattr(walk, "interpolator", None)
        if isinstance(gliding, Gliding):
            gliding.advance(t)
        request = self._request
        if request is not None and request.gliding is not gliding:
            self._want(None)

    def _want(self, request: _Request | None) -> None:
        with self._change:
            self._request = request
            self._change.notify_all()

    def _work(self) -> None:
        while (request := self._next()) is not None:
            try:
                request.gliding.clock = self._paced(request)
                self._faults.settle("walk")
            except _Superseded:
                continue
            except BaseException as error:
                self._faults.add("walk", error)
            with self._change:
                self._request = None if self._request is request else self._request
                self._change.notify_all()

    def _next(self) -> _Request | None:
        with self._change:
            self._change.wait_for(lambda: self._closed or self._request is not None)
            return None if self._closed else self._request

    def _paced(self, request: _Request) -> Clock:
        self._at = time.perf_counter()
        return travel(
            request.walk, request.model, truncation=request.truncation, cutoff=request.cutoff,
            batch=1, progress=lambda _: self._pause(request),
        )  # fmt: skip

    def _pause(self, request: _Request) -> None:
        """Pause, so that frames are made; raise if the walk is no longer needed."""
        took = time.perf_counter() - self._at
        with self._change:
            if self._change.wait_for(
                lambda: self._closed or self._request is not request, self._rest * took
            ):
                raise _Superseded
        self._at = time.perf_counter()
