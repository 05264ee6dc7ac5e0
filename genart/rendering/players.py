"""Who plays in a film: one performer, or a grid of them, with their settings."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from genart.contracts import Generator
from genart.errors import UsageError
from genart.latents.keys import format_keys, format_seeds, parse_keys, parse_seeds
from genart.media.film_spec import Film
from genart.playback.build import performer
from genart.playback.player import Grid, Player
from genart.playback.sketch import Sketch

_SMALLEST = 512  # pixels a side that a film of a small model is enlarged to
_SEEDS = 2**32

Load = Callable[[str], Generator]


def timed(settings: Mapping[str, Any], film: Film, asked: Container[str]) -> dict[str, Any]:
    """Settings in which one turn of the walk fills the film, and its beats do.

    A loop's frame i of n has phase i / n; an open walk's last frame has phase 1. Who asks for
    both a length and `transport.seconds` keeps both.
    """
    steps = film.frames if settings.get("walk.loop", True) else max(film.frames - 1, 1)
    turn = {} if "transport.seconds" in asked else {"transport.seconds": float(steps / film.fps)}
    return {**settings, **turn, **({} if film.bpm is None else {"tempo.bpm": film.bpm})}


def cast(
    kind: type[Sketch],
    settings: Mapping[str, Any],
    film: Film,
    load: Load,
    seed: int = 0,
    *,
    strict: bool = False,
) -> Player:
    """The player of a film: a performer, or in a grid one a cell.

    Cell k has the seeds of the first one, moved on by k times their span, so that no two cells
    share any; with `walk.keys` each cell begins at the next key.

    Args:
        kind: the sketch.
        settings: values by "owner.name".
        film: its size and grid.
        load: gives the generator of a name.
        seed: of the first cell's own chance; each next cell has the next.
        strict: whether an image that holds NaN or infinity is an error, instead of grey.

    Raises:
        UsageError: a seed out of range.
    """
    if not 0 <= seed < _SEEDS:
        raise UsageError(f"Seed {seed} is outside 0..{_SEEDS - 1}.")
    players = [
        performer(kind, settings, load=load, size=cell, seed=(seed + k) % _SEEDS, strict=strict)
        for k, cell in enumerate(_cells(film))
    ]
    for k, player in enumerate(players[1:], 1):
        walks = player.stage.walk
        player.set("walk.seeds", _moved(walks.seeds, k))
        if walks.keys:
            player.set("walk.keys", _turned(walks.keys, k))
    return players[0] if len(players) == 1 else Grid(players, film.grid[0])


def suited(film: Film, model: Generator) -> Film:
    """The film with a size: its own, or the model's, enlarged by whole times to 512 or more."""
    if film.size is not None:
        return film
    times = -(-_SMALLEST // min(model.resolution))
    return replace(film, size=(model.resolution[0] * times, model.resolution[1] * times))


def _cells(film: Film) -> list[tuple[int, int]]:
    assert film.size is not None
    columns, rows = film.grid
    heights, widths = _shares(film.size[0], rows), _shares(film.size[1], columns)
    return [(height, width) for height in heights for width in widths]


def _moved(seeds: str, times: int) -> str:
    first = parse_seeds(seeds)
    span = max(first) - min(first) + 1
    return format_seeds((seed + times * span) % _SEEDS for seed in first)


def _turned(keys: str, times: int) -> str:
    """The same keys, begun so many later."""
    every = parse_keys(keys)
    at = times % len(every)
    return format_keys([*every[at:], *every[:at]])


def _shares(length: int, parts: int) -> list[int]:
    """A length in whole pixels, as evenly as can be."""
    edges = [round(length * k / parts) for k in range(parts + 1)]
    return [after - before for before, after in pairwise(edges)]
