"""Timeline: smooths and fades changes; their values depend on time alone.

A value is a function of the changes and the time, not of the frames in between, so a recorded show
gives the same values at any frame rate. After a change at time s from value a to b, at time t:

| the change                  | the value                                               |
|-----------------------------|---------------------------------------------------------|
| a float, smoothed by tau    | b + (a - b) exp(-(t - s) / tau), and b after 12 tau     |
| a float with a fade of f    | a + (b - a) x^2 (3 - 2x), x = (t - s) / f, and b at x = 1 |
| anything else               | b                                                       |

A Param of `transport` and `tempo` is a rate that is summed up. While it glides it takes its value
at every whole 1/128 s and keeps it until the next, so the sum too is the same at any frame rate.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from genart.errors import ParamError

if TYPE_CHECKING:
    from genart.params import Param

Pairs: TypeAlias = "list[tuple[str, Any]]"
#: The Params that texts add: by Param and text, each path with its first value, and its tau.
Brings: TypeAlias = "Mapping[tuple[str, Any], Mapping[str, tuple[Any, float | None]]]"

#: A glide ends after so many times its tau: 6e-6 of the difference is left then.
SETTLED = 12.0
#: Rates change at whole multiples of 1 / GRID seconds, which floats represent exactly.
GRID = 128
#: The longest fade, in seconds.
LONGEST_FADE = 3600.0
_RATES = ("transport.", "tempo.")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a Param.

    Args:
        path: "owner.name".
        value: in the Param's own type and range: the source of a change has checked it.
        at: when, in seconds on the performance's own time.
        fade: over how many seconds, 0..3600; None leaves it to the Param's smoothing.
        source: who made it ("osc 127.0.0.1:9000", "web", "cue").

    Raises:
        ParamError: a fade out of range.
    """

    path: str
    value: Any
    at: float = 0.0
    fade: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.fade is not None and not 0 <= self.fade <= LONGEST_FADE:
            raise ParamError(f"A fade lasts 0..{LONGEST_FADE:g} s, not {self.fade}.")


@dataclass(frozen=True, slots=True)
class Glide:
    """A float that changes gradually.

    Args:
        start: its value at the start.
        target: its value at the end.
        since: when it started, in seconds.
        seconds: tau of a smoothing, or the length of a fade.
        fades: whether it is a fade.
    """

    start: float
    target: float
    since: float
    seconds: float
    fades: bool

    def at(self, t: float) -> float:
        """The value at time t in seconds."""
        x = max(t - self.since, 0.0) / self.seconds
        if x == 0.0:
            return self.start
        if x >= (1.0 if self.fades else SETTLED):
            return self.target
        if self.fades:
            now = self.start + (self.target - self.start) * x * x * (3.0 - 2.0 * x)
        else:
            now = self.target + (self.start - self.target) * math.exp(-x)
        low, high = sorted((self.start, self.target))
        return min(max(now, low), high)  # rounding may exceed the range slightly


def smoothing_of(params: Mapping[str, Param[Any]]) -> dict[str, float]:
    """The tau in seconds of every Param that glides; 0 for one that only fades."""
    return {
        path: param.smooth
        for path, param in params.items()
        if isinstance(param.default, float) and not param.choices and param.smooth is not None
    }


class Timeline:
    """Changes with their times, resolved to values: a Control.

    Args:
        values: every value at the start, by "owner.name".
        smoothing: the tau of those that glide, see `smoothing_of`.
        brings: the Params that texts in the changes add.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        smoothing: Mapping[str, float],
        brings: Brings | None = None,
    ) -> None:
        self._brings = {} if brings is None else brings
        self._values = dict(values)
        self._smoothing = dict(smoothing)
        self._due: deque[Change] = deque()
        self._glides: dict[str, Glide] = {}
        self._now = -math.inf

    def add(self, changes: Iterable[Change]) -> None:
        """Add changes, in the order of their times; a late one is applied at once."""
        for change in changes:
            last = self._due[-1].at if self._due else self._now
            self._due.append(change if change.at >= last else replace(change, at=last))

    def expect(
        self, params: Mapping[str, Param[Any]], values: Mapping[str, Any], anew: Collection[str]
    ) -> None:
        """Continue with other Params after a sketch was reloaded; running glides continue.

        Args:
            params: the Params from now on; a glide is kept inside their ranges.
            values: every value now.
            anew: paths that take their value from `values` and stop gliding.
        """
        was = {p: v for p, v in self._values.items() if p not in anew}
        kept = {p: v for p, v in was.items() if type(v) is type(values.get(p))}
        self._values = {**values, **kept}
        self._smoothing = smoothing_of(params)
        self._glides = {
            path: replace(
                glide,
                start=params[path].clamp(glide.start),
                target=params[path].clamp(glide.target),
            )
            for path, glide in self._glides.items()
            if path in self._smoothing and path not in anew
        }

    def changes(self, t: float) -> Pairs:
        """The ("owner.name", value) pairs that are due at time t in seconds, oldest first."""
        return [pair for _, pairs in self.moments(t) for pair in pairs]

    def moments(self, t: float) -> Iterator[tuple[float, Pairs]]:
        """Each time up to t at which values change, with their pairs, oldest first; t is the last.

        A caller that sums up rates advances the sum to each of these times before taking its pairs.
        """
        while (now := min(self._next_due(), self._next_step())) <= t:
            yield now, self._at(now)
        yield t, self._glided(t, rates=False)

    def _next_due(self) -> float:
        return self._due[0].at if self._due else math.inf

    def _next_step(self) -> float:
        if not any(path.startswith(_RATES) for path in self._glides):
            return math.inf
        return (math.floor(self._now * GRID) + 1) / GRID

    def _at(self, now: float) -> Pairs:
        on_grid = now * GRID == math.floor(now * GRID)
        pairs = self._glided(now, rates=True) if on_grid else []
        self._now = now
        while self._due and self._due[0].at <= now:
            pairs += self._begun(self._due.popleft(), now)
        return pairs

    def _begun(self, change: Change, now: float) -> Pairs:
        path = change.path
        self._bring(path, change.value)
        running = self._glides.pop(path, None)
        tau = self._smoothing.get(path)
        seconds = tau if change.fade is None else change.fade
        if tau is None or not seconds or path not in self._values:
            self._values[path] = change.value
            return [(path, change.value)]
        start = self._values[path] if running is None else running.at(now)
        fades = change.fade is not None
        self._glides[path] = Glide(float(start), float(change.value), now, seconds, fades)
        return []

    def _bring(self, path: str, text: Any) -> None:
        """As in a live tree, Params of the former text go, or start again unless declared alike."""
        if (path, text) not in self._brings:
            return
        after = self._brings[path, text]
        before = self._brings.get((path, self._values.get(path, "")), {})
        for p in {*before, *after}:
            if before.get(p) == after.get(p):
                continue
            for held in (self._values, self._smoothing, self._glides):
                held.pop(p, None)
            if p in after:
                self._values[p], tau = after[p]
                self._smoothing |= {} if tau is None else {p: tau}

    def _glided(self, t: float, *, rates: bool) -> Pairs:
        if not rates:
            self._now = max(self._now, t)
        pairs = []
        for path, glide in list(self._glides.items()):
            if path.startswith(_RATES) != rates:
                continue
            value = glide.at(t)
            if value == glide.target:
                del self._glides[path]
            if value != self._values[path]:
                self._values[path] = value
                pairs.append((path, value))
        return pairs
