"""A slow walk through the keys and back to the first."""

import genart


class Drift(genart.Sketch):
    """One smooth closed walk; the noise input moves with it."""

    defaults = {
        "walk.kind": "cubic",
        "walk.seeds": "1-6",
        "walk.space": "w",
        "walk.even": True,
        "model.truncation": 0.8,
        "model.noise": "walk",
    }

    def draw(self, t: float, dt: float) -> genart.Image:
        """The image at the current phase."""
        return self.paint(self.walk(self.phase))
