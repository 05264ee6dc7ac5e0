"""Records a show: the changes of a performance, so that it can be replayed and rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genart.errors import GenartError
from genart.files import file_hash, unused_path
from genart.media.recipe import versions
from genart.params import Param
from genart.playback.show import (
    Header,
    Saved,
    Show,
    ShowWriter,
)
from genart.playback.timeline import Change, smoothing_of

if TYPE_CHECKING:
    from genart.live.performance import Live

_MODEL, _OTHER = "model.name", "model.other"


def start_show_recorder(live: Live, path: str | Path) -> ShowRecorder:
    """Record a performance's changes in a new file, from its beginning.

    If the file exists already, the show is recorded to "night-2.jsonl", and that is reported.

    Raises:
        UsageError: a file that cannot be written.
    """
    free = unused_path(Path(path))
    if free != Path(path):
        live.faults.note("show", f"{path} exists already: the show is called {free.name}.")
    keeper = ShowRecorder(live, ShowWriter(free, _header(live)))
    live.store_control.on_changes = keeper.write
    live.on_tick.append(keeper.look)
    live.on_new_sketch.append(keeper.sketch_saved)
    return keeper


class ShowRecorder:
    """Writes a show. What a full disk does not take is kept, reported once, and tried every tick.

    Most changes are written as they come, each with its own time. Three kinds are written when the
    image shows them, with the time of that tick: a model, which may take long to load; text, which
    a walk may refuse; and freeze, which holds the image of its tick. While a second model is loaded
    the first one plays alone, and that is what is written.

    Args:
        live: the performance.
        writer: writes the file.

    Attributes:
        path: the file.
    """

    def __init__(self, live: Live, writer: ShowWriter) -> None:
        self._live, self._writer, self.path = live, writer, writer.path
        self._shown = self._settled()
        self._failed = self._waits = False

    def write(self, changes: Iterable[Change]) -> None:
        """Write the changes of a tick."""
        tree = self._live.player.tree
        unsettled = [c for c in changes if c.path in tree and not _settles(c.path, tree[c.path])]
        self._try(lambda: self._writer.write(unsettled))

    def look(self, t: float, beat: float) -> None:
        """After the frame of the tick at time t: write what it was the first to show."""
        if self._live.player.failing:
            return
        settled = self._settled()
        fresh = [Change(p, x, t) for p, x in settled.items() if self._shown.get(p) != x]
        self._shown = settled
        self._try(lambda: self._writer.write(fresh))

    def _settled(self) -> dict[str, Any]:
        tree = self._live.player.tree
        shown = {path: tree.value(path) for path, param in tree.items() if _settles(path, param)}
        return shown | (
            {_OTHER: ""} if self._live.player.sketch_player.second_model.waiting else {}
        )

    def sketch_saved(self) -> None:
        """Write that a reloaded sketch plays from this tick on."""
        tick, file = self._live.engine_clock.tick, self._live.loader.sketch
        if file is not None:
            at = 0.0 if tick is None else float(tick.t)
            saved = Saved(at, file.name, file_hash(file) or "")
            self._try(lambda: self._writer.saved(saved))

    def close(self, t: float | None = None) -> None:
        """Finish the file; t is when the show ended, in seconds. A failed recording has no end."""
        self._try(lambda: self._writer.close(t))

    def _try(self, step: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            step()
        except OSError as error:  # such as a full disk
            if not self._waits:
                why = f"{self.path} cannot be written: {error.strerror or error}. The changes are "
                self._live.faults.add("show", f"{why}kept and written when that is possible again.")
            self._waits = True
        except (GenartError, ValueError) as error:
            self._failed = True
            self._live.faults.add("show", error)
            with suppress(OSError, GenartError):
                self._writer.close()
        else:
            if self._waits:
                self._live.faults.settle("show")
                self._live.faults.note("show", f"{self.path} is written again; nothing was lost.")
            self._waits = False


def load_models(live: Live, controls: Iterable[object]) -> None:
    """Load the second model and those of shows before the start; a failure is reported.

    So the image is blended from its first frame on, and a show's models change when they did.
    """
    changes = [c for show in controls if isinstance(show, Show) for c in show.events]
    names = [live.store.current(_OTHER)]
    names += [c.value for c in changes if c.path in (_MODEL, _OTHER)]
    for name in filter(None, dict.fromkeys(names)):
        try:
            live.loader.get(name)
        except GenartError as error:
            live.faults.event("model", error)


def _settles(path: str, param: Param[Any]) -> bool:
    """Whether a Param is written when the image shows it, instead of when it was changed."""
    text = isinstance(param.default, str) and not param.choices
    return text or path in (_MODEL, "output.freeze")


def _header(live: Live) -> Header:
    name = str(live.store.current(_MODEL))
    model = live.loader.get(name)
    hashes = {"sketch": file_hash(live.loader.sketch), "model": file_hash(model.source)}
    return Header(
        sketch=live.name,
        model=name,
        seed=live.seed,
        fps=str(live.fps),
        size=(live.size[1], live.size[0]),
        params=live.settings,
        values=live.store.values(),
        smoothing=smoothing_of(live.store.tree),
        versions=versions(),
        threads=live.threads,
        hashes={what: found for what, found in hashes.items() if found},
    )
