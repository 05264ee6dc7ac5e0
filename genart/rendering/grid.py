"""A grid of walks in one film: a player for each cell, each with its own keys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from genart.latent import format_seeds, parse_seeds
from genart.latents.keys import Key, format_keys
from genart.media.film_spec import Film
from genart.playback.player import Grid, SketchPlayer

SEEDS = 2**32  # a seed is less


def grid_player(first: SketchPlayer, film: Film) -> Grid:
    """Return a player of a grid whose first cell plays already.

    Cell k has the seeds of the first one, moved on by k times their span, so that no two cells
    share any; with `walk.keys` each cell begins at the next key. Its own random numbers come from
    the next seed.

    Args:
        first: the player of the first cell.
        film: its size and grid.
    """
    players = [first]
    for k, size in enumerate(cell_sizes(film)[1:], 1):
        cell = first.copy(size=size, seed=(first.sketch.seed + k) % SEEDS)
        walk = cell.settings.walk
        by_seeds = not walk.keys
        seeds = _moved(parse_seeds(walk.seeds), k)
        keys = seeds if by_seeds else _rotated(first.keys, k)
        cell.set("walk.seeds", format_seeds(seeds))
        if not by_seeds:
            cell.set("walk.keys", format_keys(keys))
        cell.use_keys(keys)
        players.append(cell)
    return Grid(players, film.grid[0])


def cell_sizes(film: Film) -> list[tuple[int, int]]:
    """Return the (h, w) of every cell, in rows from the top left."""
    assert film.size is not None
    columns, rows = film.grid
    heights, widths = _shares(film.size[0], rows), _shares(film.size[1], columns)
    return [(height, width) for height in heights for width in widths]


def _moved(seeds: Sequence[int], times: int) -> tuple[int, ...]:
    span = max(seeds) - min(seeds) + 1
    return tuple((seed + times * span) % SEEDS for seed in seeds)


def _rotated(keys: Sequence[Key], times: int) -> tuple[Key, ...]:
    """Return the same keys, begun so many later."""
    at = times % len(keys)
    return (*keys[at:], *keys[:at])


def _shares(length: int, parts: int) -> list[int]:
    """Return a length divided into whole pixels, as evenly as can be."""
    edges = [round(length * k / parts) for k in range(parts + 1)]
    return [after - before for before, after in pairwise(edges)]
