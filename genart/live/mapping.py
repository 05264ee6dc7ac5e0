"""Mapping: any source onto any Param, told by a TOML file. Nothing in it is ever evaluated.

::

    [[map]]
    osc = "/1/fader1"            # an address of someone else's choosing; arg = 2 takes the second
    to = "model.truncation"
    from = [0, 127]              # what the source sends; 0..1 unless said
    range = [0.3, 1.0]           # in the Param's own unit; all of its range unless said
    curve = "square"             # linear, square, root or smooth

    [[map]]
    midi = "cc/1/74"             # kind/channel/number
    to = "walk.kind"

    [[map]]
    audio = "bass"               # a feature's name
    to = "sketch.zoom"

    [[map]]
    lfo = "sine"                 # sine, triangle, saw or square
    every = 4                    # seconds for one swing, or
    unit = "beats"
    to = "sketch.twist"

One source may move several Params, and a range from high to low turns its direction round.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from genart.errors import DataError, ParamError, UsageError
from genart.live.osc import TimeTag
from genart.live.store import Store
from genart.params import Param

T = TypeVar("T")
Pairs: TypeAlias = "list[tuple[str, Any]]"

SOURCES = ("osc", "midi", "audio", "lfo")
CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "square": lambda x: x * x,
    "root": math.sqrt,
    "smooth": lambda x: x * x * (3 - 2 * x),
}
SHAPES: dict[str, Callable[[float], float]] = {
    "sine": lambda phase: 0.5 - 0.5 * math.cos(2 * math.pi * phase),
    "triangle": lambda phase: 1 - abs(2 * phase - 1),
    "saw": lambda phase: phase,
    "square": lambda phase: float(phase >= 0.5),
}
_KEYS = (*SOURCES, "to", "from", "range", "curve", "arg", "every", "unit")
_UNITS = ("seconds", "beats")
_MIDI = re.compile(r"(cc|note|pitch|pressure|program)/(1[0-6]|[1-9])(/\d{1,3})?")
_LARGEST = 1 << 20


class MappingError(DataError):
    """A mapping file that cannot be used; the message names the line."""


@dataclass(frozen=True)
class Lead:
    """One line from a source to a Param.

    Args:
        kind: "osc", "midi", "audio" or "lfo".
        source: the address, control, feature or shape.
        path: "owner.name".
        param: what it turns.
        low: what the source sends at one end.
        high: what it sends at the other.
        ends: the Param's values there, or None for all of its range and curve.
        curve: one of `CURVES`.
        arg: which argument of an OSC message counts, from 0.
        every: how long one swing of an LFO lasts.
        beats: whether it lasts so many beats, not seconds.
    """

    kind: str
    source: str
    path: str
    param: Param[Any]
    low: float = 0.0
    high: float = 1.0
    ends: tuple[float, float] | None = None
    curve: str = "linear"
    arg: int = 0
    every: float = 1.0
    beats: bool = False

    def value(self, x: float) -> Any:
        """The Param's value for what the source sends; beyond its ends it stays there."""
        position = min(max((x - self.low) / (self.high - self.low), 0.0), 1.0)
        position = CURVES[self.curve](position)
        if self.ends is None:
            return self.param.from_norm(position)
        return self.param.clamp(self.ends[0] + (self.ends[1] - self.ends[0]) * position)


class Mappings:
    """All leads of a file.

    Args:
        leads: in the order of the file.
    """

    def __init__(self, leads: list[Lead]) -> None:
        self.leads = tuple(leads)
        self._by_source: dict[tuple[str, str], list[Lead]] = {}
        for lead in leads:
            self._by_source.setdefault((lead.kind, lead.source), []).append(lead)

    def osc(self, address: str, args: tuple[Any, ...]) -> Pairs:
        """What an OSC message of a mapped address turns; nothing for any other.

        Raises:
            ParamError: the argument that counts is no number, or is not there.
        """
        leads = self._by_source.get(("osc", address), [])
        return [(lead.path, lead.value(_number(args, lead.arg))) for lead in leads]

    def feed(self, kind: str, source: str, x: float) -> Pairs:
        """What a MIDI control or audio feature turns when it is at x."""
        return [(lead.path, lead.value(x)) for lead in self._by_source.get((kind, source), [])]

    def swing(self, t: float, beat: float) -> Pairs:
        """Where the LFOs are, at a time in seconds and a beat."""
        swings = (lead for lead in self.leads if lead.kind == "lfo")
        return [
            (
                lead.path,
                lead.value(SHAPES[lead.source]((beat if lead.beats else t) / lead.every % 1)),
            )
            for lead in swings
        ]


def swinger(mappings: Mappings, store: Store) -> Callable[[float, float], None]:
    """What turns the Params of the LFOs, called with the time and the beat once a tick."""

    def swing(t: float, beat: float) -> None:
        for path, value in mappings.swing(t, beat):
            if path in store.tree:  # another sketch may have taken over
                store.put(path, value, "lfo")

    return swing


def _number(args: tuple[Any, ...], index: int) -> float:
    value = args[index] if index < len(args) else None
    if not isinstance(value, (int, float)) or isinstance(value, TimeTag):
        raise ParamError(f"argument {index + 1} is {value!r}, a mapping needs a number there.")
    return float(value)


def read_mapping(path: str | Path, tree: Mapping[str, Param[Any]]) -> Mappings:
    """Read a mapping file for a tree of Params.

    Raises:
        MappingError: no such file, no TOML, or an entry that cannot be; the message names the line.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise MappingError(f"{path} is too large for a mapping file.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{path} cannot be read: {error}") from error
    return parse_mapping(text, tree, path)


def parse_mapping(text: str, tree: Mapping[str, Param[Any]], path: Path) -> Mappings:
    """The leads of a mapping file's text; errors name `path`.

    Raises:
        MappingError: as `read_mapping`.
    """
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(f"{path}: {error}.") from error
    if not isinstance(content.get("map"), list) or len(content) > 1:
        raise MappingError(f"{path}, line 1: a mapping file holds [[map]] entries alone.")
    return Mappings([_lead(entry, i, path, text, tree) for i, entry in enumerate(content["map"])])


class _Entry:
    """One [[map]] table being read; it knows which key is to blame.

    Args:
        table: what the file holds.
    """

    def __init__(self, table: Any) -> None:
        self.table, self.at = table, ""
        if not isinstance(table, dict):
            raise UsageError("an entry is a table, [[map]].")

    def read(self, key: str, parse: Callable[[Any], T], default: Any = None) -> T:
        """The value of a key, or the default, parsed."""
        self.at = key if key in self.table else ""
        return parse(self.table.get(key, default))

    def kind(self) -> str:
        """Which source it names, after a look at all its keys."""
        for key in self.table:
            self.at = key
            _one_of(key, _KEYS)
        self.at = ""
        kinds = [kind for kind in SOURCES if kind in self.table]
        if len(kinds) != 1:
            raise UsageError(f"an entry has one source: {', '.join(SOURCES)}.")
        return kinds[0]


def _lead(table: Any, index: int, path: Path, text: str, tree: Mapping[str, Param[Any]]) -> Lead:
    entry: _Entry | None = None
    try:
        entry = _Entry(table)
        return _parsed(entry, tree)
    except UsageError as error:
        line = _line_of(text, index, entry.at if entry else "")
        raise MappingError(f"{path}, line {line}: {error}") from error


def _parsed(entry: _Entry, tree: Mapping[str, Param[Any]]) -> Lead:
    kind = entry.kind()
    source = entry.read(kind, partial(_source, kind))
    low, high = entry.read("from", _different, _sends(kind, source))
    lead = Lead(
        kind=kind,
        source=source,
        low=low,
        high=high,
        ends=entry.read("range", lambda ends: None if ends is None else _ends(ends)),
        curve=entry.read("curve", lambda curve: _one_of(curve, CURVES), "linear"),
        arg=int(entry.read("arg", _whole, 1)) - 1,
        every=entry.read("every", _positive, 1.0),
        beats=entry.read("unit", lambda unit: _one_of(unit, _UNITS), "seconds") == "beats",
        path=entry.read("to", _target),
        param=entry.read("to", tree.__getitem__),
    )
    lead.value(low)  # a Param without a range says so now
    return lead


def _target(path: Any) -> str:
    if not isinstance(path, str):
        raise UsageError('an entry has a Param to turn, to = "owner.name".')
    return path


def _source(kind: str, source: Any) -> str:
    if not isinstance(source, str) or not source:
        raise UsageError(f"{kind} is a text, not {source!r}.")
    if kind == "osc" and not source.startswith("/"):
        raise UsageError(f'"{source}" is no OSC address: it starts with a /.')
    if kind == "midi" and not _MIDI.fullmatch(source):
        raise UsageError(f'"{source}" is no MIDI control, such as cc/1/74, note/10/36 or pitch/1.')
    return _one_of(source, SHAPES) if kind == "lfo" else source


def _sends(kind: str, source: str) -> list[float]:
    if kind == "midi":
        return [-8192, 8191] if source.startswith("pitch") else [0, 127]
    return [0.0, 1.0]


def _ends(value: Any) -> tuple[float, float]:
    good = isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
    if not good:
        raise UsageError(f"two numbers are wanted, [low, high], not {value!r}.")
    return float(value[0]), float(value[1])


def _different(value: Any) -> tuple[float, float]:
    low, high = _ends(value)
    if low == high:
        raise UsageError("two different ends are wanted.")
    return low, high


def _positive(value: Any) -> float:
    if not _is_number(value) or value <= 0:
        raise UsageError(f"a number above 0 is wanted, not {value!r}.")
    return float(value)


def _whole(value: Any) -> float:
    if _positive(value) % 1:
        raise UsageError(f"a whole number is wanted, not {value!r}.")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _one_of(value: Any, known: Collection[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise UsageError(f'"{value}" is none of {", ".join(known)}.')
    return str(value)


def _line_of(text: str, index: int, key: str) -> int:
    """The line of a key in the entry of an index, or of the entry itself."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"\s*\[\[\s*map\s*\]\]", line)]
    if index >= len(starts):
        return 1  # entries written inline
    end = starts[index + 1] if index + 1 < len(starts) else len(lines)
    for i in range(starts[index], end):
        if key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", lines[i]):
            return i + 1
    return starts[index] + 1
