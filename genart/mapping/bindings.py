"""Bindings: from a source, such as a MIDI control, to a Param or to an action.

A source is an OSC address, a MIDI control, an audio feature or an LFO; it sends numbers. What a
number does depends on the binding's mode:

| mode       | what the source sends                                                    |
|------------|--------------------------------------------------------------------------|
| `absolute` | the position of the Param, `low` to `high`                               |
| `relative` | how many steps to move it: an endless encoder                            |
| `toggle`   | a button: each press moves the Param from one end to the other           |

A binding with `do` instead of a Param runs an action when its source rises past the middle.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from genart.errors import ParamError
from genart.osc.codec import TimeTag
from genart.playback.timeline import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genart.params import Param

#: Each curve with its inverse; both map 0..1 to 0..1.
CURVES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (lambda x: x, lambda y: y),
    "square": (lambda x: x * x, math.sqrt),
    "root": (math.sqrt, lambda y: y * y),
    "smooth": (
        lambda x: x * x * (3 - 2 * x),
        lambda y: 0.5 - math.sin(math.asin(1 - 2 * y) / 3),
    ),
}
#: The waveforms of LFOs: phase 0..1 to a value 0..1.
SHAPES: dict[str, Callable[[float], float]] = {
    "sine": lambda phase: 0.5 - 0.5 * math.cos(2 * math.pi * phase),
    "triangle": lambda phase: 1 - abs(2 * phase - 1),
    "saw": lambda phase: phase,
    "square": lambda phase: float(phase >= 0.5),
}
#: How relative encoders encode a number of steps in 0..127; "plain" is the number itself.
ENCODINGS: dict[str, Callable[[float], float]] = {
    "twos": lambda x: x - 128 if x >= 64 else x,  # 1, 2 ... up; 127, 126 ... down
    "offset": lambda x: x - 64,  # 65, 66 ... up; 63, 62 ... down
    "sign": lambda x: 64 - x if x >= 64 else x,  # 1, 2 ... up; 65, 66 ... down
    "plain": lambda x: x,
}
MODES = ("absolute", "relative", "toggle")
#: A button is pressed from the middle up, and released below the second value.
_PRESSED, _RELEASED = 0.5, 0.4
#: A fader this near to the Param picks it up: two of 127 steps.
_NEAR = 2 / 127


@dataclass(frozen=True)
class Action:
    """Something to do once.

    Args:
        address: under /genart, such as "cue/recall".
        args: its arguments.
    """

    address: str
    args: tuple[Any, ...] = ()


#: What a source asks for.
Outcome: TypeAlias = "Change | Action"


@dataclass(frozen=True)
class Binding:
    """One entry of a mapping: a source, and the Param or action that it is mapped to.

    Args:
        kind: "osc", "midi", "audio" or "lfo".
        source: the address, control, feature or waveform.
        path: the Param, "owner.name", or "" for an action.
        param: its declaration, or None for an action.
        low: what the source sends at one end.
        high: what it sends at the other end.
        ends: the Param's values there, or None for its whole range and curve.
        curve: one of `CURVES`.
        arg: which argument of an OSC message counts, from 0.
        every: the period of an LFO.
        beats: whether the period is in beats instead of seconds.
        device: part of the device's name, case ignored; "" for any device.
        mode: one of `MODES`.
        encoding: how a relative source encodes its steps, one of `ENCODINGS`.
        step: the size of one step, as a part of 0..1; None for 1/128, or for one value where the
            Param has fewer values.
        pickup: whether an absolute source waits until it passes the Param's value.
        do: the action that runs when the source rises past its middle, an address under /genart.
        args: the action's arguments.
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

    def accepts_device(self, device: str) -> bool:
        """Whether its source may be on a device of this name."""
        return self.device.lower() in device.lower()

    def position(self, x: float) -> float:
        """The position of the source between its ends, 0..1; clamped."""
        return min(max((x - self.low) / (self.high - self.low), 0.0), 1.0)

    def value(self, x: float) -> Any:
        """The Param's value for what the source sends."""
        return self.value_at(self.position(x))

    def value_at(self, position: float) -> Any:
        """The Param's value at a position 0..1 of the source; always within the Param's range."""
        curved = CURVES[self.curve][0](position)
        param = self._target()
        if self.ends is None:
            return param.from_norm(curved)
        return param.clamp(self.ends[0] + (self.ends[1] - self.ends[0]) * curved)

    def position_of(self, value: Any) -> float:
        """The position 0..1 of the source at which the Param has this value."""
        if self.ends is None:
            curved = self._target().to_norm(value)
        else:
            low, high = self.ends
            curved = (float(value) - low) / (high - low) if high != low else 0.0
        return CURVES[self.curve][1](min(max(curved, 0.0), 1.0))

    def light_of(self, value: Any) -> float:
        """What the source sends when the Param has this value: what its light has to show."""
        high = self.high
        if self.kind == "midi" and self.high == 1:
            high = 127  # any velocity presses such a pad, and its light is fully on
        return self.low + (high - self.low) * self.position_of(value)

    @property
    def stride(self) -> float:
        """The size of one step of a relative source, in 0..1."""
        if self.step is not None:
            return self.step
        values = _count(self._target())
        return 1 / 128 if values is None or values > 128 else 1 / max(values - 1, 1)

    def _target(self) -> Param[Any]:
        if self.param is None:
            raise ParamError(f'"{self.do}" is an action and has no value.')
        param: Param[Any] = self.param
        return param


def _count(param: Param[Any]) -> int | None:
    """How many values a Param has; None for a continuous one."""
    if options := param.options():
        return len(options)
    if isinstance(param.default, bool):
        return 2
    if isinstance(param.default, int) and param.min is not None and param.max is not None:
        return round(param.max - param.min) + 1
    return None


@dataclass
class _State:
    """What a binding remembers between two numbers of its source."""

    pressed: bool = False
    position: float | None = None  # of the source, the last time
    value: Any = None  # what the binding set the Param to

    def rises(self, position: float) -> bool:
        """Whether the source passes its middle upwards with this position."""
        before = self.pressed
        self.pressed = position >= (_RELEASED if before else _PRESSED)
        return self.pressed and not before


class Bindings:
    """All bindings of a performance or a film, and their state; may be used from any thread.

    Args:
        entries: the bindings in the order of the file.
        current: returns the current value of a Param; None takes its default.
        before: earlier bindings; equal entries keep their state.
    """

    def __init__(
        self,
        entries: Iterable[Binding],
        current: Callable[[str], Any] | None = None,
        before: Bindings | None = None,
    ) -> None:
        self.entries = tuple(entries)
        self._current = current
        self._lock = threading.Lock()
        old: dict[Binding, _State] = before._states if before else {}
        self._states: dict[Binding, _State] = {
            entry: old.get(entry) or _State() for entry in self.entries
        }
        self._by_source: dict[tuple[str, str], list[tuple[Binding, _State]]] = {}
        for entry in self.entries:
            known = self._by_source.setdefault((entry.kind, entry.source), [])
            known.append((entry, self._states[entry]))

    def osc(self, address: str, args: tuple[Any, ...]) -> list[Outcome] | None:
        """What an OSC message of a mapped address asks for; None for any other address.

        Raises:
            ParamError: the argument that counts is missing or is not a number.
        """
        known = self._by_source.get(("osc", address))
        if known is None:
            return None
        return self._steps([(entry, state, _number(args, entry.arg)) for entry, state in known])

    def feed(self, kind: str, source: str, x: float) -> list[Outcome]:
        """What a MIDI control or audio feature asks for when it sends x.

        Args:
            kind: "midi" or "audio".
            source: its name, then a space and the name of its device if it has one.
            x: what it sends; NaN and infinity are ignored.
        """
        if not math.isfinite(x):
            return []
        control, _, device = source.partition(" ")
        known = self._by_source.get((kind, control), ())
        return self._steps(
            [(entry, state, x) for entry, state in known if entry.accepts_device(device)],
            f"{kind} {source}",
        )

    def run_lfos(self, t: float, beat: float) -> list[Outcome]:
        """What the LFOs ask for at a time in seconds and a beat."""
        lfos = [entry for entry in self.entries if entry.kind == "lfo"]
        phases = [(beat if entry.beats else t) / entry.every % 1 for entry in lfos]
        return self._steps(
            [
                (entry, self._states[entry], SHAPES[entry.source](phase))
                for entry, phase in zip(lfos, phases, strict=True)
            ],
            "lfo",
        )

    def with_tree(self, tree: Mapping[str, Param[Any]]) -> Bindings:
        """The same bindings for other Params; those to Params that are missing are left out."""
        entries = [
            replace(entry, param=tree[entry.path]) if entry.path else entry
            for entry in self.entries
            if not entry.path or entry.path in tree
        ]
        return Bindings(entries, self._current, self)

    def _steps(
        self, sent: Sequence[tuple[Binding, _State, float]], source: str = ""
    ) -> list[Outcome]:
        with self._lock:
            steps = [self._step(entry, state, x, source) for entry, state, x in sent]
        return [step for step in steps if step is not None]

    def _step(self, entry: Binding, state: _State, x: float, source: str) -> Outcome | None:
        if entry.do:
            return Action(entry.do, entry.args) if state.rises(entry.position(x)) else None
        now = self._now(entry)
        if entry.mode == "toggle":
            if not state.rises(entry.position(x)):
                return None
            position = float(entry.position_of(now) < _PRESSED)
        elif entry.mode == "relative":
            start = entry.position_of(now) if state.value != now else state.position or 0.0
            position = min(max(start + ENCODINGS[entry.encoding](x) * entry.stride, 0.0), 1.0)
        else:
            position, before = entry.position(x), state.position
            state.position = position
            if entry.pickup and not _picks_up(entry, position, before, state, now):
                return None
        state.position, state.value = position, entry.value_at(position)
        return Change(entry.path, state.value, source=source)

    def _now(self, entry: Binding) -> Any:
        if self._current is None:
            return entry.param.default if entry.param else None
        return self._current(entry.path)


def _picks_up(
    entry: Binding, position: float, before: float | None, state: _State, now: Any
) -> bool:
    """Whether a fader with pickup controls the Param already, or passes its value now."""
    if state.value is not None and state.value == now:
        return True
    here = entry.position_of(now)
    passed = before is not None and (before - here) * (position - here) <= 0
    return passed or abs(position - here) <= _NEAR


def _number(args: tuple[Any, ...], index: int) -> float:
    value = args[index] if index < len(args) else None
    if not isinstance(value, (int, float)) or isinstance(value, TimeTag):
        raise ParamError(f"argument {index + 1} is {value!r}; the mapping needs a number there.")
    return float(value)
