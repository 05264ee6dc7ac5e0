"""The picture swims: its layers are turned and waved on their way, with the tide and against it."""

import math

import genart


class Undertow(genart.Sketch):
    """Three layers are bent to and fro; twice a loop the tide turns and the picture is itself."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "5,9,33,1", "walk.space": "w"}
    pull = genart.Param(0.3, -1.0, 1.0, unit="turns", help="How far the coarse layer is turned.")
    swell = genart.Param(0.08, 0.0, 0.5, unit="widths", help="How far the middle layer sways.")
    ripple = genart.Param(0.02, 0.0, 0.2, unit="widths", help="How far the fine layer ripples.")
    tides = genart.Param(1, 1, 8, help="Tides in a loop.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The walk, seen through bent layers; as it is where a model does not show its layers."""
        if isinstance(self.model, genart.models.Bendable):
            self.model = genart.bend(self.model, *self.bends(self.model.layer_names()))
        return self.paint(self.walk(self.phase))

    def bends(self, layers: list[str]) -> list[genart.Bend]:
        """What the tide does now to a layer at each third of the network."""
        tide = math.sin(2 * math.pi * self.tides * self.phase)
        coarse, middle, fine = (layers[round(k * (len(layers) - 1))] for k in (0.4, 0.6, 0.8))
        return [
            genart.Bend(coarse, "swirl", (self.pull * tide,), "70%"),
            genart.Bend(middle, "wave", (self.swell * tide, 1.5), "60% seed 2"),
            genart.Bend(fine, "wave", (-self.ripple * tide, 6.0), "60% seed 5"),
        ]
