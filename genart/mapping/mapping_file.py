"""Mapping file: TOML that binds sources to Params and actions. Nothing in it is evaluated.

::

    [[map]]
    osc = "/1/fader1"            # any address; arg = 2 takes the second argument
    to = "model.truncation"
    from = [0, 127]              # what the source sends at its ends; default 0..1
    range = [0.3, 1.0]           # the Param's values there; default: its whole range
    curve = "square"             # linear, square, root or smooth

    [[map]]
    midi = "cc/1/74"             # kind/channel/number; see docs/midi.md
    device = "nanoKONTROL2"      # part of its name; default: any device
    to = "walk.kind"
    pickup = true                # no effect until the fader passes the current value

    [[map]]
    midi = "cc/1/16"
    mode = "relative"            # absolute, relative or toggle
    encoding = "twos"            # of the encoder: twos, offset, sign or plain
    step = 0.01                  # the size of one step, as a part of 0..1
    to = "sketch.zoom"

    [[map]]
    midi = "note/10/36"
    do = "cue/recall"            # runs when the source rises past its middle
    args = ["drop", 2.0]

    [[map]]
    audio = "bass"               # the name of a feature
    to = "sketch.zoom"

    [[map]]
    lfo = "sine"                 # sine, triangle, saw or square
    every = 4                    # the period, in seconds
    unit = "beats"               # or in beats
    to = "sketch.twist"

One source may change several Params; a range from high to low reverses its direction.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from genart.errors import DataError, UnknownName, UsageError
from genart.mapping.bindings import (
    CURVES,
    ENCODINGS,
    MODES,
    SHAPES,
    Binding,
    Bindings,
)
from genart.params import Param
from genart.playback.param_sources import PARAM_SOURCES

T = TypeVar("T")

SOURCES = ("osc", "midi", "audio", "lfo")
_KEYS = (
    *SOURCES, "device", "to", "do", "args", "from", "range", "curve", "arg", "every", "unit",
    "mode", "encoding", "step", "pickup",
)  # fmt: skip
#: Keys that need another key.
_NEEDS = {
    "device": "a midi source",
    "args": "do",
    "encoding": 'mode = "relative"',
    "step": 'mode = "relative"',
    "pickup": "an absolute source of a Param",
}
_UNITS = ("seconds", "beats")
_MIDI = re.compile(
    r"(cc|cc14|note|pressure|program)/(1[0-6]|[1-9])/(12[0-7]|1[01]\d|\d{1,2})"
    r"|(pitch|pressure|program)/(1[0-6]|[1-9])|start|stop|continue"
)
_ACTION = re.compile(r"(/genart/)?[a-z]+(/[^/]+){0,2}")
_LARGEST = 1 << 20
#: Owners whose Params change during a performance.
_CHANGING = ("sketch.", *(f"{source.owner}." for source in PARAM_SOURCES.values()))


class MappingError(DataError):
    """A mapping file that cannot be used; the message names the line."""


def read_text(path: Path) -> str:
    """The text of a mapping file; MappingError if it cannot be read."""
    try:
        if path.stat().st_size > _LARGEST:
            raise MappingError(f"{path} is too large for a mapping file.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{path} cannot be read: {error}") from error


def parse_mapping(
    text: str,
    tree: Mapping[str, Param[Any]],
    path: Path,
    *,
    actions: Collection[str] = (),
    waiting: Callable[[str], None] | None = None,
) -> Bindings:
    """The bindings of a mapping file's text; errors name `path`.

    Args:
        text: the content of the file.
        tree: the Params.
        path: the file.
        actions: the known actions, by address under /genart; () accepts any address.
        waiting: called with a line for each entry whose Param this sketch lacks, which is left
            out; None makes it an error.

    Raises:
        MappingError: invalid TOML, or an invalid entry; the message names the line.
    """
    bindings = []
    for index, table in enumerate(_tables(text, path)):
        try:
            bindings.append(_binding(table, index, path, text, tree, actions))
        except _Absent as error:
            if waiting is None:
                raise MappingError(str(error)) from error
            waiting(f"{error} The entry waits for a sketch that has it.")
    return Bindings(bindings)


def _tables(text: str, path: Path) -> list[Any]:
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(f"{path}: {error}.") from error
    tables = content.get("map", [])
    if not isinstance(tables, list) or content.keys() - {"map"}:
        raise MappingError(f"{path}, line 1: a mapping file has only [[map]] entries.")
    return tables


class _Absent(MappingError):
    """An entry for a Param that the sketch lacks."""


class _Entry:
    """One [[map]] table being read; `at` is the key that an error is about.

    Args:
        table: the table of the file.
    """

    def __init__(self, table: Any) -> None:
        self.table, self.at = table, ""
        if not isinstance(table, dict):
            raise UsageError("an entry must be a table, [[map]].")

    def read(self, key: str, parse: Callable[[Any], T], default: Any = None) -> T:
        """The value of a key, or the default, parsed."""
        self.at = key if key in self.table else ""
        return parse(self.table.get(key, default))

    def kind(self) -> str:
        """The kind of its source; all keys are checked first."""
        for key in self.table:
            self.at = key
            _one_of(key, _KEYS)
        self.at = ""
        kinds = [kind for kind in SOURCES if kind in self.table]
        if len(kinds) != 1:
            raise UsageError(f"an entry needs exactly one source: {', '.join(SOURCES)}.")
        if ("to" in self.table) == ("do" in self.table):
            raise UsageError(
                'an entry needs either a Param, to = "owner.name", or an action, do = "cue/next".'
            )
        return kinds[0]

    def check_keys(self, binding: Binding) -> None:
        """UsageError for a key that has no effect here."""
        fits = {
            "device": binding.kind == "midi",
            "args": bool(binding.do),
            "encoding": binding.mode == "relative",
            "step": binding.mode == "relative",
            "pickup": binding.mode == "absolute" and not binding.do,
        }
        for key, good in fits.items():
            if key in self.table and not good:
                self.at = key
                raise UsageError(f"{key} needs {_NEEDS[key]}.")


def _binding(
    table: Any,
    index: int,
    path: Path,
    text: str,
    tree: Mapping[str, Param[Any]],
    actions: Collection[str],
) -> Binding:
    entry: _Entry | None = None
    try:
        entry = _Entry(table)
        return _parsed(entry, tree, actions)
    except UsageError as error:
        line = _line_of(text, index, entry.at if entry else "")
        absent = isinstance(error, UnknownName) and error.name.startswith(_CHANGING)
        kind = _Absent if absent else MappingError
        raise kind(f"{path}, line {line}: {error}") from error


def _parsed(entry: _Entry, tree: Mapping[str, Param[Any]], actions: Collection[str]) -> Binding:
    kind = entry.kind()
    source = entry.read(kind, partial(_source, kind))
    mode = entry.read("mode", lambda mode: _one_of(mode, MODES), "absolute")
    presses = mode == "toggle" or "do" in entry.table
    low, high = entry.read("from", _different, _sends(kind, source, presses=presses))
    plain = "plain" if kind != "midi" else "twos"
    binding = Binding(
        kind=kind,
        source=source,
        low=low,
        high=high,
        ends=entry.read("range", lambda ends: None if ends is None else _ends(ends)),
        curve=entry.read("curve", lambda curve: _one_of(curve, CURVES), "linear"),
        arg=int(entry.read("arg", _whole, 1)) - 1,
        every=entry.read("every", _positive, 1.0),
        beats=entry.read("unit", lambda unit: _one_of(unit, _UNITS), "seconds") == "beats",
        device=entry.read("device", _text, ""),
        mode=mode,
        encoding=entry.read("encoding", lambda name: _one_of(name, ENCODINGS), plain),
        step=entry.read("step", lambda step: None if step is None else _positive(step)),
        pickup=entry.read("pickup", _switch, False),
        path=entry.read("to", _target, ""),
        param=entry.read("to", lambda path: tree[path] if path else None, ""),
        do=entry.read("do", _address, ""),
        args=entry.read("args", _arguments, []),
    )
    entry.check_keys(binding)
    entry.at = "to" if binding.path else "do"
    if binding.param is not None:
        binding.position_of(binding.value(low))  # raises for a Param without a range
        return binding
    return _checked_action(binding, tree, actions)


def _checked_action(
    binding: Binding, tree: Mapping[str, Param[Any]], actions: Collection[str]
) -> Binding:
    """A binding to an action, if there is such an action."""
    path = binding.do.replace("/", ".", 1)
    if path in tree:
        if len(binding.args) != 1:
            raise UsageError(f"{path} takes one value, args = [{tree[path].default!r}].")
        tree[path].check(binding.args[0])
    elif actions and binding.do not in actions and binding.do.rpartition("/")[0] not in actions:
        raise UnknownName("action", binding.do, actions, "docs/osc.md lists them.")
    return binding


def _target(path: Any) -> str:
    if not isinstance(path, str):
        raise UsageError('to must be a Param, to = "owner.name".')
    return path


def _address(do: Any) -> str:
    if not isinstance(do, str) or (do and not _ACTION.fullmatch(do)):
        raise UsageError(f'{do!r} is not an action, such as "cue/next" or "tempo/tap".')
    return do.removeprefix("/genart/")


def _arguments(args: Any) -> tuple[Any, ...]:
    if not isinstance(args, list) or not all(isinstance(a, (str, int, float)) for a in args):
        raise UsageError(f"args must be texts and numbers, [...], not {args!r}.")
    return tuple(args)


def _source(kind: str, source: Any) -> str:
    if not isinstance(source, str) or not source:
        raise UsageError(f"{kind} must be a text, not {source!r}.")
    if kind == "osc" and not source.startswith("/"):
        raise UsageError(f'"{source}" is not an OSC address: it must start with /.')
    if kind == "midi" and not _MIDI.fullmatch(source):
        raise UsageError(
            f'"{source}" is not a MIDI control, such as cc/1/74, note/10/36 or pitch/1.'
        )
    return _one_of(source, SHAPES) if kind == "lfo" else source


def _sends(kind: str, source: str, *, presses: bool) -> Sequence[float]:
    """The default range of a source."""
    if kind != "midi":
        return [0, 1]
    name = source.partition("/")[0]
    if presses and name == "note":
        return [0, 1]  # any velocity presses it
    return {"pitch": [-8192, 8191], "cc14": [0, 16383]}.get(name, [0, 127])


def _ends(value: Any) -> tuple[float, float]:
    good = isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
    if not good:
        raise UsageError(f"two numbers are needed, [low, high], not {value!r}.")
    return float(value[0]), float(value[1])


def _different(value: Any) -> tuple[float, float]:
    low, high = _ends(value)
    if low == high:
        raise UsageError("two different ends are needed.")
    return low, high


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"a text is needed, not {value!r}.")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"true or false is needed, not {value!r}.")
    return value


def _positive(value: Any) -> float:
    if not _is_number(value) or value <= 0:
        raise UsageError(f"a number above 0 is needed, not {value!r}.")
    return float(value)


def _whole(value: Any) -> float:
    if _positive(value) % 1:
        raise UsageError(f"a whole number is needed, not {value!r}.")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _one_of(value: Any, known: Collection[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise UsageError(f'"{value}" is not one of {", ".join(known)}.')
    return str(value)


def _line_of(text: str, index: int, key: str) -> int:
    """The line of a key of the entry with an index, or of the entry itself."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"\s*\[\[\s*map\s*\]\]", line)]
    if index >= len(starts):
        return 1  # inline entries
    end = starts[index + 1] if index + 1 < len(starts) else len(lines)
    for i in range(starts[index], end):
        if key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", lines[i]):
            return i + 1
    return starts[index] + 1
