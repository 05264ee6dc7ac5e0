"""A style-mixing grid as a film: what comes from the top sweeps through the layers and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genart.contracts import Frame, Generator, Latent, ProgressCallback
from genart.editing.mixed import layer_weights
from genart.errors import UsageError
from genart.frames import on_black, to_frames
from genart.rendering.film import Film, count_frames, parse_fps
from genart.rendering.keep import check_place, keep
from genart.stills import Stills, tiled


def sweep_film(
    output: Path,
    generator: Generator,
    left: Latent,
    top: Latent,
    layers: Sequence[int],
    *,
    size: tuple[int, int] | None,
    seconds: float,
    fps: float | str | Fraction,
    recipe: dict[str, Any],
    progress: ProgressCallback | None = None,
) -> Stills:
    """A grid of sources at the left and above, in which the mixed layers sweep.

    At the beginning every picture is its row's. Then the layers of its column come in, the finest
    first, until all of the chosen ones are the column's, and go again: a loop.

    Args:
        output: the film.
        generator: what draws.
        left: the rows' places in w+, truncated.
        top: the columns' places.
        layers: which layers may come from the top.
        size: (h, w) of a cell in pixels; the model's own unless given.
        seconds: the length.
        fps: frames a second.
        recipe: what the file keeps.
        progress: told of every frame.

    Raises:
        UsageError: an output or length that cannot be.
        RenderError: the film could not be finished.
    """
    rate = parse_fps(fps)
    height, width = size or generator.resolution
    shape = (height * (len(left) + 1), width * (len(top) + 1))
    film = Film(count_frames(seconds, rate), rate, shape)
    check_place(output)
    cells = _Cells(generator, left, top, layers, (height, width))
    keep((cells.at(n / film.frames) for n in range(film.frames)), film, output, progress,
         recipe=recipe)  # fmt: skip
    return Stills([output], film.frames, shape[::-1], recipe)


class _Cells:
    """The grid at any phase; its sources are drawn once."""

    def __init__(
        self,
        generator: Generator,
        left: Latent,
        top: Latent,
        layers: Sequence[int],
        size: tuple[int, int],
    ) -> None:
        if not layers:
            raise UsageError("A film of mixtures needs layers to mix.")
        self._generator, self._left, self._top, self._size = generator, left, top, size
        self._chosen = torch.zeros(generator.num_ws, 1).to(left.values)
        self._chosen[list(layers)] = 1
        self._span = min(layers), max(layers) + 1
        self._above = [self._drawn(place) for place in top.values]
        self._beside = [self._drawn(place) for place in left.values]

    def at(self, phase: float) -> Frame:
        """The grid at a phase 0..1."""
        first, end = self._span
        edge = end - (end - first) * (0.5 - 0.5 * math.cos(2 * math.pi * phase))
        weights = layer_weights(self._generator.num_ws, edge, end)[:, None].to(self._chosen)
        return tiled(list(self._frames(weights * self._chosen)), (len(self._top) + 1,
                                                                 len(self._left) + 1))  # fmt: skip

    def _frames(self, weights: torch.Tensor) -> Iterator[Frame]:
        yield np.zeros_like(self._above[0])
        yield from self._above
        for own, source in zip(self._beside, self._left.values, strict=True):
            yield own
            yield from (self._drawn(torch.lerp(source, each, weights)) for each in self._top.values)

    def _drawn(self, place: torch.Tensor) -> Frame:
        with torch.no_grad():
            image = self._generator(Latent("w+", place[None]))
        return on_black(to_frames(image, self._size)[0])
