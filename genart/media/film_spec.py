"""Size, frame rate, length and grid of a film, parsed and checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from genart.errors import UsageError

#: 512, (640, 360) or "640x360": width first.
Size: TypeAlias = "int | str | tuple[int, int] | Sequence[int]"


_LARGEST = 16384


_LONGEST = 10_000_000


@dataclass(frozen=True)
class Film:
    """The plain facts of a film.

    Args:
        frames: how many, 1 or more.
        fps: frames per second, exactly.
        size: (h, w), or None for what suits the model.
        grid: (columns, rows) of walks in one image.
        beats: how many beats it holds, or None.
    """

    frames: int
    fps: Fraction
    size: tuple[int, int] | None = None
    grid: tuple[int, int] = (1, 1)
    beats: float | None = None

    @property
    def seconds(self) -> float:
        """Its length."""
        return float(self.frames / self.fps)

    @property
    def bpm(self) -> float | None:
        """The tempo at which its beats fill it exactly, or None."""
        return None if self.beats is None else self.beats * 60 / self.seconds

    @property
    def cells(self) -> int:
        """How many walks it shows."""
        return self.grid[0] * self.grid[1]


def parse_size(size: Size) -> tuple[int, int]:
    """(h, w) from 512, (640, 360) or "640x360", width first.

    Raises:
        UsageError: something else, or sides outside 2..16384.
    """
    if isinstance(size, str):
        match = re.fullmatch(r"\s*(\d+)(?:\s*[xX]\s*(\d+))?\s*", size)
        if not match:
            raise UsageError(f'"{size}" is not a size. Write 512 or 640x360.')
        size = (int(match[1]), int(match[2] or match[1]))
    width, height = (size, size) if isinstance(size, int) else size
    if not (2 <= width <= _LARGEST and 2 <= height <= _LARGEST):
        raise UsageError(f"A size must have 2..{_LARGEST} pixels per side, not {width}x{height}.")
    return int(height), int(width)


def parse_grid(grid: str | Sequence[int] | None) -> tuple[int, int]:
    """(columns, rows) from "3x2", (3, 2) or None for one.

    Raises:
        UsageError: something else, or more than 256 cells.
    """
    if grid is None:
        return 1, 1
    match = re.fullmatch(r"(\d+)[xX](\d+)", grid) if isinstance(grid, str) else None
    columns, rows = (int(match[1]), int(match[2])) if match else (0, 0)
    if not isinstance(grid, str):
        columns, rows = grid
    if columns < 1 or rows < 1 or columns * rows > 256:
        raise UsageError(
            f'"{grid}" is not a grid. Write columns x rows, for example 3x3, with at most 256 '
            "cells."
        )
    return columns, rows


def parse_fps(fps: float | str | Fraction) -> Fraction:
    """The exact rate of 30, 29.97 or "30000/1001".

    Raises:
        UsageError: no number above 0 and up to 1000.
    """
    try:
        rate = Fraction(str(fps))
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(
            f'"{fps}" is not a frame rate. Use a number up to 1000, for example 30 or 30000/1001.'
        )
    return rate


def count_frames(seconds: float, fps: Fraction) -> int:
    """How many frames a length in seconds has, at least one.

    Raises:
        UsageError: a length that is not above 0, or beyond ten million frames.
    """
    if not 0 < seconds < float("inf"):
        raise UsageError(f"A film must be longer than 0 seconds, not {seconds}.")
    frames = max(1, round(Fraction(seconds) * fps))
    if frames > _LONGEST:
        raise UsageError(f"{frames} frames are too many; at most {_LONGEST} are possible.")
    return frames
