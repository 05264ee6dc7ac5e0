"""Sketch choice: another included sketch plays during a performance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genart.errors import UnknownName, UsageError
from genart.live.actions import ActionSpec
from genart.playback.background_loader import SketchRequest
from genart.playback.sketch import Sketch, list_sketches

if TYPE_CHECKING:
    from genart.live.performance import Live


class SketchChoice:
    """Plays another sketch on request: an included one, or the one that played at the start.

    The other sketch plays once its first frame is good. Its defaults apply to every Param that
    still has its value from the start of the sketch before; a value that somebody changed stays.

    Args:
        live: the performance.
        source: the sketch that played at the start.

    Attributes:
        about: one sentence for each sketch, by name.
        playing: the name of the sketch that plays.
    """

    def __init__(self, live: Live, source: str | Path | type[Sketch]) -> None:
        self._live = live
        self.playing = source.__qualname__ if isinstance(source, type) else Path(source).stem
        included = {each.name: _sentence(each.about) for each in list_sketches()}
        self._sources: dict[str, str | Path | type[Sketch]] = {name: name for name in included}
        self._sources[self.playing] = source
        first = _sentence((type(live.sketch).__doc__ or "").partition("\n")[0])
        self.about = {self.playing: first} | included
        self._wanted: tuple[str, type[Sketch]] | None = None

    def actions(self) -> dict[str, ActionSpec]:
        """The action that chooses a sketch."""
        return {"load/sketch": ActionSpec(self.load, "s", "Play another included sketch.")}

    def load(self, args: tuple[Any, ...], source: str = "") -> None:
        """Load a sketch in the background and play it.

        Args:
            args: its name.
            source: who asked.

        Raises:
            UnknownName: no included sketch of this name.
            UsageError: a show is being recorded.
        """
        name = str(args[0]) if args else ""
        if name not in self._sources:
            raise UnknownName("sketch", name, self._sources)
        if self._live.store_control.on_changes is not None:
            raise UsageError("A show is being recorded; it contains one sketch only.")
        self._live.loader.want_sketch(
            SketchRequest(self._sources[name], lambda kind: self._loaded(name, kind))
        )

    def _loaded(self, name: str, kind: type[Sketch]) -> None:
        self._wanted = name, kind
        store, before = self._live.store, _start_values(self._live.sketch)
        after = _start_values(kind)
        for path in [*before.keys() | after.keys()]:
            if path in store.tree and not path.startswith("sketch."):
                usual = store.tree[path].default
                if store.current(path) == before.get(path, usual):
                    store.put(path, after.get(path, usual), "sketch")

    def new_sketch(self) -> None:
        """Another sketch plays, or a file was saved."""
        if self._wanted is None or type(self._live.sketch) is not self._wanted[1]:
            return
        (self.playing, kind), self._wanted = self._wanted, None
        for path, value in _start_values(kind).items():
            if path.startswith("sketch."):
                self._live.store.put(path, value, "sketch")


def _sentence(text: str) -> str:
    """The first sentence of a text."""
    return text.partition(". ")[0].rstrip(".") + "." if text else ""


def _start_values(sketch: Sketch | type[Sketch]) -> Mapping[str, Any]:
    """The values with which a sketch starts live, see `Live`."""
    return {**sketch.defaults, "walk.even": False}
