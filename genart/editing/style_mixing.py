"""Style mixing: some layers of every image come from another latent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from genart.contracts import Generator
from genart.latent import Latent
from genart.models.capabilities import Bendable
from genart.models.wrapper import Wrapped, WrappedLayers


def layer_weights(num_ws: int, first: float, last: float, amount: float = 1.0) -> torch.Tensor:
    """Return the weight of the other latent in each layer, (num_ws,), 0..1.

    Args:
        num_ws: the number of layers.
        first: the first layer to mix in; 3.5 mixes in half of layer 3.
        last: the last layer to mix in; 7.5 mixes in half of layer 8.
        amount: multiplies all weights, 0..1.
    """
    layers = torch.arange(num_ws, dtype=torch.float32)
    return amount * ((layers - first + 1).clamp(0, 1) * (last - layers + 1).clamp(0, 1))


def mix_layers(
    model: Generator, other: Callable[[], Latent], weights: Callable[[], torch.Tensor]
) -> Mixed:
    """Return a generator that takes some layers of every image from another latent.

    `map` returns latents that are not mixed. While all weights are 0 the images are those of
    `model`, bit for bit.

    Args:
        model: the generator that draws.
        other: called for every image; returns the other latent, n = 1 or as many as are drawn.
        weights: called for every image; returns the weight of the other latent in each layer,
            (num_ws,) in 0..1.
    """
    kind = MixedLayers if isinstance(model, Bendable) else Mixed
    return kind(model, other, weights)


class Mixed(Wrapped):
    """The generator that `mix_layers` returns."""

    def __init__(
        self, inner: Generator, other: Callable[[], Latent], weights: Callable[[], torch.Tensor]
    ) -> None:
        super().__init__(inner)
        self.other, self.weights = other, weights

    def moved(self, latent: Latent, truncation: float, cutoff: int | None) -> Latent | None:
        """Return the latent mixed with the other one; None while all weights are 0."""
        weights = self.weights()[: self.num_ws]
        if not weights.any():
            return None
        start = self.inner.map(latent, truncation, cutoff)
        other = self.inner.map(self.other(), truncation, cutoff).values
        values = torch.lerp(start.values, other.expand_as(start.values), weights[:, None].to(other))
        return replace(start, values=values)

    def rewrap(self, inner: Generator) -> Mixed:
        """Return another form of the generator, mixed in the same way."""
        return mix_layers(inner, self.other, self.weights)


class MixedLayers(Mixed, WrappedLayers):
    """The same for a model whose layers can be changed."""
