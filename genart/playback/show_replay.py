"""Prepare a recorded show to be played again: its start, and its changes as a control."""

from __future__ import annotations

import logging
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genart.errors import DataError, UsageError
from genart.files import file_hash
from genart.params import DynamicParams, ParamTree, params_of
from genart.playback.background_loader import sketch_file
from genart.playback.param_sources import PARAM_SOURCES
from genart.playback.settings import Settings
from genart.playback.show import Show, read_show
from genart.playback.sketch import Sketch, load_sketch
from genart.playback.timeline import Change, smoothing_of

log = logging.getLogger("genart.playback.show")


@dataclass(frozen=True)
class ReplayedShow:
    """A show ready to be played again.

    Args:
        show: the recording from its start, with the changes that the sketch takes.
        sketch: what plays it.
        seconds: its length, None for a show without one.
        values: the values it began with, by "owner.name", without the model's name.
    """

    show: Show
    sketch: str | Path | type[Sketch]
    seconds: float | None
    values: Mapping[str, Any]


def prepare_show(
    show: str | Path | Show, sketch: str | Path | type[Sketch] | None = None
) -> ReplayedShow:
    """Read a show and fit it to the sketch that will play it.

    Args:
        show: a show or its file.
        sketch: another sketch than the recorded one.

    Raises:
        DataError: a file that is not a show, or a change of a Param that the sketch does not have.
    """
    show = show if isinstance(show, Show) else read_show(show)
    header = show.header
    sketch = header.sketch if sketch is None else sketch
    kind = sketch if isinstance(sketch, type) else load_sketch(sketch)
    found = _source_settings(show)
    show = fitted(show, _tree(kind, found), same=_is_as_it_was(show, sketch))
    show.know({picked: _added(picked[0], settings) for picked, settings in found.items()})
    values = {"transport.seconds": header.values.get("transport.seconds", 8.0), **header.params}
    values.pop("model.name", None)  # the header names the model
    return ReplayedShow(show, sketch, show.seconds or None, values)


def _source_settings(show: Show) -> dict[tuple[str, str], Settings]:
    """Return settings for every text in a show that adds Params, by its Param and text."""
    made: dict[tuple[str, str], Settings] = {}
    for path in PARAM_SOURCES:
        picked = ["", show.header.params.get(path, ""), show.header.values.get(path, "")]
        picked += [change.value for change in show.events if change.path == path]
        made |= {(path, text): Settings({path: text}) for text in dict.fromkeys(picked)}
    return made


def _tree(kind: type[Sketch], found: Mapping[tuple[str, str], Settings]) -> ParamTree:
    """Return every Param that a show may change, with those of its directions and stylizers."""
    owners = Settings().tree(kind()).owners
    for path, source in PARAM_SOURCES.items():
        made = [settings for (by, text), settings in found.items() if by == path and text]
        groups = [params_of(settings.tree().owners[source.owner]) for settings in made]
        if groups:  # a Param of one name is that of the first text
            owners[source.owner] = DynamicParams(dict(ChainMap(*groups)))
    return ParamTree(owners)


def _added(path: str, settings: Settings) -> dict[str, tuple[Any, float | None]]:
    """Return the Params that a text added: each path with its value, and its tau if it glides."""
    tree, owner = settings.tree(), f"{PARAM_SOURCES[path].owner}."
    tau = smoothing_of(tree)
    own = [p for p in tree if p.startswith(owner) and p != path]
    return {p: (tree.value(p), tau.get(p)) for p in own}


def fitted(show: Show, tree: ParamTree, *, same: bool = True) -> Show:
    """Return the show from its start, with the changes that a tree of Params accepts.

    Args:
        show: the recording.
        tree: every Param of the sketch as it is now.
        same: whether this is the recorded sketch; for another one, changes of Params that it does
            not have are left out with a warning.

    Raises:
        DataError: a change that the tree does not accept; the message names it.
    """
    misfits: dict[str, str] = {}

    def fits(change: Change) -> bool:
        try:
            tree[change.path].check(change.value)
        except UsageError as error:
            if same or not change.path.startswith("sketch."):
                raise DataError(f"The show at {change.at:g} s: {error}") from error
            misfits.setdefault(change.path, f"at {change.at:g} s: {error}")
            return False
        return True

    fitting = show.only(fits)
    for why in misfits.values():
        log.warning(
            "The show changes a Param that the sketch does not have: %s The change is skipped.", why
        )
    return fitting


def _is_as_it_was(show: Show, sketch: str | Path | type[Sketch]) -> bool:
    """Whether the file of a sketch is that of the recording; if not, a warning is logged."""
    begun = show.header.hashes.get("sketch")
    now = file_hash(sketch_file(sketch))
    if show.saves:
        times = ", ".join(f"{saved.at:.1f}" for saved in show.saves)
        version = "as it was last" if show.saves[-1].sha256 == now else "as it is now"
        log.warning(
            "%s was saved during the show, at %s s; it plays %s from the beginning. To make the "
            "film again, give the files of that time as the sketch.",
            show.saves[-1].file, times, version,
        )  # fmt: skip
        return False
    if begun is not None and begun != now:
        log.warning("%s is not what it was when the show was recorded; it plays as it is.", sketch)
        return False
    return True
