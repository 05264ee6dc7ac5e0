"""A contact sheet: what each direction does, from -3 to 3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from genart.contracts import Frame, Generator
from genart.editing.directions import Directions
from genart.media.frames import on_black, to_frames
from genart.media.sheets import tiled
from genart.media.text_drawing import TextPainter
from genart.progress import Progress, ProgressCallback

AMOUNTS = (-3, -2, -1, 0, 1, 2, 3)
_STRIP = 20  # pixels of a caption


def contact_sheet(
    model: Generator,
    directions: Directions,
    *,
    seeds: Sequence[int] = (1,),
    amounts: Sequence[float] = AMOUNTS,
    truncation: float = 0.7,
    size: tuple[int, int] | None = None,
    progress: ProgressCallback | None = None,
) -> Frame:
    """One image: a row for each direction and seed, a column for each amount, with captions.

    Args:
        model: whose directions these are.
        directions: the rows.
        seeds: of the latents that are moved; each direction has a row for each.
        amounts: the columns, in units.
        truncation: of the latents.
        size: (h, w) of each cell in pixels; the model's own unless given.
        progress: called for every row.

    Returns:
        A frame, uint8 (h, w, 3).
    """
    height, width = size or model.resolution
    start = model.map(model.sample(seeds), truncation)
    rows = []
    with torch.no_grad():
        for name, row in _rows(directions, len(seeds)):
            cells = [
                to_frames(model(directions.move(start[row], {name: amount})), (height, width))[0]
                for amount in amounts
            ]
            rows.append(np.concatenate([_caption(name, width * len(amounts)), tiled_row(cells)]))
            if progress:
                progress(Progress(len(rows), len(directions) * len(seeds), "row"))
    header = np.concatenate(
        [_caption(f"{amount:+g}" if amount else "0", width) for amount in amounts], axis=1
    )
    return np.concatenate([header, *rows])


def tiled_row(cells: Sequence[Frame]) -> Frame:
    """Frames side by side, without alpha."""
    return tiled([on_black(cell) for cell in cells], (len(cells), 1))


def _rows(directions: Directions, count: int) -> Iterator[tuple[str, int]]:
    return ((name, row) for name in directions.names for row in range(count))


def _caption(text: str, width: int) -> Frame:
    from PIL import Image

    strip = Image.new("RGB", (width, _STRIP))
    TextPainter(13).draw(strip, (4, _STRIP / 2), text, "white")
    return np.asarray(strip)
