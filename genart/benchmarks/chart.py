"""The table of `genart bench` as an image: the speed relative to other code."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from genart.errors import UsageError
from genart.files import atomic, check_writable

if TYPE_CHECKING:
    from genart.benchmarks.report import BenchFigures, Table

_LINE, _BAR, _GAP, _TEXT, _WIDE = 20, 14, 12, 15, 1100  # pixels
_LEFT, _RIGHT = 430, 150  # beside the bars: names, times
_PAPER, _INK, _FAINT = "#fffdf7", "#26221c", "#8d8676"
_Font: TypeAlias = "ImageFont.FreeTypeFont | ImageFont.ImageFont"
#: One colour for each other code, in the order in which they appear.
_COLOURS = ("#3f7d58", "#c2703d", "#4a6fa5", "#8a5a83", "#a39338", "#5b8c8c")


def save_chart(table: Table, path: str | Path) -> Path:
    """Draw the rows that ran beside other code, as a .png; returns its path.

    Each bar is the time or memory of other code divided by genart's: above 1 genart is better.
    genart's figure is beside the name of the row, the other's beside its bar.

    Raises:
        UsageError: no row with something to compare, or a file that is no .png.
    """
    path = check_chart(path)
    rows = [row for row in table.rows if row.others]
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
    kernels = str(machine.get("kernels", "")).partition(" (")[0]
    parts = [machine["processor"], threads, kernels and f"kernels {kernels}"]
    return ", ".join(map(str, [*filter(None, parts), f"torch {machine['torch']}", machine["date"]]))


def _drawn(rows: Sequence[BenchFigures], head: str) -> Image.Image:
    font = ImageFont.load_default(_TEXT)
    names = list(dict.fromkeys(other.name for row in rows for other in row.others))
    colours = dict(zip(names, itertools.cycle(_COLOURS), strict=False))
    top, bars = 3 * _LINE, sum(len(row.others) for row in rows)
    bottom = top + bars * _LINE + len(rows) * _GAP
    picture = Image.new("RGB", (_WIDE, bottom + _LINE), _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((16, 8), "time or memory of other code, divided by genart's", _INK, font)
    draw.text((16, 8 + _LINE), head, _FAINT, font)
    _legend(draw, font, colours)
    most = max(1.0, *(other.ratio or 0.0 for row in rows for other in row.others))
    unit = (_WIDE - _LEFT - _RIGHT) / most
    for row in rows:
        _row(draw, font, row, top, unit, colours)
        top += len(row.others) * _LINE + _GAP
    one = _LEFT + unit
    draw.line([(one, 3 * _LINE), (one, bottom)], _INK)
    draw.text((one, bottom + _LINE / 3), "1", _INK, font, anchor="mm")
    return picture


def _legend(draw: ImageDraw.ImageDraw, font: _Font, colours: Mapping[str, str]) -> None:
    """The names of the other code in their colours, from the right."""
    right = float(_WIDE - 16)
    for name, colour in reversed(list(colours.items())):
        draw.text((right, 8), name, colour, font, anchor="ra")
        right -= draw.textlength(name, font) + 24


def _row(
    draw: ImageDraw.ImageDraw,
    font: _Font,
    row: BenchFigures,
    top: float,
    unit: float,
    colours: Mapping[str, str],
) -> None:
    """A name with genart's figure, and a bar with a figure for each other code."""
    ours, measure = (row.ours_ms, "ms") if row.ours_mb is None else (row.ours_mb, "MB")
    middle = top + len(row.others) * _LINE / 2
    draw.text((_LEFT - 12, middle), f"{row.name}   {_short(ours)}", _INK, font, anchor="rm")
    for n, other in enumerate(row.others):
        at, ratio = top + (n + 0.5) * _LINE, other.ratio or 0.0
        end = _LEFT + ratio * unit
        draw.rectangle([_LEFT, at - _BAR / 2, end, at + _BAR / 2], colours[other.name])
        text = f"{ratio:.2f}   {_short(other.value)} {measure}"
        draw.text((end + 8, at), text, _INK, font, anchor="lm")


def _short(value: float | None) -> str:
    value = value or 0.0
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
