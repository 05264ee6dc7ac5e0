"""The noise of a plan's layers, in memory at a fixed address."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .layers import SQRT2
from .synthesis import Noise, StyledConv, turned


class NoiseMaps:
    """Noise by layer, with the gain of the leaky ReLU.

    Args:
        layers: with the size (h, w) of what they make, and another gain.

    Attributes:
        parts: of each layer, (h * w,); the same memory for all images.
    """

    def __init__(self, layers: Sequence[tuple[StyledConv, tuple[int, int], float]]) -> None:
        self._layers = layers
        sizes = [math.prod(size) for _, size, _ in layers]
        self._whole = torch.zeros(sum(sizes))
        self.parts = torch.split(self._whole, sizes)
        self._kind: str | None = None
        self._ends: list[Tensor] = []

    def take(self, noise: str | float) -> None:
        """Be of this kind, or at this phase; "random" is drawn again each time."""
        if isinstance(noise, str):
            if noise != self._kind or noise == "random":
                self._kind = None  # until all of it is there
                self._draw(noise)
                self._kind = noise
            return
        self._kind = None
        begin, quarter = self._quarters()
        across, up = turned(torch.tensor([noise], dtype=torch.float64))[0].tolist()
        torch.mul(begin, across, out=self._whole).add_(quarter, alpha=up)

    def _quarters(self) -> list[Tensor]:
        """All maps at 0 and a quarter of the walk through noise, which any phase is a blend of."""
        if not self._ends:
            ends = []
            for turn in ([[1.0, 0.0]], [[0.0, 1.0]]):
                self._draw(torch.tensor(turn))
                ends.append(self._whole.clone())
            self._ends = ends
        return self._ends

    def _draw(self, noise: Noise) -> None:
        for (layer, size, gain), part in zip(self._layers, self.parts, strict=True):
            drawn = layer.noise_map(1, size, noise)
            if drawn is None:
                part.zero_()
            else:
                torch.mul(drawn.reshape(-1), SQRT2 * gain, out=part)
