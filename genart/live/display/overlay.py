"""The help overlay of a window: keys and notes on a dark background, fitted to the window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pictures

from genart.contracts import Frame
from genart.media.text_drawing import TextPainter

_SMALLEST, _LARGEST = 9, 72  # pixels of text; below 9 it cannot be read
_INK, _WARM, _PLATE = (240, 236, 228, 255), (240, 168, 60, 255), (0, 0, 0, 205)
_LEADING = 1.35


def written(keys: Sequence[tuple[str, str]], notes: Sequence[str], view: tuple[int, int]) -> Frame:
    """An overlay with keys in one column, their actions in another, and notes below.

    Args:
        keys: (key, a few words) each.
        notes: sentences; long ones are wrapped, and those that do not fit are left out.
        view: (width, height) of the window in pixels; the overlay is never larger.

    Returns:
        uint8 (h, w, 4), the last channel alpha.
    """
    size = min(max(min(view) // 32, _SMALLEST), _LARGEST)
    while size > _SMALLEST and not _fits(plate := _Plate(keys, notes, size, view[0]), view):
        size -= 1
    plate = _Plate(keys, notes, size, view[0])
    height, width = min(plate.height, view[1]), min(plate.width, view[0])
    return plate.drawn()[:height, :width]


class _Plate:
    """The overlay at one text size."""

    def __init__(
        self, keys: Sequence[tuple[str, str]], notes: Sequence[str], size: int, width: int
    ) -> None:
        self._painter = TextPainter(size)
        self._line, self._pad = round(size * _LEADING), size
        self._keys = keys
        self._column = max((self._long(key) for key, _ in keys), default=0) + size
        room = max(width - 2 * self._pad, 8 * size // 2)
        self._notes = [line for note in notes for line in self._painter.wrap(note, room)]
        widest = [self._column + self._long(about) for _, about in keys]
        widest += [self._long(note) for note in self._notes]
        self.width = max(widest, default=0) + 2 * self._pad
        lines = len(keys) + len(self._notes) + bool(keys and notes) / 2
        self.height = round(lines * self._line) + 2 * self._pad

    def drawn(self) -> Frame:
        made = Pictures.new("RGBA", (self.width, self.height), _PLATE)
        y = self._pad + self._line / 2
        for key, about in self._keys:
            self._painter.draw(made, (self._pad, y), key, _WARM)
            self._painter.draw(made, (self._pad + self._column, y), about, _INK)
            y += self._line
        y += self._line / 2 if self._keys else 0
        for note in self._notes:
            self._painter.draw(made, (self._pad, y), note, _INK)
            y += self._line
        return np.asarray(made)

    def _long(self, text: str) -> int:
        return -int(-self._painter.width(text) // 1)


def _fits(plate: _Plate, view: tuple[int, int]) -> bool:
    return plate.width <= view[0] and plate.height <= view[1]
