"""Cues: places in the tree of parameters, kept by name and gone back to.

The file is JSON that people can read and change: names in playing order, each with its values::

    {"genart_cues": 1,
     "cues": {"opening": {"model.truncation": 0.6, "walk.kind": "slerp"}}}
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from genart.errors import DataError, ParamError, UnknownName, UsageError
from genart.live.background_file import BackgroundFile
from genart.live.store import Store
from genart.params import ParamTree
from genart.playback.faults import Faults
from genart.playback.param_sources import PARAM_SOURCES
from genart.playback.timeline import Change

_MOST = 1000
_LARGEST = 16 << 20
#: What a cue leaves alone: the show goes on where it is.
_LEFT_OUT = (
    "transport.phase", "tempo.offset", "tempo.launch", "tempo.quantum", "output.blackout",
    "output.freeze",
)  # fmt: skip

Values = Mapping[str, Any]


class _Later(NamedTuple):
    """What a recalled cue holds for the Params that its text brings: a bend's amounts."""

    text: str
    cue: str
    values: Values
    fade: float | None
    source: str


class Cues:
    """The cues of a performance.

    Args:
        store: whose values they keep.
        path: their file, written anew in the background after every change; None keeps them in
            memory.
        faults: who is told when the file cannot be written.

    Raises:
        DataError: a file that holds no cues.
    """

    def __init__(
        self, store: Store, path: str | Path | None = None, faults: Faults | None = None
    ) -> None:
        self.store, self._faults = store, faults or Faults()
        self.path = None if path is None else Path(path)
        self._lock = threading.Lock()
        self._cues = _read(self.path) if self.path is not None and self.path.is_file() else {}
        self._last: str | None = None
        self._later: dict[str, _Later] = {}  # by the Param that brings others
        self._scribe: BackgroundFile | None = None

    @property
    def names(self) -> list[str]:
        """Their names in playing order."""
        with self._lock:
            return list(self._cues)

    @property
    def last(self) -> str | None:
        """The name of the cue last saved or recalled."""
        return self._last

    def save(self, name: str) -> None:
        """Keep all values now; a cue of that name is replaced where it stands.

        What it held for Params that another sketch has stays in it.

        Raises:
            UsageError: too many cues, or a folder that is not there.
        """
        values = {p: v for p, v in self.store.values().items() if p not in _LEFT_OUT}
        with self._lock:
            if name not in self._cues and len(self._cues) >= _MOST:
                raise UsageError(f"There are {_MOST} cues already; delete some.")
            before = self._cues.get(name, {})
            others = {p: v for p, v in before.items() if p not in self.store.tree}
            self._become({**self._cues, name: {**others, **values}})
            self._last = name

    def delete(self, name: str) -> None:
        """Forget a cue; UnknownName if there is none."""
        with self._lock:
            self._known(name)
            self._become({key: values for key, values in self._cues.items() if key != name})

    def move(self, name: str, place: int) -> None:
        """Let a cue stand at a place, from 1; beyond the last it becomes the last.

        Raises:
            UnknownName: no such cue.
            ParamError: a place below 1.
        """
        if place < 1:
            raise ParamError(f"Places are counted from 1, not {place}.")
        with self._lock:
            self._known(name)
            order = [key for key in self._cues if key != name]
            order.insert(place - 1, name)
            self._become({key: self._cues[key] for key in order})

    def rename(self, name: str, other: str) -> None:
        """Give a cue another name; it stays where it stands.

        Raises:
            UnknownName: no such cue.
            UsageError: there is one of the other name.
        """
        with self._lock:
            self._known(name)
            if other in self._cues and other != name:
                raise UsageError(f'There is a cue "{other}" already; delete it first.')
            self._become({other if k == name else k: v for k, v in self._cues.items()})
            self._last = other if self._last == name else self._last

    def recall(
        self,
        name: str,
        fade: float | None = None,
        source: str = "cue",
        without: Collection[str] = (),
    ) -> None:
        """Go to a cue's values, all at one tick; values that no longer fit are left out.

        Args:
            name: which.
            fade: over how many seconds floats get there; everything else changes at once.
            source: who asked.
            without: paths that stay as they are.

        Raises:
            UnknownName: no such cue.
            ParamError: a fade out of range.
        """
        with self._lock:
            values = {p: v for p, v in self._known(name).items() if p not in without}
            later = self._brought(name, values, fade, source)
            others = {path: each for path, each in self._later.items() if path not in values}
            self._later = {**others, **later}
        self.store.commit(self._changes(name, values, fade, source, later))
        self._last = name

    def replanted(self) -> None:
        """The tree is another one: what the last recall holds for Params that it brought goes in.

        Of a text that was refused, or replaced since, it is forgotten.
        """
        with self._lock:
            due = [e for path, e in self._later.items() if self._played(path) == e.text]
            self._later = {
                path: each
                for path, each in self._later.items()
                if each not in due and self.store.values().get(path) == each.text
            }
        now = self.store.values()
        for each in due:
            values = {p: v for p, v in each.values.items() if p not in now or now[p] != v}
            self.store.commit(self._changes(each.cue, values, each.fade, each.source))

    def next(
        self, fade: float | None = None, source: str = "cue", without: Collection[str] = ()
    ) -> str:
        """Go to the cue after the last one, from the end to the first; returns its name.

        Raises:
            UsageError: there are no cues.
        """
        names = self.names
        if not names:
            raise UsageError("There are no cues yet; save one first.")
        after = names.index(self._last) + 1 if self._last in names else 0
        name = names[after % len(names)]
        self.recall(name, fade, source, without)
        return name

    def close(self) -> None:
        """Wait until the file holds everything; more may follow."""
        if self._scribe is not None:
            self._scribe.flush()

    def _played(self, path: str) -> Any:
        """A Param's value as it plays, which a text has once what it brings is in the tree."""
        tree = self.store.tree
        return tree.value(path) if isinstance(tree, ParamTree) and path in tree else None

    def _brought(
        self, name: str, values: Values, fade: float | None, source: str
    ) -> dict[str, _Later]:
        """What waits until texts of a cue that do not play yet have brought their Params."""
        found = {}
        for path, bringer in PARAM_SOURCES.items():
            if path in values and values[path] != self._played(path):
                own = {p: v for p, v in values.items() if p.startswith(f"{bringer.owner}.")}
                own.pop(path, None)
                found[path] = _Later(values[path], name, own, fade, source)
        return found

    def _changes(
        self,
        name: str,
        values: Values,
        fade: float | None,
        source: str,
        later: Mapping[str, _Later] = MappingProxyType({}),
    ) -> list[Change]:
        """What a recall turns; what the tree does not have or take, now or later, is told once."""
        changes, left_out, tree = [], [], self.store.tree
        waits = {path for each in later.values() for path in each.values}
        for path, value in values.items():
            try:
                fits = tree[path].check(value)
            except (ParamError, UnknownName):
                left_out += [path] if path not in waits else []
            else:
                changes.append(Change(path, fits, 0.0, fade, source))
        if left_out:
            why = f'Cue "{name}" holds what this sketch does not take: {", ".join(left_out)}.'
            self.store.complain(f"cue {name}", why, source)
        return changes

    def _known(self, name: str) -> Values:
        if name not in self._cues:
            raise UnknownName("cue", name, self._cues, "Cues are kept with /genart/cue/save.")
        return self._cues[name]

    def _become(self, cues: dict[str, dict[str, Any]]) -> None:
        """Play with these cues from now on, and let the file hold them."""
        if self.path is not None:
            if not self.path.parent.is_dir():
                raise UsageError(f'The folder "{self.path.parent}" of the cues does not exist.')
            if self._scribe is None or self._scribe.path != self.path:
                self._scribe = BackgroundFile(self.path, self._failed, self._went_well)
            text = json.dumps({"genart_cues": 1, "cues": cues}, indent=1, ensure_ascii=False)
            self._scribe.write(text + "\n")
        self._cues = cues

    def _failed(self, error: Exception) -> None:
        self._faults.add("cues", f"{self.path} cannot be written: {error}")

    def _went_well(self) -> None:
        self._faults.settle("cues")


def _read(path: Path) -> dict[str, dict[str, Any]]:
    if path.stat().st_size > _LARGEST:
        raise DataError(f"{path} is too large for a file of cues.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no file of cues: {error}") from error
    cues = content.get("cues") if isinstance(content, dict) else None
    if not isinstance(cues, dict) or not all(isinstance(cue, dict) for cue in cues.values()):
        raise DataError(f'{path} is no file of cues: it needs "cues", each with its values.')
    return {str(name): dict(values) for name, values in cues.items()}
