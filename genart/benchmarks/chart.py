"""The table of `genart bench` as an image: the speed relative to other code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from genart.errors import UsageError
from genart.files import atomic, check_writable

if TYPE_CHECKING:
    from genart.benchmarks.report import BenchFigures, Table

_ROW, _BAR, _TEXT, _WIDE = 34, 20, 17, 1100  # pixels
_LEFT, _RIGHT = 400, 190  # beside the bars: names, times
_PAPER, _INK, _FAINT, _AHEAD, _BEHIND = "#fffdf7", "#26221c", "#b9b2a3", "#3f7d58", "#c2703d"


def save_chart(table: Table, path: str | Path) -> Path:
    """Draw the rows that ran beside other code, as a .png; returns its path.

    Each bar is the time or memory of the other code divided by genart's: above 1 genart is better.
    Both figures are beside the bar, genart's first.

    Raises:
        UsageError: no row with something to compare, or a file that is no .png.
    """
    path = check_chart(path)
    rows = [row for row in table.rows if row.ratio]
    if not rows:
        raise UsageError(
            "No row has a comparison. Name other code, for example with --official DIR."
        )
    with atomic(path) as partial:
        _drawn(rows, str(_head(table))).save(partial, "PNG")
    return path


def check_chart(path: str | Path) -> Path:
    """UsageError, before anything is measured, if the chart cannot be written."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise UsageError(f'A chart is a .png file, not "{path}".')
    check_writable(path)
    return path


def _head(table: Table) -> str:
    machine = table.machine
    threads = f"{machine['threads']} threads" if machine["threads"] != 1 else "1 thread"
    return f"{machine['processor']}, {threads}, torch {machine['torch']}, {machine['date']}"


def _drawn(rows: Sequence[BenchFigures], head: str) -> Image.Image:
    font = ImageFont.load_default(_TEXT)
    picture = Image.new("RGB", (_WIDE, _ROW * (len(rows) + 3)), _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((16, _ROW // 4), "time or memory of the other code, divided by genart's", _INK, font)
    draw.text((16, _ROW), head, _FAINT, font)
    most = max(1.0, *(row.ratio or 0.0 for row in rows))
    unit = (_WIDE - _LEFT - _RIGHT) / most
    for n, row in enumerate(rows):
        _row(draw, font, row, _ROW * (n + 2), unit)
    one = _LEFT + unit
    draw.line([(one, _ROW * 2), (one, _ROW * (len(rows) + 2))], _INK)
    draw.text((one, _ROW * (len(rows) + 2.3)), "1", _INK, font, anchor="mm")
    return picture


def _row(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    row: BenchFigures,
    top: float,
    unit: float,
) -> None:
    """A name, a bar, and what was measured."""
    ratio, middle = row.ratio or 0.0, top + _ROW / 2
    end = _LEFT + ratio * unit
    colour = _AHEAD if ratio >= 1 else _BEHIND
    draw.text((_LEFT - 12, middle), row.name, _INK, font, anchor="rm")
    draw.rectangle([_LEFT, middle - _BAR / 2, end, middle + _BAR / 2], colour)
    is_time = row.ours_mb is None
    pair = (row.ours_ms, row.baseline_ms) if is_time else (row.ours_mb, row.baseline_mb)
    both = [each or 0.0 for each in pair]
    figures = " / ".join(f"{each:.0f}" if each >= 100 else f"{each:.3g}" for each in both)
    text = f"{ratio:.2f}   {figures} {'ms' if is_time else 'MB'}"
    draw.text((end + 8, middle), text, _INK, font, anchor="lm")
