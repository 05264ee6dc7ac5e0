"""A take: a sketch with its settings, ready to make its frames."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from genart.contracts import Control, Frame, Generator
from genart.errors import UnknownName
from genart.latents.keys import Keys, format_keys, format_seeds, parse_seeds
from genart.mapping.film_control import FilmControl
from genart.media.film_spec import Film, Size
from genart.models.loading import load
from genart.playback.build import typed
from genart.playback.clock import OfflineClock
from genart.playback.loop import frames
from genart.playback.settings import WORDS, ModelSettings
from genart.playback.show import Show
from genart.playback.sketch import Sketch, load_sketch
from genart.realtime import spare_threads
from genart.rendering.players import cast, suited, timed
from genart.rendering.recipe import Order
from genart.rendering.show_player import show_player
from genart.rendering.spec import plan

_SMALL = 256  # pixels a side of a model that one thread plays nearly as fast as two


def with_threads(
    frames: Iterable[Frame], controls: Iterable[Control], model: Generator
) -> Iterator[Frame]:
    """The frames, made by as many threads as a show was, so that sums come out the same.

    Without a show, a small model on a CPU leaves one core to the encoder: it gains little from the
    last thread, and loses much when that has to wait for its core.
    """
    wanted = max((each.header.threads for each in controls if isinstance(each, Show)), default=0)
    if not wanted and min(model.resolution) <= _SMALL and model.device.type == "cpu":
        wanted = spare_threads()
    if not 0 < wanted <= (os.cpu_count() or 1):
        yield from frames
        return
    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        yield from frames
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class RenderJob:
    """What will be seen, before it is.

    Args:
        film: how many frames, how fast, how large.
        frames: they are made one by one as they are asked for.
        order: what was asked for, for the recipe.
    """

    film: Film
    frames: Iterator[Frame]
    order: Order


def make_job(
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
) -> RenderJob:
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
        if isinstance(control, FilmControl):
            control.join(player, film)
    if shows:
        player = show_player(player, get, film)
    order = Order(
        sketch=kind.__qualname__ if isinstance(sketch, type) else str(sketch),
        settings={path: settings[path] for path in _told(kind, asked, film)},
        seed=seed,
        source=generator.source,
    )
    made = frames(player, OfflineClock(film.frames, film.fps), controls)
    return RenderJob(film, with_threads(made, controls, generator), order)


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
