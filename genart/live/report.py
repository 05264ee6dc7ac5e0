"""The report of a performance: frame times, dropped frames, latencies, faults."""

from __future__ import annotations

import time
from array import array
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

from genart.playback.faults import Fault
from genart.profiling import Profile

_BIN = 1e-4  # seconds
_BINS = 20_000  # the last one counts everything from 2 s up


class Durations:
    """Counts durations in bins of 0.1 ms, so that memory does not grow with time.

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
        """The duration in seconds below which a `share`, 0..1, of all lie; 0 if there are none."""
        wanted, seen = share * self.count, 0
        for index, many in enumerate(self._bins):
            seen += many
            if many and seen >= wanted:
                return self.longest if index == _BINS - 1 else min((index + 1) * _BIN, self.longest)
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
        """Seconds from the first frame to the last."""
        return self._last - self._first

    @property
    def mean_rate(self) -> float:
        """Frames a second over the whole time."""
        return (self.frames - 1) / self.seconds if self.seconds else 0.0


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
        skipped: ticks of the display that were missed.
        dropped: frames that sinks were too slow for, all sinks together.
        drops: the same by sink.
        osc: messages received and rejected.
        latency_ms: from a message to its Param, and from a Param to the frame that shows it.
        quality: seconds at each quality level.
        errors: how many faults were reported.
        faults: which, and how often.
        recorded: the film that was recorded, or "".
        profile: the time spent on each step of a frame, if it was asked for.
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
        """The report as JSON-compatible values."""
        return asdict(self)
