"""Profiling: the time of each step of a frame, in each thread that frames pass through (a lane).

A step is marked by `with span("synthesis"): ...`. Without profiling that costs one attribute
access. In a lane, time is divided among steps without gap or overlap: the time of a span within
another is not counted for the outer one, and time outside of all spans is "other".
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

__all__ = ["Profile", "span"]

#: The step in which a thread waits for another, or for its clock.
WAITING = "waiting"
OTHER = "other"
_BUSY = 0.9  # of its time: a lane that works less waits for a clock

_NOTHING: AbstractContextManager[None] = nullcontext()
_HERE = threading.local()


def span(name: str, *, whole: bool = False) -> AbstractContextManager[None]:
    """Name the step of this block; it counts if this thread is profiled.

    Args:
        name: the step: "walk", "mapping", "synthesis", "style", "resize" or another word.
        whole: whether spans within this one count as this step too.
    """
    lane: Lane | None = getattr(_HERE, "lane", None)
    return _NOTHING if lane is None else lane.span(name, whole=whole)


def count_frame() -> None:
    """Count a finished frame of this thread."""
    lane: Lane | None = getattr(_HERE, "lane", None)
    if lane is not None:
        lane.frames += 1


def settler() -> Callable[[], None]:
    """A function that waits for the GPU in use, so that its time counts for its step."""
    torch = sys.modules.get("torch")
    wait: Callable[[], None] = _at_once
    if torch is not None and torch.cuda.is_initialized():
        wait = torch.cuda.synchronize
    elif torch is not None and torch.backends.mps.is_available():
        wait = torch.mps.synchronize
    return wait


def _at_once() -> None:
    """There is nothing to wait for."""


class Lane:
    """The time of one thread, divided among steps.

    Used as a context manager it counts the spans of this thread.

    Args:
        name: its name in the profile.
        idle: the step of the time between spans.
        settle: called before each reading of the clock.
        now: seconds on a monotonic clock.

    Attributes:
        frames: how many were finished.
        seconds: by step.
        calls: by step; a step within itself is one call.
        longest: seconds of the longest call, by step.
    """

    def __init__(
        self,
        name: str,
        idle: str = OTHER,
        *,
        settle: Callable[[], None] = _at_once,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name, self.frames = name, 0
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self.longest: dict[str, float] = {}
        self._idle, self._settle, self._now = idle, settle, now
        self._open: list[list[Any]] = []  # [step, seconds so far], the innermost last
        self._whole = False  # whether the innermost step includes those within
        self._since: float | None = None

    def __enter__(self) -> Lane:
        self._before: Lane | None = getattr(_HERE, "lane", None)
        _HERE.lane = self
        self._pass()
        return self

    def __exit__(self, *_: object) -> None:
        self._pass()
        _HERE.lane = self._before

    def span(self, name: str, *, whole: bool = False) -> AbstractContextManager[None]:
        """A step of this lane, in any thread."""
        return _NOTHING if self._whole else _Span(self, name, whole)

    def begin(self, name: str, whole: bool) -> None:
        """Begin a step."""
        self._pass()
        if not self._open or self._open[-1][0] != name:
            self.calls[name] = self.calls.get(name, 0) + 1
        self._open.append([name, 0.0])
        self._whole = whole

    def end(self) -> None:
        """End the innermost step."""
        self._pass()
        name, seconds = self._open.pop()
        self.longest[name] = max(self.longest.get(name, 0.0), seconds)
        self._whole = False

    def _pass(self) -> None:
        """Add the time since the last reading to the innermost step."""
        self._settle()
        now = self._now()
        if self._since is not None:
            name = self._open[-1][0] if self._open else self._idle
            self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
            if self._open:
                self._open[-1][1] += now - self._since
        self._since = now


class _Span(AbstractContextManager[None]):
    """One span of a step."""

    def __init__(self, lane: Lane, name: str, whole: bool) -> None:
        self._lane, self._name, self._whole = lane, name, whole

    def __enter__(self) -> None:
        self._lane.begin(self._name, self._whole)

    def __exit__(self, *_: object) -> None:
        self._lane.end()


@dataclass(frozen=True)
class StepTime:
    """The time of a step.

    Args:
        name: the step.
        ms: milliseconds a frame.
        share: of its lane's time, 0..1.
        calls: how often it began.
        longest_ms: the longest time from its beginning to its end, without the steps within.
    """

    name: str
    ms: float
    share: float
    calls: int
    longest_ms: float


@dataclass(frozen=True)
class LaneTimes:
    """The times of a lane's steps; together they are all of its time.

    Args:
        name: the lane.
        frames: how many it finished.
        seconds: how long it was measured.
        busy: the share of that time, 0..1, in which it did not wait.
        steps: the longest first.
    """

    name: str
    frames: int
    seconds: float
    busy: float
    steps: tuple[StepTime, ...]

    @classmethod
    def of(cls, lane: Lane) -> LaneTimes:
        """What a lane has counted so far."""
        whole = sum(lane.seconds.values())
        seconds = sorted(lane.seconds.items(), key=lambda item: -item[1])
        steps = tuple(
            StepTime(
                name, round(1e3 * took / max(lane.frames, 1), 4), round(took / (whole or 1), 4),
                lane.calls.get(name, 0), round(1e3 * lane.longest.get(name, 0.0), 4),
            )
            for name, took in seconds
        )  # fmt: skip
        busy = 1 - lane.seconds.get(WAITING, 0.0) / (whole or 1)
        return cls(lane.name, lane.frames, round(whole, 4), round(busy, 4), steps)


@dataclass(frozen=True)
class Profile:
    """The time of each step of a frame.

    On a GPU the threads wait for it at the end of every step, so that its time counts for the step
    that used it; frames are then a little slower than without a profile.

    Args:
        lanes: threads that frames passed through, in parallel.
        pace: what limits the frame rate: "lane: step" of the lane that waited least and its longest
            step, or "clock" where all of them waited for it.
    """

    lanes: tuple[LaneTimes, ...]
    pace: str

    @classmethod
    def of(cls, lanes: Sequence[Lane], *, clocked: bool = False) -> Profile:
        """What lanes have counted so far.

        Args:
            lanes: in the order in which frames pass.
            clocked: whether a clock sets the deadlines of frames.
        """
        timed = tuple(LaneTimes.of(lane) for lane in lanes if lane.seconds)
        return cls(timed, _pace(timed, clocked))

    def lines(self) -> Iterator[str]:
        """The lines of a table."""
        for lane in self.lanes:
            each = 1e3 * lane.seconds / max(lane.frames, 1)
            yield f"{lane.name}: {lane.frames} frames, {each:.2f} ms each, {lane.busy:.0%} busy"
            yield f"  {'':<16} {'ms/frame':>10} {'share':>6} {'calls':>7} {'longest ms':>10}"
            for step in lane.steps:
                yield (
                    f"  {step.name:<16} {step.ms:>10.3f} {step.share:>6.1%} {step.calls:>7} "
                    f"{step.longest_ms:>10.2f}"
                )
        yield f"the speed is limited by {self.pace}"


def _pace(lanes: Sequence[LaneTimes], clocked: bool) -> str:
    busiest = max(lanes, key=lambda lane: lane.busy, default=None)
    if busiest is None or (clocked and busiest.busy < _BUSY):
        return "clock"
    names = [step.name for step in busiest.steps if step.name != WAITING]
    return f"{busiest.name}: {names[0]}" if names else busiest.name


class Profiler:
    """Makes lanes, and their profile."""

    def __init__(self) -> None:
        self._lanes: list[Lane] = []

    def lane(self, name: str, idle: str = OTHER, *, draws: bool = False) -> Lane:
        """A new lane.

        Args:
            name: its name in the profile.
            idle: the step of the time between spans.
            draws: whether its thread uses a GPU, which the clock then waits for.
        """
        self._lanes.append(Lane(name, idle, settle=settler() if draws else _at_once))
        return self._lanes[-1]

    def profile(self, *, clocked: bool = False) -> Profile:
        """What was counted so far; see `Profile.of`."""
        return Profile.of(self._lanes, clocked=clocked)
