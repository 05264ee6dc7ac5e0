"""What a night was like, in numbers: pacing, drops, latencies, faults."""

from __future__ import annotations

import logging
import re
import time
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from threading import Lock
from typing import Any

from genart.profiling import Profile

_LOG = logging.getLogger("genart.live")
_BIN = 1e-4  # seconds
_BINS = 20_000  # the last one holds all that took 2 s or longer
_KINDS = 200  # different faults remembered
_NUMBER = re.compile(
    r"(?<!line )(?<!\d)\d[\d.]*"
)  # two faults may differ in these, not in a line's


class Durations:
    """Counts durations in bins of 0.1 ms: the memory of a whole night is that of its first second.

    Attributes:
        count: how many were added.
        longest: the longest in seconds, exactly.
    """

    def __init__(self) -> None:
        self.count, self.longest = 0, 0.0
        self._bins = array("Q", bytes(8 * _BINS))

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self.count += 1
        self.longest = max(self.longest, seconds)
        self._bins[min(max(int(seconds / _BIN), 0), _BINS - 1)] += 1

    def percentile(self, share: float) -> float:
        """The duration in seconds that `share`, 0..1, of all stay within; 0 of nothing."""
        wanted, seen = share * self.count, 0
        for place, many in enumerate(self._bins):
            seen += many
            if many and seen >= wanted:
                return self.longest if place == _BINS - 1 else min((place + 1) * _BIN, self.longest)
        return 0.0

    def over(self, seconds: float) -> int:
        """How many were longer, to 0.1 ms."""
        return sum(self._bins[int(seconds / _BIN) :])

    def summary(self) -> dict[str, float]:
        """p50, p95, p99 and max in milliseconds."""
        marks = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        found = {name: round(1e3 * self.percentile(share), 3) for name, share in marks.items()}
        return found | {"max": round(1e3 * self.longest, 3)}


class Meter:
    """Counts frames and the time between them.

    Args:
        fps: how many a second are expected.
    """

    def __init__(self, fps: Fraction) -> None:
        self.frames, self.intervals, self.rate = 0, Durations(), float(fps)
        self._first = self._last = 0.0

    def beat(self) -> float:
        """Count one frame now; returns the time."""
        now = time.perf_counter()
        if self.frames:
            self.intervals.add(now - self._last)
            self.rate += (1 / max(now - self._last, 1e-6) - self.rate) * min(now - self._last, 1.0)
        else:
            self._first = now
        self.frames, self._last = self.frames + 1, now
        return now

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return self._last - self._first

    @property
    def mean_rate(self) -> float:
        """Frames a second over all."""
        return (self.frames - 1) / self.seconds if self.seconds else 0.0


@dataclass
class Fault:
    """Something that went wrong, however often.

    Attributes:
        where: which part: "sketch", "model", "web", a sink's name.
        message: what happened, in one line.
        count: how often.
        open: whether it still is so.
        at: when it was last so, in seconds on a clock of no known start.
    """

    where: str
    message: str
    count: int = 1
    open: bool = True
    at: float = 0.0


class Faults:
    """Collects faults from every thread; each kind is told once, however often it happens.

    Messages that differ in numbers alone are of one kind, but not those that name another line.

    Args:
        tell: called with "where: message" when a fault of a new kind comes up.
    """

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._tell = tell or _LOG.warning
        self._lock = Lock()
        self._all: dict[tuple[str, str], Fault] = {}
        self.total = 0

    def add(self, where: str, what: BaseException | str) -> None:
        """Count a fault; the first of its kind is told."""
        message = what if isinstance(what, str) else _one_line(what)
        kind = _NUMBER.sub("#", message)
        with self._lock:
            self.total += 1
            fault = self._all.get((where, kind))
            if fault is not None:
                fault.count, fault.open, fault.at = fault.count + 1, True, time.monotonic()
                fault.message = message
                return
            if len(self._all) >= _KINDS:
                return
            self._all[where, kind] = Fault(where, message, at=time.monotonic())
        self._tell(f"{where}: {message}")

    def note(self, where: str, message: str) -> None:
        """Tell something that is no fault, such as that an output is back."""
        self._tell(f"{where}: {message}")

    def settle(self, where: str) -> None:
        """That part works again."""
        with self._lock:
            for fault in self._all.values():
                if fault.where == where:
                    fault.open = False

    def now(self) -> list[str]:
        """What is wrong at the moment."""
        with self._lock:
            return [f"{each.where}: {each.message}" for each in self._all.values() if each.open]

    def lately(self, seconds: float = 6.0) -> list[str]:
        """What is wrong, or was until a moment ago: for people to read."""
        since = time.monotonic() - seconds
        with self._lock:
            lately = [each for each in self._all.values() if each.open or each.at > since]
        return [f"{each.where}: {each.message}" for each in lately]

    def all(self) -> list[Fault]:
        """Every kind of fault so far."""
        with self._lock:
            return [Fault(**asdict(each)) for each in self._all.values()]


def _one_line(error: BaseException) -> str:
    from genart.errors import GenartError

    text = str(error) if isinstance(error, GenartError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


@dataclass(frozen=True)
class LiveReport:
    """How a performance went.

    Args:
        frames: how many were shown.
        fps: how many a second, measured.
        seconds: how long it lasted.
        size: (width, height) in pixels.
        interval_ms: p50, p95, p99 and max between one frame shown and the next.
        gaps: how many of them were longer than 100 ms.
        made: frames the model made.
        synthesised: frames blended of two, because the model was not ready.
        repeated: frames shown again.
        skipped: beats of the display that were missed altogether.
        dropped: frames that sinks were too slow for, all sinks together.
        drops: the same by sink.
        osc: messages received and rejected.
        latency_ms: from a message to its Param, and from a Param to the frame that shows it.
        quality: seconds on each rung of the quality ladder.
        errors: how many things went wrong.
        faults: which, and how often.
        recorded: the film that was kept, or "".
        profile: where the frames spent their time, if that was asked for.
    """

    frames: int
    fps: float
    seconds: float
    size: tuple[int, int]
    interval_ms: dict[str, float]
    gaps: int
    made: int
    synthesised: int
    repeated: int
    skipped: int
    dropped: int
    drops: dict[str, int]
    osc: dict[str, int]
    latency_ms: dict[str, dict[str, float]]
    quality: dict[str, float]
    errors: int
    faults: list[Fault] = field(default_factory=list)
    recorded: str = ""
    profile: Profile | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        return asdict(self)
