"""A picture that stands nearly still while its grain swims: light on water."""

import genart


class Shimmer(genart.Sketch):
    """The place makes a small circle; the noise makes its own, turned up until it is seen."""

    defaults = {
        "walk.kind": "circle",
        "walk.seeds": "3",
        "walk.radius": 0.25,
        "walk.even": True,
        "model.truncation": 0.9,
    }
    amount = genart.Param(2.5, 0.0, 10.0, help="How strongly the grain shows; 1 as trained.")
    turns = genart.Param(2, 1, 16, help="Rounds of the grain in a loop.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The picture without grain, and on it the grain's own share, stronger."""
        place = self.walk(self.phase)
        calm = self.paint(place, noise="none")
        grain = self.paint(place, noise=self.turns * self.phase % 1) - calm
        return calm + self.amount * grain
