"""Leads: from a source, such as a MIDI control, to a Param or to something done once.

A source is an OSC address, a MIDI control, an audio feature or an oscillator; it sends numbers.
What a number does depends on the lead's mode:

| mode       | what the source sends                                                  |
|------------|------------------------------------------------------------------------|
| `absolute` | where the Param is to be, `low` to `high`                              |
| `relative` | how many steps it is to be moved: an encoder without ends              |
| `toggle`   | a button: the Param goes from one end to the other each time it is hit |

A lead with `do` instead of a Param sets something off when its source rises past the middle.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from genart.errors import ParamError
from genart.osc.codec import TimeTag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genart.params import Param

#: Each curve with its inverse; both go from 0..1 to 0..1.
CURVES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (lambda x: x, lambda y: y),
    "square": (lambda x: x * x, math.sqrt),
    "root": (math.sqrt, lambda y: y * y),
    "smooth": (
        lambda x: x * x * (3 - 2 * x),
        lambda y: 0.5 - math.sin(math.asin(1 - 2 * y) / 3),
    ),
}
SHAPES: dict[str, Callable[[float], float]] = {
    "sine": lambda phase: 0.5 - 0.5 * math.cos(2 * math.pi * phase),
    "triangle": lambda phase: 1 - abs(2 * phase - 1),
    "saw": lambda phase: phase,
    "square": lambda phase: float(phase >= 0.5),
}
#: How relative encoders write a number of steps into 0..127; "plain" is the number itself.
ENCODINGS: dict[str, Callable[[float], float]] = {
    "twos": lambda x: x - 128 if x >= 64 else x,  # 1, 2 ... up; 127, 126 ... down
    "offset": lambda x: x - 64,  # 65, 66 ... up; 63, 62 ... down
    "sign": lambda x: 64 - x if x >= 64 else x,  # 1, 2 ... up; 65, 66 ... down
    "plain": lambda x: x,
}
MODES = ("absolute", "relative", "toggle")
#: A source is hit at the middle, and can be hit again once it is below this.
_MIDDLE, _LET_GO = 0.5, 0.4
#: A fader this near to the Param picks it up: two of 127 steps.
_NEAR = 2 / 127


class Turn(NamedTuple):
    """A Param to be turned."""

    path: str
    value: Any


@dataclass(frozen=True)
class Deed:
    """Something to be done once.

    Args:
        address: under /genart, such as "cue/recall".
        args: what goes with it.
    """

    address: str
    args: tuple[Any, ...] = ()


Outcome: TypeAlias = "Turn | Deed"


@dataclass(frozen=True)
class Lead:
    """One line from a source to a Param, or to what it sets off.

    Args:
        kind: "osc", "midi", "audio" or "lfo".
        source: the address, control, feature or shape.
        path: "owner.name", or "" where something is done.
        param: what it turns, or None where something is done.
        low: what the source sends at one end.
        high: what it sends at the other.
        ends: the Param's values there, or None for all of its range and curve.
        curve: one of `CURVES`.
        arg: which argument of an OSC message counts, from 0.
        every: how long one swing of an LFO lasts.
        beats: whether it lasts so many beats, not seconds.
        device: part of the device's name, in whatever case; "" for any.
        mode: one of `MODES`.
        encoding: how a relative source writes its steps, one of `ENCODINGS`.
        step: how far one step goes, as a part of 0..1; None for a 128th, or from one value to the
            next where there are fewer.
        pickup: whether an absolute source turns nothing until it comes past where the Param is.
        do: what is done when the source rises past its middle, an address under /genart.
        args: what goes with it.
    """

    kind: str
    source: str
    path: str = ""
    param: Param[Any] | None = None
    low: float = 0.0
    high: float = 1.0
    ends: tuple[float, float] | None = None
    curve: str = "linear"
    arg: int = 0
    every: float = 1.0
    beats: bool = False
    device: str = ""
    mode: str = "absolute"
    encoding: str = "plain"
    step: float | None = None
    pickup: bool = False
    do: str = ""
    args: tuple[Any, ...] = field(default=())

    def is_of(self, device: str) -> bool:
        """Whether its source may be on a device of this name."""
        return self.device.lower() in device.lower()

    def position(self, x: float) -> float:
        """Where the source is between its ends, 0..1; beyond them it stays there."""
        return min(max((x - self.low) / (self.high - self.low), 0.0), 1.0)

    def value(self, x: float) -> Any:
        """The Param's value for what the source sends."""
        return self.value_at(self.position(x))

    def value_at(self, position: float) -> Any:
        """The Param's value at a position 0..1 of the source."""
        turned = CURVES[self.curve][0](position)
        param = self._turned()
        if self.ends is None:
            return param.from_norm(turned)
        return param.clamp(self.ends[0] + (self.ends[1] - self.ends[0]) * turned)

    def position_of(self, value: Any) -> float:
        """The position 0..1 of the source at which the Param has this value."""
        if self.ends is None:
            turned = self._turned().to_norm(value)
        else:
            low, high = self.ends
            turned = (float(value) - low) / (high - low) if high != low else 0.0
        return CURVES[self.curve][1](min(max(turned, 0.0), 1.0))

    def light_of(self, value: Any) -> float:
        """What the source sends where the Param has this value: what its light has to show."""
        high = self.high
        if self.kind == "midi" and self.high == 1:
            high = 127  # a pad, which counts however softly it is struck, shines in full
        return self.low + (high - self.low) * self.position_of(value)

    @property
    def stride(self) -> float:
        """How far one step of a relative source goes, in 0..1."""
        if self.step is not None:
            return self.step
        values = _count(self._turned())
        return 1 / 128 if values is None or values > 128 else 1 / max(values - 1, 1)

    def _turned(self) -> Param[Any]:
        if self.param is None:
            raise ParamError(f'"{self.do}" is done, and has no value.')
        param: Param[Any] = self.param
        return param


def _count(param: Param[Any]) -> int | None:
    """How many values a Param has; None for a number without steps."""
    if options := param.options():
        return len(options)
    if isinstance(param.default, bool):
        return 2
    if isinstance(param.default, int) and param.min is not None and param.max is not None:
        return round(param.max - param.min) + 1
    return None


@dataclass
class _State:
    """What a lead remembers between two numbers of its source."""

    hit: bool = False
    position: float | None = None  # of the source, the last time
    value: Any = None  # what the lead turned the Param to

    def rises(self, position: float) -> bool:
        """Whether the source comes past its middle with this position."""
        before = self.hit
        self.hit = position >= (_LET_GO if before else _MIDDLE)
        return self.hit and not before


class Mappings:
    """All leads of a performance, and what each remembers; may be used from any thread.

    Args:
        leads: in the order of the file.
        current: gives the value of a Param now; its default if there is nothing to ask.
        before: leads that are the same as there remember what they did.
    """

    def __init__(
        self,
        leads: Iterable[Lead],
        current: Callable[[str], Any] | None = None,
        before: Mappings | None = None,
    ) -> None:
        self.leads = tuple(leads)
        self._current = current
        self._lock = threading.Lock()
        old: dict[Lead, _State] = before._states if before else {}
        self._states: dict[Lead, _State] = {lead: old.get(lead) or _State() for lead in self.leads}
        self._by_source: dict[tuple[str, str], list[tuple[Lead, _State]]] = {}
        for lead in self.leads:
            known = self._by_source.setdefault((lead.kind, lead.source), [])
            known.append((lead, self._states[lead]))

    def osc(self, address: str, args: tuple[Any, ...]) -> list[Outcome] | None:
        """What an OSC message of a mapped address does; None for any other.

        Raises:
            ParamError: the argument that counts is no number, or is not there.
        """
        leads = self._by_source.get(("osc", address))
        if leads is None:
            return None
        return self._steps([(lead, state, _number(args, lead.arg)) for lead, state in leads])

    def feed(self, kind: str, source: str, x: float) -> list[Outcome]:
        """What a MIDI control or audio feature does when it is at x.

        Args:
            kind: "midi" or "audio".
            source: its name, and after a space the name of its device if it has one.
            x: where it is; NaN and infinity do nothing.
        """
        if not math.isfinite(x):
            return []
        control, _, device = source.partition(" ")
        leads = self._by_source.get((kind, control), ())
        return self._steps([(each, state, x) for each, state in leads if each.is_of(device)])

    def swing(self, t: float, beat: float) -> list[Outcome]:
        """Where the LFOs are, at a time in seconds and a beat."""
        swings = [lead for lead in self.leads if lead.kind == "lfo"]
        phases = [(beat if lead.beats else t) / lead.every % 1 for lead in swings]
        return self._steps(
            [
                (lead, self._states[lead], SHAPES[lead.source](phase))
                for lead, phase in zip(swings, phases, strict=True)
            ]
        )

    def replanted(self, tree: Mapping[str, Param[Any]]) -> Mappings:
        """The same leads for another tree; those to Params that it lacks are left out."""
        leads = [
            replace(lead, param=tree[lead.path]) if lead.path else lead
            for lead in self.leads
            if not lead.path or lead.path in tree
        ]
        return Mappings(leads, self._current, self)

    def _steps(self, moved: Sequence[tuple[Lead, _State, float]]) -> list[Outcome]:
        with self._lock:
            steps = [self._step(lead, state, x) for lead, state, x in moved]
        return [step for step in steps if step is not None]

    def _step(self, lead: Lead, state: _State, x: float) -> Outcome | None:
        if lead.do:
            return Deed(lead.do, lead.args) if state.rises(lead.position(x)) else None
        now = self._now(lead)
        if lead.mode == "toggle":
            if not state.rises(lead.position(x)):
                return None
            position = float(lead.position_of(now) < _MIDDLE)
        elif lead.mode == "relative":
            start = lead.position_of(now) if state.value != now else state.position or 0.0
            position = min(max(start + ENCODINGS[lead.encoding](x) * lead.stride, 0.0), 1.0)
        else:
            position, before = lead.position(x), state.position
            state.position = position
            if lead.pickup and not _picks_up(lead, position, before, state, now):
                return None
        state.position, state.value = position, lead.value_at(position)
        return Turn(lead.path, state.value)

    def _now(self, lead: Lead) -> Any:
        if self._current is None:
            return lead.param.default if lead.param else None
        return self._current(lead.path)


def _picks_up(lead: Lead, position: float, before: float | None, state: _State, now: Any) -> bool:
    """Whether a fader that waits for the Param has it in hand, or comes past it now."""
    if state.value is not None and state.value == now:
        return True
    here = lead.position_of(now)
    passed = before is not None and (before - here) * (position - here) <= 0
    return passed or abs(position - here) <= _NEAR


def _number(args: tuple[Any, ...], index: int) -> float:
    value = args[index] if index < len(args) else None
    if not isinstance(value, (int, float)) or isinstance(value, TimeTag):
        raise ParamError(f"argument {index + 1} is {value!r}, a mapping needs a number there.")
    return float(value)
