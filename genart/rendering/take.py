"""A take: a sketch with its settings, ready to make its frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from genart.contracts import Control, Frame, Generator
from genart.errors import UnknownName
from genart.keys import Keys, format_keys
from genart.live.mapped import Mapped
from genart.models import load
from genart.rendering.again import as_played, with_threads
from genart.rendering.cast import cast, suited, timed, typed
from genart.rendering.film import Film, Size, plan
from genart.rendering.recipes import Order
from genart.runner import OfflineClock, frames
from genart.seeds import format_seeds, parse_seeds
from genart.show import Show
from genart.sketch import Sketch, load_sketch
from genart.stage import ModelSettings

#: Words of `genart.render` that stand for a Param.
WORDS = {
    "truncation": "model.truncation",
    "label": "model.label",
    "precision": "model.precision",
    "directions": "model.directions",
    "style": "style.chain",
    "noise": "model.noise",
    "walk": "walk.kind",
    "easing": "walk.easing",
    "even": "walk.even",
    "loop": "walk.loop",
    "bpm": "tempo.bpm",
}


@dataclass(frozen=True)
class Take:
    """What will be seen, before it is.

    Args:
        film: how many frames, how fast, how large.
        frames: they are made one by one as they are asked for.
        order: what was asked for, for the recipe.
    """

    film: Film
    frames: Iterator[Frame]
    order: Order


def make_take(
    sketch: str | Path | type[Sketch] = "drift",
    *,
    seconds: float | None = None,
    beats: float | None = None,
    fps: float | str | Fraction = 30,
    size: Size | None = None,
    grid: str | Sequence[int] | None = None,
    model: str | Path | Generator | None = None,
    seeds: str | int | Iterable[int] | None = None,
    keys: Keys | None = None,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    controls: Sequence[Control] = (),
    **words: Any,
) -> Take:
    """A take from the words of `genart.render`, which explains them.

    Raises:
        UsageError: a word or value that is wrong.
        CheckpointError: a model file that cannot be used.
        SketchError: a sketch file that cannot be run.
    """
    asked = _asked(model, seeds, keys, words) | dict(params or {})
    kind = sketch if isinstance(sketch, type) else load_sketch(sketch)
    settings = typed(kind, {**kind.defaults, **asked})
    film = plan(settings, seconds=seconds, beats=beats, fps=fps, size=size, grid=grid)
    settings = timed(settings, film, asked)

    @lru_cache(maxsize=2)
    def get(source: str) -> Generator:
        second = source == settings.get("model.other")
        return model if isinstance(model, Generator) and not second else load(source, device)

    generator = get(str(settings.get("model.name", ModelSettings.name.default)))
    film = suited(film, generator)
    shows = any(isinstance(control, Show) for control in controls)
    player = cast(kind, settings, film, get, seed, strict=shows)
    for control in controls:
        if isinstance(control, Mapped):
            control.join(player, film)
    if shows:
        player = as_played(player, get, film)
    order = Order(
        sketch=kind.__qualname__ if isinstance(sketch, type) else str(sketch),
        settings={path: settings[path] for path in _told(kind, asked, film)},
        seed=seed,
        source=generator.source,
    )
    made = frames(player, OfflineClock(film.frames, film.fps), controls)
    return Take(film, with_threads(made, controls, generator), order)


def _told(kind: type[Sketch], asked: Mapping[str, Any], film: Film) -> list[str]:
    """The paths that a recipe names: a film in beats has a tempo of its own."""
    tempo = [] if film.bpm is None else ["tempo.bpm"]
    return list(dict.fromkeys([*kind.defaults, *asked, *tempo]))


def _asked(
    model: str | Path | Generator | None,
    seeds: str | int | Iterable[int] | None,
    keys: Keys | None,
    words: Mapping[str, Any],
) -> dict[str, Any]:
    for word in words:
        if word not in WORDS:
            raise UnknownName("word", word, WORDS, "`help(genart.render)` explains them.")
    asked = {WORDS[word]: value for word, value in words.items() if value is not None}
    if model is not None:
        asked["model.name"] = model.name if isinstance(model, Generator) else str(model)
    if keys is not None:
        asked["walk.keys"] = format_keys(keys)
    if seeds is not None:
        asked["walk.seeds"] = format_seeds(parse_seeds(seeds))
    return asked
