"""One picture breathes: in towards the average of all pictures, out to itself and beyond."""

import math

import genart


class Breathe(genart.Sketch):
    """Truncation rises and falls like a chest while the walk goes on underneath."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-4", "walk.space": "w"}
    low = genart.Param(0.1, -1.0, 1.0, help="Truncation with the breath out.")
    high = genart.Param(1.1, 0.0, 2.0, help="Truncation with the breath in.")
    breaths = genart.Param(4, 1, 64, help="Breaths in a loop.")
    pause = genart.Param(2.0, 0.5, 6.0, help="Above 1 the breath rests when it is out.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The place on the walk, as far from the average as the breath allows."""
        wave = 0.5 - 0.5 * math.cos(2 * math.pi * self.breaths * self.phase)
        depth = self.low + (self.high - self.low) * wave**self.pause
        return self.paint(self.walk(self.phase), truncation=depth)
