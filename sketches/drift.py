"""A slow drift from picture to picture, and back to the first."""

import genart


class Drift(genart.Sketch):
    """One smooth closed walk; the grain of the paper goes round with it."""

    defaults = {
        "walk.kind": "cubic",
        "walk.seeds": "1-6",
        "walk.space": "w",
        "walk.even": True,
        "model.truncation": 0.8,
        "model.noise": "walk",
    }

    def draw(self, t: float, dt: float) -> genart.Image:
        """Where the walk is now."""
        return self.paint(self.walk(self.phase))
