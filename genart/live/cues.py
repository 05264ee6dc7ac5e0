"""Cues: values of all Params, saved under a name and recalled.

The file is JSON that people can read and edit: names in playing order, each with its values::

    {"genart_cues": 1,
     "cues": {"opening": {"model.truncation": 0.6, "walk.kind": "slerp"}}}
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping
from itertools import count
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
#: What a cue does not change.
_LEFT_OUT = (
    "transport.phase", "tempo.offset", "tempo.launch", "tempo.quantum", "output.blackout",
    "output.freeze",
)  # fmt: skip

Values = Mapping[str, Any]
#: Cues in playing order.
Saved = dict[str, dict[str, Any]]


class _Later(NamedTuple):
    """The values of a recalled cue for Params that its text will add, such as a bend's amounts."""

    text: str
    cue: str
    values: Values
    fade: float | None
    source: str


class Cues:
    """The cues of a performance.

    Args:
        store: the Params that they save and change.
        path: their file, written in the background after every change; None keeps them in memory.
            What another program wrote into it since is kept.
        faults: where a file that cannot be written is reported.

    Raises:
        DataError: a file that is not a file of cues.
    """

    def __init__(
        self, store: Store, path: str | Path | None = None, faults: Faults | None = None
    ) -> None:
        self.store, self._faults = store, faults or Faults()
        self.path = None if path is None else Path(path)
        self._lock = threading.Lock()
        self._cues = _read(self.path) if self.path is not None and self.path.is_file() else {}
        self._base = self._written = self._cues  # what the file contained when it was last seen
        self._last: str | None = None
        self._later: dict[str, _Later] = {}  # by the Param that adds others
        self._writer: BackgroundFile | None = None

    @property
    def names(self) -> list[str]:
        """The names in playing order."""
        with self._lock:
            return list(self._cues)

    @property
    def last(self) -> str | None:
        """The name of the cue last saved or recalled."""
        return self._last

    def save(self, name: str) -> None:
        """Save all values now; a cue of that name is replaced in its position.

        Its values for Params of other sketches are kept.

        Raises:
            UsageError: too many cues, or a folder that does not exist.
        """
        values = {p: v for p, v in self.store.values().items() if p not in _LEFT_OUT}
        with self._lock:
            if name not in self._cues and len(self._cues) >= _MOST:
                raise UsageError(f"There are {_MOST} cues already; delete some first.")
            before = self._cues.get(name, {})
            others = {p: v for p, v in before.items() if p not in self.store.tree}
            self._become({**self._cues, name: {**others, **values}})
            self._last = name

    def delete(self, name: str) -> None:
        """Delete a cue; UnknownName if there is none."""
        with self._lock:
            self._known(name)
            self._become({key: values for key, values in self._cues.items() if key != name})

    def move(self, name: str, position: int) -> None:
        """Move a cue to a position, from 1; beyond the last it becomes the last.

        Raises:
            UnknownName: no such cue.
            ParamError: a position below 1.
        """
        if position < 1:
            raise ParamError(f"Positions are counted from 1, not {position}.")
        with self._lock:
            self._known(name)
            order = [key for key in self._cues if key != name]
            order.insert(position - 1, name)
            self._become({key: self._cues[key] for key in order})

    def rename(self, name: str, other: str) -> None:
        """Rename a cue; it keeps its position.

        Raises:
            UnknownName: no such cue.
            UsageError: another cue has that name.
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
        """Change all Params to a cue's values at one tick; values that no longer fit are left out.

        Args:
            name: the cue.
            fade: over how many seconds floats change; everything else changes at once.
            source: who asked.
            without: paths that are not changed.

        Raises:
            UnknownName: no such cue.
            ParamError: a fade out of range.
        """
        with self._lock:
            values = {p: v for p, v in self._known(name).items() if p not in without}
            later = self._values_for_later(name, values, fade, source)
            others = {path: each for path, each in self._later.items() if path not in values}
            self._later = {**others, **later}
        self.store.commit(self._changes(name, values, fade, source, later))
        self._last = name

    def tree_changed(self) -> None:
        """The Params changed: set the values of the last recall for Params that its texts added.

        They are dropped if the text was refused or replaced since.
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
        """Recall the cue after the last one, from the last to the first; returns its name.

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
        """Wait until the file contains everything; cues may be saved again afterwards."""
        if self._writer is not None:
            self._writer.flush()

    def _played(self, path: str) -> Any:
        """A Param's value in the player, which differs from the store until a text is applied."""
        tree = self.store.tree
        return tree.value(path) if isinstance(tree, ParamTree) and path in tree else None

    def _values_for_later(
        self, name: str, values: Values, fade: float | None, source: str
    ) -> dict[str, _Later]:
        """The values that wait until a cue's texts have added their Params."""
        found = {}
        for path, source_param in PARAM_SOURCES.items():
            if path in values and values[path] != self._played(path):
                own = {p: v for p, v in values.items() if p.startswith(f"{source_param.owner}.")}
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
        """The changes of a recall; what the tree does not take, now or later, is logged once."""
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
            why = f'Cue "{name}" has values that this sketch does not take: {", ".join(left_out)}.'
            self.store.complain(f"cue {name}", why, source)
        return changes

    def _known(self, name: str) -> Values:
        if name not in self._cues:
            raise UnknownName("cue", name, self._cues, "/genart/cue/save saves one.")
        return self._cues[name]

    def _become(self, cues: dict[str, dict[str, Any]]) -> None:
        """Use these cues from now on, and write them to the file."""
        if self.path is not None:
            if not self.path.parent.is_dir():
                raise UsageError(f'The folder "{self.path.parent}" of the cues does not exist.')
            if self._writer is None or self._writer.path != self.path:
                self._writer = BackgroundFile(self.path, self._failed, self._went_well)
            self._writer.write(self._text)
        self._cues = cues

    def _text(self) -> str:
        """The text of the file: these cues, and what others wrote into it since it was last seen.

        Raises:
            DataError: the file is no longer a file of cues; it is not overwritten.
        """
        assert self.path is not None
        found = _read(self.path) if self.path.is_file() else None
        with self._lock:
            if found is not None:
                self._cues, news = merged(self._base, self._cues, found)
                for line in news:
                    self._faults.note("cues", line)
            self._written = self._cues
            content = {"genart_cues": 1, "cues": self._cues}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def _failed(self, error: Exception) -> None:
        self._faults.add("cues", f"{self.path} cannot be written: {error}")

    def _went_well(self) -> None:
        self._base = self._written
        self._faults.settle("cues")


def merged(base: Saved, ours: Saved, theirs: Saved) -> tuple[Saved, list[str]]:
    """The cues of two programs that changed one file, and what is to be reported.

    A cue that both changed is kept twice: theirs as "name-2". A cue that they deleted is deleted,
    unless their file has none of these cues: then it is another file.

    Args:
        base: the cues that both began with.
        ours: the cues of this program, in its order.
        theirs: the cues in the file.
    """
    if theirs == base:
        return ours, []
    found, news = dict(ours), list[str]()
    for name, cue in ours.items():
        if cue != base.get(name):
            continue  # changed here
        if name in theirs:
            found[name] = theirs[name]
        elif not base.keys().isdisjoint(theirs):
            del found[name]
            news.append(f'another genart deleted "{name}".')
    for name, cue in theirs.items():
        if name in found and cue not in (found[name], base.get(name)):
            free = next(
                each for k in count(2) if (each := f"{name}-{k}") not in {**found, **theirs}
            )
            found[free] = cue
            news.append(f'another genart saved "{name}" too: its cue is called "{free}".')
        elif name not in found and cue != base.get(name):
            found[name] = cue
            news.append(f'"{name}" of another genart was added.')
    return found, news


def _read(path: Path) -> Saved:
    if path.stat().st_size > _LARGEST:
        raise DataError(f"{path} is too large for a file of cues.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not a file of cues: {error}") from error
    cues = content.get("cues") if isinstance(content, dict) else None
    if not isinstance(cues, dict) or not all(isinstance(cue, dict) for cue in cues.values()):
        raise DataError(f'{path} is not a file of cues: it needs "cues", each with its values.')
    return {str(name): dict(values) for name, values in cues.items()}
