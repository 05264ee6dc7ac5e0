"""Generators that wrap another one and change its latents or its layers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from genart.contracts import Generator, Image, Noise
from genart.latent import Latent
from genart.models.capabilities import Bendable, Change


class Wrapped(Generator):
    """A generator that draws with another one, at latents that it may move first.

    Name, sizes, device and latent space are those of the inner generator. A class for inner
    generators whose layers can be changed derives from `WrappedLayers` too.

    Args:
        inner: the generator that draws.

    Attributes:
        inner: the generator that draws.
    """

    inner: Generator

    def __init__(self, inner: Generator) -> None:
        self.inner = inner
        self.name, self.resolution, self.device = inner.name, inner.resolution, inner.device
        self.z_dim, self.w_dim, self.num_ws = inner.z_dim, inner.w_dim, inner.num_ws
        self.num_classes, self.source = inner.num_classes, inner.source
        self.parents = inner.parents

    @abstractmethod
    def rewrap(self, inner: Generator) -> Generator:
        """Return the same wrapper around another form of the inner generator."""

    def moved(self, latent: Latent, truncation: float, cutoff: int | None) -> Latent | None:
        """Return the latent to draw instead, in w+ and truncated; None to draw it unchanged."""
        return None

    def sample(self, seeds: str | int | Iterable[int | str], label: Any = None) -> Latent:
        """Return the inner generator's latents."""
        return self.inner.sample(seeds, label)

    def map(self, latent: Latent, truncation: float = 1.0, cutoff: int | None = None) -> Latent:
        """Return the inner generator's w+, not moved."""
        return self.inner.map(latent, truncation, cutoff)

    def __call__(
        self,
        latent: Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
    ) -> Image:
        """Return the inner generator's images of the moved latent; see `Generator.__call__`."""
        drawn, settings = self._drawn(latent, truncation, cutoff)
        return self.inner(drawn, noise=noise, **settings)

    def widened(self, size: tuple[int, int]) -> Generator:
        """Return the same wrapper around the widened inner generator."""
        return self._rewrapped(self.inner.widened(size))

    def reduced(self, times: int) -> Generator | None:
        """Return the same wrapper around the reduced inner generator; None if it has none."""
        inner = self.inner.reduced(times)
        return None if inner is None else self._rewrapped(inner)

    def in_half(self) -> Generator | None:
        """Return the same wrapper in half precision; None if the inner generator has none."""
        inner = self.inner.in_half()
        return None if inner is None else self._rewrapped(inner)

    def with_precision(self, precision: str) -> Generator:
        """Return the same wrapper around the inner generator in a precision."""
        return self._rewrapped(self.inner.with_precision(precision))

    def _rewrapped(self, inner: Generator) -> Generator:
        return self if inner is self.inner else self.rewrap(inner)

    def _drawn(
        self, latent: Latent, truncation: float, cutoff: int | None
    ) -> tuple[Latent, dict[str, Any]]:
        """Return the latent to draw and the truncation that still has to be applied."""
        moved = self.moved(latent, truncation, cutoff)
        if moved is None:
            return latent, {"truncation": truncation, "cutoff": cutoff}
        return moved, {}


class WrappedLayers(Wrapped):
    """A wrapper that is `Bendable`: it exposes the inner generator's layers."""

    def layer_names(self) -> list[str]:
        """Return the names of the inner generator's layers."""
        return self.bendable.layer_names()

    def activations(
        self, latent: Latent, layer: str, *, truncation: float = 1.0, cutoff: int | None = None
    ) -> torch.Tensor:
        """Return an inner layer's activations for the moved latent; see `Layered`."""
        drawn, settings = self._drawn(latent, truncation, cutoff)
        return self.bendable.activations(drawn, layer, **settings)

    def with_layers(
        self,
        latent: Latent,
        changes: Mapping[str, Change],
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
    ) -> Image:
        """Return images of the moved latent with inner layers changed; see `Bendable`."""
        drawn, settings = self._drawn(latent, truncation, cutoff)
        return self.bendable.with_layers(drawn, changes, noise=noise, **settings)

    @property
    def bendable(self) -> Bendable:
        """The inner generator, whose layers can be changed."""
        assert isinstance(self.inner, Bendable)
        return self.inner
