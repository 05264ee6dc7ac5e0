"""The walk seen through a kaleidoscope that rotates slowly."""

import math

import torch
import torch.nn.functional as F

import genart


class Mandala(genart.Sketch):
    """Angles are folded into one wedge of the image, so any seed becomes a rosette."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-5", "model.truncation": 0.9}
    mirrors = genart.Param(6, 1, 24, help="Number of wedges, each mirrored once.")
    zoom = genart.Param(1.0, 0.3, 3.0, curve="log", help="Magnification of the image.")
    turn = genart.Param(1, -8, 8, help="Rotation per loop, in wedges.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The image, where each point is read from its mirror image in the first wedge."""
        picture = self.paint(self.walk(self.phase))
        down, across = (torch.linspace(-1, 1, side, device=picture.device) for side in self.size)
        shape = self.size[1] / self.size[0]
        y, x = torch.meshgrid(down, across * shape, indexing="ij")
        wedge = 2 * math.pi / self.mirrors
        angle = torch.atan2(y, x) + self.turn * wedge * self.phase
        folded = (angle.remainder(wedge) - wedge / 2).abs()
        radius = torch.hypot(x, y) / (self.zoom * max(1.0, shape) * math.sqrt(2))
        looked_at = torch.stack([radius * folded.cos(), radius * folded.sin()], dim=-1)[None]
        return F.grid_sample(
            picture, looked_at, mode="bilinear", padding_mode="reflection", align_corners=True
        )
