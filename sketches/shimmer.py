"""An image that is nearly still while its noise input moves, like light on water."""

import genart


class Shimmer(genart.Sketch):
    """The latent moves on a small circle; the noise moves on its own circle and is amplified."""

    defaults = {
        "walk.kind": "circle",
        "walk.seeds": "3",
        "walk.radius": 0.25,
        "walk.even": True,
        "model.truncation": 0.9,
    }
    amount = genart.Param(2.5, 0.0, 10.0, help="Amplification of the noise; 1 is as trained.")
    turns = genart.Param(2, 1, 16, help="Rounds of the noise per loop.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """The image without noise plus the amplified contribution of the noise."""
        place = self.walk(self.phase)
        calm = self.paint(place, noise="none")
        grain = self.paint(place, noise=self.turns * self.phase % 1) - calm
        return calm + self.amount * grain
