"""Schedules of learning rate and noise: the ramps of StyleGAN2's projector."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """Ramps over a search, by the share of it that is done (Karras et al. 2020a, appendix D).

    Args:
        rate: the highest learning rate.
        up: the share in which it rises linearly from 0.
        down: the share at the end in which it falls to 0 along a cosine.
        noise: the noise added to w at first, in standard deviations of w.
        calm: the share of the steps after which no noise is added.
    """

    rate: float = 0.1
    up: float = 0.05
    down: float = 0.25
    noise: float = 0.05
    calm: float = 0.75

    def rate_at(self, t: float) -> float:
        """The learning rate when the share t, 0..1, is done."""
        falling = min(1.0, (1.0 - t) / self.down) if self.down else 1.0
        rising = min(1.0, t / self.up) if self.up else 1.0
        return self.rate * rising * (0.5 - 0.5 * math.cos(math.pi * falling))

    def noise_at(self, t: float) -> float:
        """The standard deviation of the shaking, in those of w."""
        left = max(0.0, 1.0 - t / self.calm) if self.calm else 0.0
        return self.noise * left * left
