"""A recorded show, rendered again: what it was played with, and its changes as a control."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genart.errors import DataError, UsageError
from genart.params import ParamTree
from genart.rendering.take import WORDS
from genart.show import Show, read_show
from genart.sketch import load_sketch
from genart.stage import Stage

#: Names of `render` that choose a length; any of them replaces the show's own.
_LENGTHS = ("seconds", "beats")
#: The Param that each word of `render` stands for.
_PATHS = {**WORDS, "seeds": "walk.seeds"}


def replay(show: str | Path | Show, words: Mapping[str, Any]) -> dict[str, Any]:
    """The words of `genart.render` with which a show is made again; those that are given win.

    Args:
        show: a show or its file; it is played from its start.
        words: what the caller gave, None for what was not.

    Raises:
        DataError: a file that is no show, or one that turns what its sketch does not have.
    """
    show = show if isinstance(show, Show) else read_show(show)
    show.rewind()
    given = {name: word for name, word in words.items() if word is not None}
    begun = show.header
    sketch = given.get("sketch", begun.sketch)
    kind = sketch if isinstance(sketch, type) else load_sketch(sketch)
    check(show, Stage().tree(kind()))
    length = {} if any(name in given for name in _LENGTHS) else {"seconds": show.seconds or None}
    replaced = {path for word, path in _PATHS.items() if word in given} | {"model.name"}
    params = {"transport.seconds": begun.values.get("transport.seconds", 8.0), **begun.params}
    kept = {path: value for path, value in params.items() if path not in replaced}
    return {
        "model": begun.model,
        "seed": begun.seed,
        "fps": begun.fps,
        "size": begun.size,
        **length,
        **given,
        "sketch": sketch,
        "params": {**kept, **given.get("params", {})},
        "controls": [show, *given.get("controls", ())],
    }


def check(show: Show, tree: ParamTree) -> None:
    """DataError for the first change of a show that a tree of Params does not take."""
    for change in show.events:
        try:
            tree[change.path].check(change.value)
        except UsageError as error:
            raise DataError(f"The show at {change.at:g} s: {error}") from error
