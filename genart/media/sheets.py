"""Contact sheets: several images tiled into one, and still images saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genart.errors import UsageError
from genart.files import atomic
from genart.media.frames import on_black
from genart.media.image_types import Frame
from genart.media.metadata import recipe_text, write_recipe

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


_MOST_PIXELS = 1 << 28  # of one grid: a gigabyte of colour


def tiled(frames: Sequence[Frame], grid: tuple[int, int] | None = None) -> Frame:
    """Frames side by side, in rows from the top left; empty cells are black.

    Args:
        frames: one or more, of one size.
        grid: (columns, rows); about square unless given.

    Raises:
        UsageError: more frames than cells, or an image too large to hold.
    """
    columns, rows = grid or _squarish(len(frames))
    if len(frames) > columns * rows:
        raise UsageError(f"{len(frames)} images do not fit into a {columns}x{rows} grid.")
    height, width, channels = frames[0].shape
    if columns * width * rows * height > _MOST_PIXELS:
        raise UsageError(f"A {columns}x{rows} grid of {width}x{height} pixels is too large.")
    picture = np.zeros((rows * height, columns * width, channels), np.uint8)
    for n, frame in enumerate(frames):
        y, x = n // columns * height, n % columns * width
        picture[y : y + height, x : x + width] = frame
    return picture


def _squarish(n: int) -> tuple[int, int]:
    columns = int(np.ceil(np.sqrt(n)))
    return columns, -(-n // columns)


def save_picture(path: Path, frame: Frame, recipe: dict[str, Any]) -> Path:
    """Write one image with its recipe, atomically."""
    from PIL import Image

    options: dict[str, Any] = {".webp": {"lossless": True}}.get(path.suffix.lower(), {})
    if path.suffix.lower() in (".jpg", ".jpeg"):
        frame = on_black(frame)
        options = {"quality": 95, "subsampling": 0, "comment": recipe_text(recipe).encode()}
    with atomic(path) as partial:
        Image.fromarray(frame).save(partial, **options)
        if path.suffix.lower() in (".png", ".webp"):
            write_recipe(partial, recipe)
    return path
