"""Shapes follow the walk forwards, colours follow it backwards."""

import genart


class Counterpoint(genart.Sketch):
    """Coarse layers follow the walk forwards, fine layers backwards and at another speed."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-5", "walk.space": "w"}
    split = genart.Param(0.5, 0.0, 1.0, help="Share of layers used for shapes.")
    pace = genart.Param(-1, -8, 8, help="Rounds of the colours per round of the shapes.")
    lag = genart.Param(0.5, 0.0, 1.0, help="Phase difference at the start.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The shape of one latent with the colours of another."""
        colours = range(round(self.split * self.model.num_ws), self.model.num_ws)
        other = (self.lag + self.pace * self.phase) % 1
        mixed = genart.mix(self.model, self.walk(self.phase), self.walk(other), colours)
        return self.paint(mixed)
