"""Three bands of a sound: low moves the shapes, mid the parts, high the colours."""

from dataclasses import replace

import torch

import genart


class Trio(genart.Sketch):
    """Each third of the layers moves to the opposite side of the walk as its band gets loud."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-6", "walk.space": "w"}
    low = genart.Param(0.2, 0.0, 1.0, help="Movement of the shapes; map `bass` to it.")
    mid = genart.Param(0.0, 0.0, 1.0, help="Movement of the parts; map `mid` to it.")
    high = genart.Param(0.4, 0.0, 1.0, help="Movement of the colours; map `air` to it.")
    hit = genart.Param(
        0.0, 0.0, 1.0, smooth=0.0, help="Extra truncation for a hit; map `onset` to it."
    )

    def draw(self, t: float, dt: float) -> genart.Image:
        """The latent on the walk; each third of its layers moves to the opposite latent."""
        here = self.model.map(self.walk(self.phase))
        there = self.model.map(self.walk((self.phase + 0.5) % 1))
        voices = torch.tensor([self.low, self.mid, self.high], device=here.values.device)
        third = torch.arange(here.values.shape[1], device=voices.device) * 3 // here.values.shape[1]
        lean = torch.lerp(here.values, there.values, voices[third, None])
        truncation = self.settings.model.truncation * (1 + 0.5 * self.hit)
        return self.paint(replace(here, values=lean), truncation=truncation)
