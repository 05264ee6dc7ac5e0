"""A profiler that follows a value from function to function; see trace_paths.py."""

from __future__ import annotations

import dataclasses
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEEPEST = 3  # levels of containers that are looked into
_ATTRIBUTES = re.compile(r"__(?!call__|init__)\w+__")  # special methods: attributes and items


@dataclass(frozen=True)
class Journey:
    """One value and its way.

    Args:
        name: of its image, and of its part of the page.
        run: does what a person does.
        carries: whether an argument or a result is the value or made of it.
        start: the file where the way begins.
        end: the file where it ends.
        reads: whether reading the value of a Param hands it on.
    """

    name: str
    run: Callable[[], None]
    carries: Callable[[Any], bool]
    start: str
    end: str
    reads: bool = False


@dataclass
class Visit:
    """What a file did with the value.

    Args:
        file: relative to the repository.
        steps: its functions that were handed the value, each with the type of what it got.
    """

    file: str
    steps: dict[str, str] = field(default_factory=dict)


class Trace:
    """Collects visits and handovers while it is the profiler of a program.

    Attributes:
        visits: by file, in the order of the first visit.
        handed: pairs of files (from, to) between which the value went.
    """

    def __init__(self, carries: Callable[[Any], bool], reads: bool = False) -> None:
        self._carries, self._reads = carries, reads
        self.visits: dict[str, Visit] = {}
        self.handed: set[tuple[str, str]] = set()

    def __call__(self, frame: FrameType, event: str, result: Any) -> None:
        """Look at one call or return."""
        if event not in ("call", "return"):
            return
        file, name = _file(frame), frame.f_code.co_qualname
        if not file or (caller := _caller(frame)) is None:
            return
        if _ATTRIBUTES.search(name) and not (self._reads and name == "Param.__get__"):
            return
        if event == "call":
            got = next((value for value in _arguments(frame) if self._carries(value)), None)
            if got is not None:
                self.visits.setdefault(file, Visit(file)).steps.setdefault(name, _kind(got))
                self.handed.add((caller, file))
        elif self._carries(result):
            self.visits.setdefault(file, Visit(file)).steps.setdefault(name, _kind(result))
            self.handed.add((file, caller))

    def way(self, start: str, end: str) -> list[Visit]:
        """Return the visits between two files, in the order of the first visit."""
        ahead = reached(start, self.handed)
        behind = reached(end, {(b, a) for a, b in self.handed})
        return [visit for file, visit in self.visits.items() if file in ahead & behind]


def _file(frame: FrameType) -> str:
    """Return the file of a frame relative to the repository, "" if it is none of these."""
    name = frame.f_code.co_filename
    if not name.startswith(str(ROOT)) or "site-packages" in name:
        return ""
    file = name[len(str(ROOT)) + 1 :]
    return file if file.startswith(("genart/", "plugins/", "sketches/")) else ""


def _caller(frame: FrameType) -> str | None:
    """Return our nearest file that called this one; None within a plug-in's own step."""
    nearest, above = "", frame.f_back
    while above is not None:
        file = _file(above)
        if file.startswith("plugins/"):
            return None
        nearest = nearest or file
        above = above.f_back
    return nearest


def _arguments(frame: FrameType) -> Iterator[Any]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 4) + bool(code.co_flags & 8)  # *args and **kwargs
    for name in code.co_varnames[:count]:
        if name in frame.f_locals:
            yield frame.f_locals[name]


def _kind(value: Any) -> str:
    if type(value).__name__ in ("Tensor", "ndarray"):
        return "image" if type(value).__name__ == "Tensor" else "frame"
    return {"str": "text", "dict": "values", "list": "list"}.get(
        type(value).__name__, type(value).__name__
    )


def reached(start: str, edges: set[tuple[str, str]]) -> set[str]:
    """Return the files that can be reached from one along directed edges."""
    found, fresh = {start}, {start}
    while fresh:
        fresh = {b for a, b in edges if a in fresh} - found
        found |= fresh
    return found


def trace(journey: Journey) -> Trace:
    """Run a program and follow its value."""
    found = Trace(journey.carries, journey.reads)
    threading.setprofile(found)
    sys.setprofile(found)
    try:
        journey.run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return found


def inside(value: Any) -> Iterator[Any]:
    """Yield what a container or dataclass holds; a recipe is not followed."""
    if isinstance(value, (dict, MappingProxyType)) and "genart" not in value:  # as in a recipe
        yield from value.values()
    elif isinstance(value, (tuple, list)) and len(value) < 64:
        yield from value
    elif dataclasses.is_dataclass(value):
        yield from (getattr(value, each.name, None) for each in dataclasses.fields(value))
