"""genart.mixing_grid: rows and columns of latents, mixed by layers, as an image or a film."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genart.contracts import Frame, Generator
from genart.editing.style_mixing import layer_weights
from genart.errors import UsageError
from genart.files import check_writable
from genart.latent import Latent
from genart.latents.keys import Keys, format_keys, make_keys, parse_keys
from genart.latents.mixing import mix, parse_layers
from genart.media.film_spec import Film, Size, count_frames, parse_fps, parse_size
from genart.media.frames import on_black, to_frames
from genart.media.sheets import SUFFIXES, tiled
from genart.models.loading import as_generator, in_aspect
from genart.progress import ProgressCallback
from genart.rendering.still_files import Stills, _frames, _one_file, _recipe
from genart.rendering.write import check_output, write_film


def mixing_grid(
    output: str | Path,
    *,
    model: str | Generator = "pomona",
    rows: Keys = "1-4",
    cols: Keys = "5-9",
    styles: str | None = None,
    truncation: float = 0.7,
    cutoff: int | None = None,
    label: int | None = None,
    size: Size | None = None,
    seconds: float = 8.0,
    fps: float | str = 30,
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> Stills:
    """Make a style-mixing grid: sources at the top and at the left, mixed images inside.

    The image of row i and column j has the layers `styles` of column j and the other layers of
    row i, as in figure 3 of Karras et al., "A Style-Based Generator Architecture", 2019.

    Args:
        output: an image file; or a film, in which the number of layers of the columns grows from
            none to all of `styles` and shrinks again.
        model: a Generator, or what `load` takes.
        rows: keys of the rows: seeds, latent files and latents.
        cols: keys of the columns.
        styles: layers that come from the columns: "0-3,8", "coarse", "middle" or "fine"; the
            default is coarse, and all layers in a film.
        truncation: 1 changes nothing, 0 gives the average image.
        cutoff: truncate only the first layers.
        label: the class, for models with classes.
        size: 512, (640, 360) or "640x360" pixels for each cell, width first; the default is the
            size of the model.
        seconds: the length of a film.
        fps: frames per second of a film.
        device: where to load the model.
        progress: called after every image.

    Raises:
        UsageError: layers that the model does not have, or an output of an unknown kind.
        RenderError: the image or film could not be written.
    """
    output = Path(output)
    is_film = output.suffix.lower() not in SUFFIXES
    if not output.suffix:
        allowed = ", ".join(SUFFIXES)
        raise UsageError(f'A mixing grid is an image ({allowed}) or a film, not "{output}".')
    if is_film:
        check_output(output)
    check_writable(output)
    styles = styles or ("all" if is_film else "coarse")
    pixels = None if size is None else parse_size(size)
    generator = in_aspect(as_generator(model, device, progress=progress), pixels)
    down, across = parse_keys(rows), parse_keys(cols)
    left, top = (
        generator.map(make_keys(generator, each, label), truncation, cutoff)
        for each in (down, across)
    )
    recipe = _recipe(
        "mix", generator, model, output, [*down, *across],
        rows=format_keys(down), cols=format_keys(across),
        styles=styles, truncation=truncation, cutoff=cutoff, label=label,
        size=pixels and pixels[::-1], seconds=seconds if is_film else None,
        fps=str(fps) if is_film else None,
    )  # fmt: skip
    if is_film:
        layers = parse_layers(styles, generator.num_ws)
        return sweep_film(output, generator, left, top, layers, size=pixels, seconds=seconds,
                          fps=fps, recipe=recipe, progress=progress)  # fmt: skip
    cells = torch.cat([top.values, *_interleaved(generator, left, top, styles)])
    frames = list(_frames(generator, Latent("w+", cells), pixels, progress, {}))
    frames.insert(0, np.zeros_like(frames[0]))
    made = _one_file(output, frames, (len(top) + 1, len(left) + 1), recipe)
    return replace(made, count=len(cells))


def _interleaved(
    generator: Generator, left: Latent, top: Latent, styles: str
) -> Iterator[torch.Tensor]:
    mixed = mix(generator, left, top, styles).values
    for row, source in enumerate(left.values):
        yield source[None]
        yield mixed[row * len(top) : (row + 1) * len(top)]


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
    """Write a mixing grid as a film in which the layers of the columns come and go.

    Every image starts as that of its row. Then the layers of its column replace the row's, the
    finest first, until all chosen layers are replaced, and then in the other direction: a loop.

    Args:
        output: the film.
        generator: draws the images.
        left: the latents of the rows, in w+ and truncated.
        top: the latents of the columns.
        layers: the layers that may come from the columns.
        size: (h, w) of a cell in pixels, None for the size of the model.
        seconds: the length.
        fps: frames per second.
        recipe: how the film is made, for its file.
        progress: called after every frame.

    Raises:
        UsageError: an output of an unknown kind, or a length out of range.
        RenderError: the film could not be finished.
    """
    rate = parse_fps(fps)
    height, width = size or generator.resolution
    shape = (height * (len(left) + 1), width * (len(top) + 1))
    film = Film(count_frames(seconds, rate), rate, shape)
    check_output(output)
    cells = _Cells(generator, left, top, layers, (height, width))
    write_film((cells.at(n / film.frames) for n in range(film.frames)), film, output, progress,
         recipe=recipe)  # fmt: skip
    return Stills([output], film.frames, shape[::-1], recipe)


class _Cells:
    """The frames of a mixing grid at any phase; the sources are drawn once."""

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
        self._above = [self._drawn(latent) for latent in top.values]
        self._beside = [self._drawn(latent) for latent in left.values]

    def at(self, phase: float) -> Frame:
        """Return the frame at a phase 0..1."""
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

    def _drawn(self, latent: torch.Tensor) -> Frame:
        with torch.no_grad():
            image = self._generator(Latent("w+", latent[None]))
        return on_black(to_frames(image, self._size)[0])
