"""RenderJob: a request resolved into a player that makes the frames of a film."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from genart.contracts import Control, Frame, Generator
from genart.errors import UsageError
from genart.latents.keys import Key, parse_keys
from genart.mapping.film_control import FilmControl
from genart.media.film_spec import Film
from genart.models.loading import load
from genart.params import ParamTree
from genart.playback.clock import OfflineClock
from genart.playback.loop import frames
from genart.playback.player import Player, SketchPlayer
from genart.playback.settings import Settings
from genart.playback.show import Show
from genart.playback.sketch import Sketch, load_sketch
from genart.realtime import spare_threads
from genart.rendering.grid import SEEDS, cell_sizes, grid_player
from genart.rendering.request import RenderRequest
from genart.rendering.show_player import show_player
from genart.rendering.spec import fit_walk, plan_film, sized_for

_SMALL = 256  # pixels a side of a model that one thread plays nearly as fast as two


@dataclass(frozen=True)
class RenderJob:
    """A film that is about to be made.

    Args:
        film: how many frames, how fast, how large.
        frames: they are made one by one as they are asked for.
        sketch: the sketch's name or file.
        tree: every Param; before the first frame it holds the values that the film begins with.
        chosen: the Params that the sketch or the caller set, by "owner.name".
        seed: of the sketch's random numbers.
        model_file: the model's file, or None.
    """

    film: Film
    frames: Iterator[Frame]
    sketch: str
    tree: ParamTree
    chosen: tuple[str, ...]
    seed: int
    model_file: Path | None


def start_job(request: RenderRequest) -> RenderJob:
    """Resolve a request: set every value, load the model, build the player.

    Raises:
        UsageError: a value that is wrong.
        CheckpointError: a model file that cannot be used.
        SketchError: a sketch file that cannot be run.
    """
    name = "drift" if request.sketch is None else request.sketch
    kind = name if isinstance(name, type) else load_sketch(name)
    sketch, asked = kind(), request.values()
    settings = Settings({**kind.defaults, **asked}, sketch)
    film = plan_film(request, settings)
    fit_walk(settings, film, is_timed="transport.seconds" in asked)
    load_model = _loader(request, settings.model.other)
    model = load_model(settings.model.name)
    film = sized_for(film, model)
    tempo = [] if film.bpm is None else ["tempo.bpm"]
    player = _player(request, sketch, settings, film, load_model)
    made = frames(player, OfflineClock(film.frames, film.fps), request.controls)
    return RenderJob(
        film=film,
        frames=with_threads(made, request.controls, model),
        sketch=kind.__qualname__ if isinstance(name, type) else str(name),
        tree=settings.tree(sketch),
        chosen=tuple(dict.fromkeys([*kind.defaults, *asked, *tempo])),
        seed=request.seed or 0,
        model_file=model.source,
    )


def _loader(request: RenderRequest, second: str) -> Callable[[str], Generator]:
    """Return a function that gives the generator of a name.

    A generator in the request replaces every name except that of the second model.
    """

    @lru_cache(maxsize=2)
    def load_model(name: str) -> Generator:
        if isinstance(request.model, Generator) and name != second:
            return request.model
        return load(name, request.device)

    return load_model


def _player(
    request: RenderRequest,
    sketch: Sketch,
    settings: Settings,
    film: Film,
    load_model: Callable[[str], Generator],
) -> Player:
    seed, keys = request.seed or 0, _keys(request, settings)
    if not 0 <= seed < SEEDS:
        raise UsageError(f"Seed {seed} is outside 0..{SEEDS - 1}.")
    is_show = any(isinstance(control, Show) for control in request.controls)
    first = SketchPlayer(
        sketch, settings, load=load_model, size=cell_sizes(film)[0], seed=seed, strict=is_show,
        keys=keys,
    )  # fmt: skip
    player = first if film.cells == 1 else grid_player(first, film)
    for control in request.controls:
        if isinstance(control, FilmControl):
            control.join(player, film)
    return show_player(player, load_model, film) if is_show else player


def _keys(request: RenderRequest, settings: Settings) -> tuple[Key, ...]:
    """Return the keys of the walk as they were given; a text is parsed."""
    walk = settings.walk
    path, given = ("walk.keys", request.keys) if walk.keys else ("walk.seeds", request.seeds)
    if given is None or path in request.params:
        return tuple(parse_keys(walk.keys or walk.seeds))
    return given


def with_threads(
    frames: Iterable[Frame], controls: Iterable[Control], model: Generator
) -> Iterator[Frame]:
    """Yield frames that are drawn by as many threads as a show was, so that sums are the same.

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
