"""A hard cut on every beat; each image starts exaggerated and settles until the next cut."""

import math

import genart


class BeatCut(genart.Sketch):
    """Each beat shows the next seed. `--beats 16 --bpm 128` makes a loop for a track."""

    defaults = {"walk.seeds": "1-16", "tempo.bpm": 120.0, "model.truncation": 0.6}
    punch = genart.Param(0.5, 0.0, 2.0, help="Extra truncation at the cut.")
    settle = genart.Param(5.0, 0.5, 20.0, curve="log", help="Speed of settling.")
    drift = genart.Param(0.15, 0.0, 1.0, help="How far it moves to the next key.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The key of this beat; truncation starts high and falls back."""
        number, into = int(self.beat), self.beat % 1
        here, following = number % len(self.keys), (number + 1) % len(self.keys)
        pair = self.keys[[here, following]]
        lean = self.drift * into
        loud = 1 + self.punch * math.exp(-self.settle * into)
        return self.paint(
            genart.blend(pair, [1 - lean, lean]), truncation=self.settings.model.truncation * loud
        )
