"""Four keys at the corners of a map; a point moves over the map and mixes the nearest keys."""

import math

import torch

import genart

CORNERS = torch.tensor([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])


class Corners(genart.Sketch):
    """Weights are softmax(-6 x distance), as in Gen Studio by MIT and the Met."""

    defaults = {"walk.seeds": "1-4", "walk.space": "w", "model.truncation": 0.8}
    focus = genart.Param(6.0, 0.5, 40.0, curve="log", help="Weight of the nearest key.")
    reach = genart.Param(0.9, 0.0, 1.0, help="1 moves through the corners, 0 stays in the centre.")
    turns = genart.Param(1, -8, 8, help="Rounds per loop.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The blend at the point; nearer than 0.05 to a corner it is exactly that key."""
        distance = torch.linalg.vector_norm(CORNERS - self.point(), dim=1)
        weights = torch.softmax(-self.focus * distance.double(), dim=0)
        if distance.min() < 0.05:
            weights = (distance == distance.min()).double()
        return self.paint(genart.blend(self.keys[:4], weights))

    def point(self) -> torch.Tensor:
        """The position on the map, on a square around its centre; a loop starts at a corner."""
        angle = 2 * math.pi * (self.turns * self.phase + 0.125)
        across, down = math.cos(angle), math.sin(angle)
        stretch = self.reach / (2 * max(abs(across), abs(down)))
        return torch.tensor([0.5 + stretch * across, 0.5 + stretch * down])
