"""A hard cut on every beat; each picture lands loud and settles until the next."""

import math

import genart


class BeatCut(genart.Sketch):
    """Beats go through the seeds one by one. `--beats 16 --bpm 128` makes a loop of a track."""

    defaults = {"walk.seeds": "1-16", "tempo.bpm": 120.0, "model.truncation": 0.6}
    punch = genart.Param(0.5, 0.0, 2.0, help="How much wilder a picture is as it lands.")
    settle = genart.Param(5.0, 0.5, 20.0, curve="log", help="How fast it settles in its beat.")
    drift = genart.Param(0.15, 0.0, 1.0, help="How far it leans towards the next in its beat.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The key of this beat, thrown outwards and falling back."""
        number, into = int(self.beat), self.beat % 1
        here, following = number % len(self.keys), (number + 1) % len(self.keys)
        pair = self.keys[[here, following]]
        lean = self.drift * into
        loud = 1 + self.punch * math.exp(-self.settle * into)
        return self.paint(
            genart.blend(pair, [1 - lean, lean]), truncation=self.stage.model.truncation * loud
        )
