"""PlainWalk: shown while a sketch has not made an image yet."""

from __future__ import annotations

from genart.contracts import Image
from genart.playback.sketch import Sketch


class PlainWalk(Sketch):
    """The walk through the keys."""

    def draw(self, t: float, dt: float) -> Image:
        """Draw the image of the current phase."""
        return self.paint(self.walk(self.phase))
