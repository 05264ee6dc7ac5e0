"""Style mixing while it plays: some layers of whatever is drawn come from other keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from genart.contracts import Generator
from genart.latent import Latent
from genart.models.wrapper import Wrapped

if TYPE_CHECKING:
    pass


def layer_weights(num_ws: int, first: float, last: float, amount: float = 1.0) -> torch.Tensor:
    """How much of each layer is mixed in, (num_ws,): layers first..last, ends blended.

    Args:
        num_ws: how many layers there are.
        first: the first layer that is mixed in; 3.5 is half of layer 3.
        last: the last one; 7.5 is half of layer 8.
        amount: of all of it, 0..1.
    """
    layers = torch.arange(num_ws, dtype=torch.float32)
    return amount * ((layers - first + 1).clamp(0, 1) * (last - layers + 1).clamp(0, 1))


class Mixed(Wrapped):
    """A generator that takes some layers of every picture from another place.

    `map` gives places as they are. While nothing is mixed in the images are those of the generator,
    bit for bit.

    Args:
        inner: the generator.
        other: gives the other place, n = 1 or as many as are drawn, at every picture.
        weights: gives how much of each layer comes from there, (num_ws,) in 0..1.
    """

    def __init__(
        self, inner: Generator, other: Callable[[], Latent], weights: Callable[[], torch.Tensor]
    ) -> None:
        super().__init__(inner)
        self.other, self.weights = other, weights

    def moved(self, latent: Latent, truncation: float, cutoff: int | None) -> Latent | None:
        """The places mixed; None while nothing is mixed in."""
        weights = self.weights()[: self.num_ws]
        if not weights.any():
            return None
        start = self.inner.map(latent, truncation, cutoff)
        other = self.inner.map(self.other(), truncation, cutoff).values
        values = torch.lerp(start.values, other.expand_as(start.values), weights[:, None].to(other))
        return replace(start, values=values)

    def around(self, inner: Generator) -> Mixed:
        """Another form of the generator, mixed likewise."""
        return Mixed(inner, self.other, self.weights)
