"""Two voices: shapes walk one way round the loop, colours the other way."""

import genart


class Counterpoint(genart.Sketch):
    """Coarse layers take the walk forwards, fine layers backwards and at their own pace."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-5", "walk.space": "w"}
    split = genart.Param(0.5, 0.0, 1.0, help="The share of layers that belongs to the shapes.")
    pace = genart.Param(-1, -8, 8, help="Rounds of the colours for one round of the shapes.")
    lag = genart.Param(0.5, 0.0, 1.0, help="How far apart the two voices begin.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The shape of one place in the colours of another."""
        colours = range(round(self.split * self.model.num_ws), self.model.num_ws)
        other = (self.lag + self.pace * self.phase) % 1
        mixed = genart.mix(self.model, self.walk(self.phase), self.walk(other), colours)
        return self.paint(mixed)
