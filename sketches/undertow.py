"""Network bending in a loop: layers are swirled and waved with a periodic amount."""

import math

import genart


class Undertow(genart.Sketch):
    """Three layers are bent in both directions; twice per tide the amount is 0."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "5,9,33,1", "walk.space": "w"}
    pull = genart.Param(0.3, -1.0, 1.0, unit="turns", help="Swirl of the coarse layer.")
    swell = genart.Param(0.08, 0.0, 0.5, unit="widths", help="Wave in the middle layer.")
    ripple = genart.Param(0.02, 0.0, 0.2, unit="widths", help="Wave in the fine layer.")
    tides = genart.Param(1, 1, 8, help="Tides per loop.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The walk with bent layers; unchanged if the model does not expose its layers."""
        if isinstance(self.model, genart.models.Bendable):
            self.model = genart.bend(self.model, *self.bends(self.model.layer_names()))
        return self.paint(self.walk(self.phase))

    def bends(self, layers: list[str]) -> list[genart.Bend]:
        """The bends of this moment, for three layers from coarse to fine."""
        tide = math.sin(2 * math.pi * self.tides * self.phase)
        coarse, middle, fine = (layers[round(k * (len(layers) - 1))] for k in (0.4, 0.6, 0.8))
        return [
            genart.Bend(coarse, "swirl", (self.pull * tide,), "70%"),
            genart.Bend(middle, "wave", (self.swell * tide, 1.5), "60% seed 2"),
            genart.Bend(fine, "wave", (-self.ripple * tide, 6.0), "60% seed 5"),
        ]
