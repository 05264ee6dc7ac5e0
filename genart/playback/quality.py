"""Quality levels: less work per image while the machine is too slow or has too little memory.

| level            | is                                                                |
|------------------|-------------------------------------------------------------------|
| `full`           | the model as it is                                                |
| `half precision` | if the model offers it, which it does where that is faster        |
| `1/2 size` ...   | each side halved, and again: down to 1/8, but at least 32 px      |

Frames keep their size: a smaller image is enlarged. A show records nothing of this, and a render is
always at full quality.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass

from genart.contracts import Generator

FULL, HALF = "full", "half precision"
_HALVINGS, _SMALLEST = 3, 32  # times; pixels on the shorter side

_LIMIT = 0.95  # of a period: the longest a frame may take
_ROOM = 0.75  # of a period: the longest a frame is expected to take after a step up
_IDLE = 0.5  # of a period: the longest a frame takes before a step up is tried without a forecast
_MOST = 4.0  # how much slower one level is than the next: halving the sides saves no more
_HELPS = 0.95  # a step down that leaves more than this share of the time had no effect
_DWELL, _CALM = 1.0, 3.0  # seconds on a level before a step down, and before one up
_PROVEN = 60.0  # seconds after which a step up has succeeded
_PATIENCE = 60.0  # seconds before a step up without a forecast; doubled each time that one fails
_LONG_WHILE = 600.0  # seconds before a step up after memory ran out; doubled likewise


@dataclass(frozen=True)
class QualityLevel:
    """One way to make the image.

    Args:
        name: its name in the status.
        model: the generator that makes it.
    """

    name: str
    model: Generator


def quality_levels(model: Generator, without: Container[str] = ()) -> list[QualityLevel]:
    """The quality levels of a model, the best first.

    Args:
        model: at full quality.
        without: names of levels to leave out.
    """
    found, base = [QualityLevel(FULL, model)], model
    lean = None if HALF in without else model.in_half()
    if lean is not None:
        base = lean
        found.append(QualityLevel(HALF, lean))
    for times in range(1, _HALVINGS + 1):
        small = base.reduced(times)
        if small is None or min(small.resolution) < _SMALLEST:
            break
        found.append(QualityLevel(f"1/{2**times} size", small))
    return [level for level in found if level.name not in without]


class FrameTimes:
    """Recent frame times, in seconds.

    Args:
        window: how many seconds of the performance are considered.
    """

    _many, _few, _rank = 10, 3, 0.9

    def __init__(self, window: float = 2.0) -> None:
        self._window = window
        self._times: deque[tuple[float, float]] = deque()

    def __len__(self) -> int:
        return len(self._times)

    def add(self, t: float, seconds: float) -> None:
        """Add a frame of time t."""
        self._times.append((t, seconds))
        while len(self) > self._few and self._times[0][0] < t - self._window:
            self._times.popleft()

    def clear(self) -> None:
        """Start again."""
        self._times.clear()

    def typical(self) -> float | None:
        """The 90th percentile; the shortest of fewer than ten frames; None of fewer than 3."""
        times = sorted(seconds for _, seconds in self._times)
        if len(times) >= self._many:
            return times[math.ceil(self._rank * len(times)) - 1]
        return times[0] if len(times) >= self._few else None

    def lately(self) -> float:
        """The shortest of the last three; 0 if there are fewer."""
        times = [seconds for _, seconds in self._times][-self._few :]
        return min(times) if len(times) == self._few else 0.0


class QualityController:
    """Chooses the quality level of a performance.

    With `hold` it steps down when frames take longer than a period of the display. It steps up
    when the frame time on the level above, scaled by how much faster frames have become since on
    this one, fits into a period with a margin. Because such a forecast may be wrong, it also tries
    after a minute, and then after pauses that double, so that it does not oscillate. A step down
    that makes nothing faster is taken back: then the sketch does not use the model, or another
    program uses the machine.

    With or without `hold` it steps down when memory runs out, and up again after ten minutes.

    Args:
        period: seconds a frame may take.
        hold: whether to keep the frame rate.
        say: called with one line for every step.

    Attributes:
        spent: seconds on each level so far, by name.
        steps: how often it went down or up.
    """

    def __init__(
        self, period: float, *, hold: bool = False, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self.period, self.hold, self._say = period, hold, say
        self.spent: dict[str, float] = {}
        self.steps = 0
        self._rungs: list[QualityLevel] = []
        self._at = 0
        self._t = 0.0
        self._barred = 0.0  # no step up before
        self._while = _LONG_WHILE
        self._lowered = False  # whether a failure lowered it
        self.renew()

    @property
    def level(self) -> str:
        """The name of the current level."""
        return self._rungs[self._at].name if self._rungs else FULL

    def choose(self, model: Generator) -> Generator:
        """The generator to use for a model; another model starts at the same level."""
        if not self._rungs or self._rungs[0].model is not model:
            self._rungs = quality_levels(model)
            self._at = min(self._at, len(self._rungs) - 1)
            self.renew()
        return self._rungs[self._at].model

    def renew(self) -> None:
        """Measure again, as after another sketch or model was loaded."""
        self._times = FrameTimes()
        self._since = self._t  # when it changed to this level
        self._raised: float | None = None  # when it went up, until that has succeeded
        self._patience = _PATIENCE
        self._blind = self._t + _PATIENCE  # no step up against the forecast before
        self._resting = self._t  # no step down before
        self._known: dict[int, tuple[float, float]] = {}  # seconds here, and one level down
        self._left: float | None = None  # seconds per frame on the level above when it was left
        self._broken: set[str] = set()
        self._told = False

    def made(self, t: float, seconds: float) -> None:
        """A frame was made.

        Args:
            t: the frame's time in the performance, in seconds.
            seconds: how long it took.
        """
        self._pass(t)
        self._times.add(t, seconds)
        if self.hold and self._raised is not None and self._times.lately() > self._limit:
            return self._slow(self._times.lately())  # a failed try ends at once
        typical = self._times.typical()
        if typical is None or t - self._since < _DWELL:
            return None
        if self._left is not None:
            self._compare(self._left, typical)
        elif self.hold and typical > self._limit:
            self._slow(typical)
        elif self._at and t - self._since >= _CALM and self._may_go_up(typical):
            self._raise("as there is room")
        return None

    def failed(self, t: float) -> None:
        """A frame failed: a lower level that has not made a single one is not used again."""
        self._pass(t)
        if self._at and not len(self._times):
            broken = self.level
            self._broken.add(broken)
            model = self._rungs[0].model
            self._go(self._at - 1, f"as {broken} fails")
            self._rungs = quality_levels(model, self._broken)
            self._at = min(self._at, len(self._rungs) - 1)

    def relieve(self, t: float, why: str = "as memory ran out") -> bool:
        """An image needs too much memory or time: step down; whether there was a step left."""
        self._pass(t)
        self._while *= 2 if self._raised is not None else 1
        down = self._at + 1 < len(self._rungs)
        if down:
            self._lowered = True
            self._go(self._at + 1, why)
        self._barred = self._blind = t + self._while
        return down

    def up(self) -> None:
        """Go up one level now, on request."""
        self._barred = min(self._barred, self._t)
        if self._at:
            self._raise("as was asked")

    def restore(self) -> None:
        """Another sketch plays: return to the best level if a failure had lowered it."""
        if self._lowered:
            self._lowered, self._barred, self._while = False, 0.0, _LONG_WHILE
            if self._at:
                self._go(0, "as another sketch plays")

    def down(self) -> None:
        """Go down one level now, on request, and stay there until `up`."""
        if self._at + 1 < len(self._rungs):
            self._go(self._at + 1, "as was asked")
            self._barred = self._blind = math.inf

    @property
    def levels(self) -> list[str]:
        """The names of all levels of the model that plays, the best first."""
        return [level.name for level in self._rungs]

    @property
    def _limit(self) -> float:
        return _LIMIT * self.period

    def _pass(self, t: float) -> None:
        self.spent[self.level] = self.spent.get(self.level, 0.0) + max(t - self._t, 0.0)
        self._t = max(t, self._t)
        if self._raised is not None and t - self._raised >= _PROVEN:
            self._raised, self._patience, self._while = None, _PATIENCE, _LONG_WHILE

    def _slow(self, typical: float) -> None:
        """Frames take too long on this level."""
        if self._raised is not None:
            self._patience *= 2
            self._barred = self._t + self._patience
        if self._at + 1 >= len(self._rungs):
            self._tell_the_end()
        elif self._t >= self._resting:
            self._go(self._at + 1, f"as frames took {1e3 * typical:.0f} ms")
            self._left, self._blind = typical, self._t + self._patience

    def _compare(self, before: float, after: float) -> None:
        """Keep a step down that has an effect; otherwise take it back."""
        self._left = None
        if after <= _HELPS * before or not self.hold:
            self._known[self._at - 1] = before, after
            return
        self._resting = self._t + self._patience
        self._patience *= 2
        self._go(self._at - 1, f"because {self.level} is not faster")

    def _may_go_up(self, typical: float) -> bool:
        if self._t < self._barred or not self.hold:
            return self._t >= self._barred
        before, after = self._known.get(self._at - 1, (_MOST, 1.0))
        forecast = typical * min(before / after, _MOST)
        tries = self._t >= self._blind and typical <= _IDLE * self.period
        return forecast <= _ROOM * self.period or tries

    def _raise(self, why: str) -> None:
        self._go(self._at - 1, why)
        self._raised = self._t

    def _go(self, level: int, why: str) -> None:
        self._at = level
        self.steps += 1
        self._since, self._raised, self._left = self._t, None, None
        self._times.clear()
        self._say(f"{self.level}, {why}")

    def _tell_the_end(self) -> None:
        if not self._told:
            self._told = True
            kind = "lighter" if self._at else "lighter form of this model"
            self._say(f"{self.level}, too slow for the display; there is no {kind}")
