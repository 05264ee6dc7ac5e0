"""Truncation rises and falls: from the average image to the full image and beyond."""

import math

import genart


class Breathe(genart.Sketch):
    """Truncation oscillates, like breathing, while the walk continues."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-4", "walk.space": "w"}
    low = genart.Param(0.1, -1.0, 1.0, label="lowest truncation", help="The lowest truncation.")
    high = genart.Param(1.1, 0.0, 2.0, label="highest truncation", help="The highest truncation.")
    breaths = genart.Param(4, 1, 64, help="Breaths per loop.")
    pause = genart.Param(2.0, 0.5, 6.0, help="Above 1 it rests at the low end.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The image on the walk, with the truncation of this moment."""
        wave = 0.5 - 0.5 * math.cos(2 * math.pi * self.breaths * self.phase)
        depth = self.low + (self.high - self.low) * wave**self.pause
        return self.paint(self.walk(self.phase), truncation=depth)
