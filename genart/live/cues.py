"""Cues: places in the tree of parameters, kept by name and gone back to.

The file is JSON that people can read and change: names in playing order, each with its values::

    {"genart_cues": 1,
     "cues": {"opening": {"model.truncation": 0.6, "walk.kind": "slerp"}}}
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genart.errors import DataError, ParamError, UnknownName, UsageError
from genart.files import atomic
from genart.live.store import Store

_MOST = 1000
_LARGEST = 16 << 20
#: What a cue leaves alone: the show goes on where it is.
_LEFT_OUT = ("transport.phase", "tempo.offset", "output.blackout", "output.freeze")


class Cues:
    """The cues of a performance.

    Args:
        store: whose values they keep.
        path: their file, written anew at every save; None keeps them in memory.

    Raises:
        DataError: a file that holds no cues.
    """

    def __init__(self, store: Store, path: str | Path | None = None) -> None:
        self.store = store
        self.path = None if path is None else Path(path)
        self._lock = threading.Lock()
        self._cues = _read(self.path) if self.path is not None and self.path.is_file() else {}
        self._last: str | None = None

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

        Raises:
            UsageError: too many cues, or a folder that is not there.
        """
        values = {p: v for p, v in self.store.values().items() if p not in _LEFT_OUT}
        with self._lock:
            if name not in self._cues and len(self._cues) >= _MOST:
                raise UsageError(f"There are {_MOST} cues already; delete some.")
            cues = {**self._cues, name: values}
            self._write(cues)
            self._cues, self._last = cues, name

    def delete(self, name: str) -> None:
        """Forget a cue; UnknownName if there is none."""
        with self._lock:
            self._known(name)
            cues = {key: values for key, values in self._cues.items() if key != name}
            self._write(cues)
            self._cues = cues

    def recall(self, name: str, fade: float | None = None, source: str = "cue") -> None:
        """Go to a cue's values, all at one tick; values that no longer fit are left out.

        Args:
            name: which.
            fade: over how many seconds floats get there; everything else changes at once.
            source: who asked.

        Raises:
            UnknownName: no such cue.
            ParamError: a fade out of range.
        """
        with self._lock:
            values = dict(self._known(name))
            self._last = name
        changes = []
        for path, value in values.items():
            if path not in self.store.tree:
                continue
            try:
                self.store.tree[path].check(value)
            except ParamError as error:
                self.store.complain(f"cue {name}", f'Cue "{name}": {error}', source)
                continue
            changes.append(self.store.checked(path, value, source, fade=fade))
        self.store.commit(changes)

    def next(self, fade: float | None = None, source: str = "cue") -> str:
        """Go to the cue after the last one, from the end to the first; returns its name.

        Raises:
            UsageError: there are no cues.
        """
        names = self.names
        if not names:
            raise UsageError("There are no cues yet; save one first.")
        after = names.index(self._last) + 1 if self._last in names else 0
        name = names[after % len(names)]
        self.recall(name, fade, source)
        return name

    def _known(self, name: str) -> Mapping[str, Any]:
        if name not in self._cues:
            raise UnknownName("cue", name, self._cues, "Cues are kept with /genart/cue/save.")
        return self._cues[name]

    def _write(self, cues: Mapping[str, Mapping[str, Any]]) -> None:
        if self.path is None:
            return
        text = json.dumps({"genart_cues": 1, "cues": cues}, indent=1, ensure_ascii=False)
        with atomic(self.path) as partial:
            partial.write_text(text + "\n", encoding="utf-8")


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
