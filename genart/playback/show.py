"""Show: a recorded performance as a file, one JSON object a line, replayed as a Control.

The first line contains the start::

    {"genart_show": 1, "sketch": "drift", "model": "pomona", "seed": 0, "fps": "30",
     "size": [512, 512], "params": {"walk.seeds": "1-6"}, "values": {"model.truncation": 0.7, ...},
     "smoothing": {"model.truncation": 0.06, ...}, "versions": {...}}

Every other line is one change of a Param: its time in seconds, its OSC address, and its arguments,
which are the value and, for a fade, its seconds::

    {"t": 1.25, "address": "/genart/model/truncation", "args": [0.4]}
    {"t": 8.0, "address": "/genart/model/truncation", "args": [0.9, 4.0]}

A model, text and freeze are recorded when the image showed them, not when they were asked for. A
sketch that was saved and reloaded during the show is recorded by name and SHA-256; a show never
contains code::

    {"t": 9.0, "address": "/genart/show/saved", "args": ["drift.py", "5be1..."]}

Times are those of `Store.take`, and smoothing depends on time alone: at the recorded frame rate a
render repeats the performance bit for bit, and at any other it passes through the same values.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, TypeGuard

from genart.errors import DataError, RenderError, UsageError
from genart.playback.timeline import (
    LONGEST_FADE,
    Brings,
    Change,
    Pairs,
    Timeline,
)

_LONGEST_LINE = 1 << 20
_MOST_KEPT = 64 << 20  # bytes in memory that a full disk did not take
_MARK = "genart_show"
_TABLES = ("params", "values", "smoothing", "versions", "hashes")
_END, _SAVED = "/genart/end", "/genart/show/saved"


@dataclass(frozen=True)
class Header:
    """The start of a show.

    Args:
        sketch: its name or file.
        model: the generator's name.
        seed: the seed of the sketch's random numbers.
        fps: frames per second, as text that a Fraction reads.
        size: (width, height), or None for the model's.
        params: the settings that were given, by "owner.name".
        values: every value at the start, by "owner.name".
        smoothing: the time constant of each Param that glides.
        versions: of genart, Python, torch ...
        threads: how many threads a network on a CPU used, or 0 if unknown: sums depend on it.
        hashes: the SHA-256 of the file of the "sketch" and of the "model".
    """

    sketch: str
    model: str
    seed: int = 0
    fps: str = "30"
    size: tuple[int, int] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    smoothing: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    threads: int = 0
    hashes: Mapping[str, str] = field(default_factory=dict)

    def as_line(self) -> str:
        """The first line of the file."""
        return _line({_MARK: 1, **vars(self)})


@dataclass(frozen=True)
class Saved:
    """A sketch that was saved and reloaded during the show.

    Args:
        at: when, in seconds.
        file: its name.
        sha256: of its text.
    """

    at: float
    file: str
    sha256: str


class ShowWriter:
    """Writes a show during a performance; a kill loses nothing but the last line.

    What a full disk does not take is kept in memory, and written before the next line.

    Args:
        path: the file; an existing one is never overwritten.
        header: the start of the show.

    Raises:
        UsageError: the file exists, or its folder does not.
    """

    def __init__(self, path: str | Path, header: Header) -> None:
        self.path = Path(path)
        try:
            self._file = self.path.open("xb", buffering=0)
        except FileExistsError:
            raise UsageError(f"{path} exists already; choose another name for the show.") from None
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
        self._rest = b""
        self._append(header.as_line())
        self.flush()

    def write(self, changes: Iterable[Change]) -> None:
        """Append changes, oldest first.

        Raises:
            OSError: the disk takes no more; everything is kept for `flush`.
        """
        self._append("".join(_line(_event(change)) for change in changes))
        self.flush()

    def saved(self, saved: Saved) -> None:
        """Record that a saved sketch was reloaded."""
        args = [saved.file, saved.sha256]
        self._append(_line({"t": saved.at, "address": _SAVED, "args": args}))
        self.flush()

    def flush(self) -> None:
        """Write what is kept in memory.

        Raises:
            OSError: the disk takes no more.
            RenderError: so much is kept that the show is given up.
        """
        while self._rest:
            written = self._file.write(self._rest)
            self._rest = self._rest[written or 0 :]

    def close(self, t: float | None = None) -> None:
        """Finish; t is when the show ended, in seconds, so that a render has the same length."""
        if self._file.closed:
            return
        try:
            if t is not None:
                self._append(_line({"t": t, "address": _END, "args": []}))
            self.flush()
        finally:
            self._file.close()

    def _append(self, text: str) -> None:
        if len(self._rest) > _MOST_KEPT:
            raise RenderError(f"{self.path}: the disk took nothing for too long; it ends here.")
        self._rest += text.encode()


class Show:
    """A recorded show: a Control, to be replayed once from its start.

    Args:
        header: the start.
        events: its changes, oldest first.
        seconds: its length.
        cut: whether its last line is incomplete, as after a kill.
        saves: the sketches that were reloaded during the show.
    """

    def __init__(
        self,
        header: Header,
        events: Iterable[Change],
        seconds: float,
        cut: bool = False,
        saves: Iterable[Saved] = (),
    ) -> None:
        self.header, self.events, self.seconds, self.cut = header, tuple(events), seconds, cut
        self.saves = tuple(saves)
        self._brings: Brings = {}
        self.rewind()

    def only(self, fits: Callable[[Change], bool]) -> Show:
        """The same show with only the changes that fit."""
        kept = filter(fits, self.events)
        return Show(self.header, kept, self.seconds, self.cut, self.saves)

    def know(self, brings: Brings) -> None:
        """Set the Params that its texts add, so that it glides as it was recorded; rewinds."""
        self._brings = brings
        self.rewind()

    def _fresh(self) -> Timeline:
        timeline = Timeline(self.header.values, self.header.smoothing, self._brings)
        timeline.add(self.events)
        return timeline

    def rewind(self) -> None:
        """Start again."""
        self._timeline, self._given = self._fresh(), 0

    def due(self, t: float) -> Sequence[Change]:
        """The changes up to time t in seconds that were not returned yet, not smoothed."""
        end = bisect_right(self.events, t, lo=self._given, key=attrgetter("at"))
        begin, self._given = self._given, end
        return self.events[begin:end]

    def changes(self, t: float) -> Pairs:
        """The ("owner.name", value) pairs that are due at time t in seconds, oldest first."""
        return self._timeline.changes(t)

    def moments(self, t: float) -> Iterator[tuple[float, Pairs]]:
        """Each time up to t at which values change, with the pairs due then."""
        return self._timeline.moments(t)


def read_show(path: str | Path) -> Show:
    """Read a show; an incomplete last line is left out.

    Raises:
        DataError: no such file, or an invalid line; the message names it.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            header = _header(_object(file.readline(_LONGEST_LINE), path, 1), path)
            show = _rest(file, path, header)
    except OSError as error:
        raise DataError(f'The show "{path}" cannot be read: {error.strerror}.') from error
    return show


def _rest(file: IO[bytes], path: Path, header: Header) -> Show:
    events: list[Change] = []
    saves: list[Saved] = []
    end, number = 0.0, 1
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if not line.endswith(b"\n") and not file.read(1):
            return Show(header, events, end, True, saves)
        if not line.strip():
            continue
        event = _read(_object(line, path, number), path, number)
        if event.at < end:
            raise DataError(f"{path}, line {number}: {event.at} s comes after {end} s.")
        end = event.at
        if isinstance(event, Saved):
            saves.append(event)
        elif event.path:
            events.append(event)
    return Show(header, events, end, saves=saves)


def _object(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, line {number}: no JSON ({error}).") from error
    if not isinstance(found, dict):
        raise DataError(f"{path}, line {number}: not an object.")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _header(found: dict[str, Any], path: Path) -> Header:
    if found.get(_MARK) != 1:
        raise DataError(f'{path} is not a show: its first line has no "{_MARK}": 1.')
    size = found.get("size")
    tables = {name: found.get(name, {}) for name in _TABLES}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise DataError(f"{path}, line 1: {name} is an object, not {table!r}.")
    if not all(_is_number(tau) and tau >= 0 for tau in tables["smoothing"].values()):
        raise DataError(f"{path}, line 1: smoothing is in seconds, 0 or more.")
    if not (size is None or (_are_numbers(size) and len(size) == 2)):
        raise DataError(f"{path}, line 1: a size is [width, height], not {size}.")
    return Header(
        sketch=str(found.get("sketch", "drift")),
        model=str(found.get("model", "pomona")),
        seed=_whole(found.get("seed", 0), path, "seed"),
        threads=_whole(found.get("threads", 0), path, "number of threads"),
        fps=str(found.get("fps", "30")),
        size=None if size is None else (int(size[0]), int(size[1])),
        **tables,
    )


def _whole(number: Any, path: Path, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise DataError(f"{path}, line 1: a {what} is a whole number, not {number!r}.")
    return number


def _read(found: dict[str, Any], path: Path, number: int) -> Change | Saved:
    at, address, args = found.get("t"), found.get("address"), found.get("args")
    where = f"{path}, line {number}"
    if not _is_number(at) or not isinstance(address, str) or not isinstance(args, list):
        raise DataError(f'{where}: an event has "t" in seconds, "address" and "args".')
    if address == _END:
        return Change("", None, float(at))
    if address == _SAVED:
        return _saved(float(at), args, where)
    return _change(float(at), address, args, where)


def _saved(at: float, args: list[Any], where: str) -> Saved:
    if len(args) != 2 or not all(isinstance(arg, str) for arg in args):
        raise DataError(f"{where}: args are a file's name and its SHA-256.")
    return Saved(at, *args)


def _change(at: float, address: str, args: list[Any], where: str) -> Change:
    parts = address.split("/")
    if parts[:2] != ["", "genart"] or len(parts) != 4:
        raise DataError(f'{where}: "{address}" is not /genart/<owner>/<name>.')
    fade = args[1] if len(args) == 2 else None
    good = fade is None or (_is_number(fade) and 0 <= fade <= LONGEST_FADE)
    if len(args) not in (1, 2) or not isinstance(args[0], (str, int, float)) or not good:
        raise DataError(f"{where}: args are a value, and a fade of 0..{LONGEST_FADE:g} seconds.")
    return Change(f"{parts[2]}.{parts[3]}", args[0], at, fade, "show")


def _event(change: Change) -> dict[str, Any]:
    owner, name = change.path.split(".", 1)
    args = [change.value] if change.fade is None else [change.value, change.fade]
    return {"t": change.at, "address": f"/genart/{owner}/{name}", "args": args}


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))
