"""A card with text, shown while there is no image yet."""

from __future__ import annotations

import textwrap
from functools import lru_cache

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from genart.contracts import Frame

_PAPER, _INK, _FAINT = (38, 36, 44), (240, 236, 228), (168, 162, 156)
_SMALLEST, _LARGEST = 8, 48  # pixels of text


@lru_cache(maxsize=4)
def message_card(size: tuple[int, int], title: str, message: str = "") -> Frame:
    """A dark grey frame with a title and a message, which is wrapped.

    Args:
        size: (h, w) in pixels.
        title: one line.
        message: any length; what does not fit is left out.

    Returns:
        uint8 (h, w, 3).
    """
    height, width = size
    letter = min(max(min(size) // 20, _SMALLEST), _LARGEST)
    font = ImageFont.load_default(letter)
    card = Pictures.new("RGB", (width, height), _PAPER)
    draw, y = ImageDraw.Draw(card), float(letter)
    columns = max(8, int((width - 2 * letter) / max(font.getlength("n"), 1)))
    for text, ink in ((title, _INK), (message, _FAINT)):
        for line in textwrap.wrap(text, columns):
            draw.text((letter, y), line, ink, font)
            y += 1.35 * letter
        y += letter / 2
    return np.asarray(card)
