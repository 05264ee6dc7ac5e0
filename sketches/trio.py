"""Three voices of a sound: lows move the shapes, mids the parts, highs the colours."""

from dataclasses import replace

import torch

import genart


class Trio(genart.Sketch):
    """Each third of the layers leans towards the other side of the walk as its voice gets loud."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-6", "walk.space": "w"}
    low = genart.Param(0.2, 0.0, 1.0, help="How far the shapes lean; map `bass` here.")
    mid = genart.Param(0.0, 0.0, 1.0, help="How far the parts lean; map `mid` here.")
    high = genart.Param(0.4, 0.0, 1.0, help="How far the colours lean; map `air` here.")
    hit = genart.Param(
        0.0, 0.0, 1.0, smooth=0.0, help="A blow that throws all of it outwards; map `onset` here."
    )

    def draw(self, t: float, dt: float) -> genart.Image:
        """The place on the walk, each third of its layers on the way to the place opposite."""
        here = self.model.map(self.walk(self.phase))
        there = self.model.map(self.walk((self.phase + 0.5) % 1))
        voices = torch.tensor([self.low, self.mid, self.high], device=here.values.device)
        third = torch.arange(here.values.shape[1], device=voices.device) * 3 // here.values.shape[1]
        lean = torch.lerp(here.values, there.values, voices[third, None])
        truncation = self.stage.model.truncation * (1 + 0.5 * self.hit)
        return self.paint(replace(here, values=lean), truncation=truncation)
