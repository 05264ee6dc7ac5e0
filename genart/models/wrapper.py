"""A generator around another: the same in everything but what it changes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Self

import torch

from genart.contracts import Generator, Image, Noise
from genart.latent import Latent
from genart.models.capabilities import Bendable, Change


class Wrapped(Generator):
    """A generator that makes of another what it is asked for.

    What it is, its places in w+ and what it costs are the inner generator's. Around one whose
    layers may be changed it is `Bendable` itself: a bend changes the inner one's layers, at the
    places that are drawn.

    Args:
        inner: the generator.

    Attributes:
        inner: the generator.
    """

    def __new__(cls, inner: Generator | None = None, *_: Any, **__: Any) -> Self:
        """One that is bendable where the inner generator is."""
        bends = isinstance(inner, Bendable) and not issubclass(cls, Bendable)
        made: Self = super().__new__(_bendable(cls) if bends else cls)
        return made

    def __init__(self, inner: Generator) -> None:
        self.inner = inner
        self.name, self.resolution, self.device = inner.name, inner.resolution, inner.device
        self.z_dim, self.w_dim, self.num_ws = inner.z_dim, inner.w_dim, inner.num_ws
        self.num_classes, self.source = inner.num_classes, inner.source
        self.parents = inner.parents

    @abstractmethod
    def around(self, inner: Generator) -> Generator:
        """The same around another form of the inner generator."""

    def moved(self, latent: Latent, truncation: float, cutoff: int | None) -> Latent | None:
        """What is drawn in a latent's stead, in w+ and truncated; None where it is itself."""
        return None

    def sample(self, seeds: str | int | Iterable[int | str], label: Any = None) -> Latent:
        """The inner generator's places."""
        return self.inner.sample(seeds, label)

    def map(self, latent: Latent, truncation: float = 1.0, cutoff: int | None = None) -> Latent:
        """The inner generator's w+, not moved."""
        return self.inner.map(latent, truncation, cutoff)

    def __call__(
        self,
        latent: Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
    ) -> Image:
        """The inner generator's images of what is drawn; see `Generator.__call__`."""
        drawn, settings = self._drawn(latent, truncation, cutoff)
        return self.inner(drawn, noise=noise, **settings)

    def widened(self, size: tuple[int, int]) -> Generator:
        """The same around the inner generator widened."""
        return self._again(self.inner.widened(size))

    def reduced(self, times: int) -> Generator | None:
        """The same around the inner generator reduced; None where it cannot be."""
        inner = self.inner.reduced(times)
        return None if inner is None else self._again(inner)

    def in_half(self) -> Generator | None:
        """The same around the inner generator in half precision; None where it cannot be."""
        inner = self.inner.in_half()
        return None if inner is None else self._again(inner)

    def with_precision(self, precision: str) -> Generator:
        """The same around the inner generator in a precision."""
        return self._again(self.inner.with_precision(precision))

    def _again(self, inner: Generator) -> Generator:
        return self if inner is self.inner else self.around(inner)

    def _drawn(
        self, latent: Latent, truncation: float, cutoff: int | None
    ) -> tuple[Latent, dict[str, Any]]:
        """What is drawn, and the truncation that is still to come."""
        moved = self.moved(latent, truncation, cutoff)
        if moved is None:
            return latent, {"truncation": truncation, "cutoff": cutoff}
        return moved, {}


class WrappedLayers(Wrapped):
    """The layers of the generator within, at the places that are drawn; see `Bendable`."""

    def layer_names(self) -> list[str]:
        """The inner generator's layers."""
        return self.bendable.layer_names()

    def activations(
        self, latent: Latent, layer: str, *, truncation: float = 1.0, cutoff: int | None = None
    ) -> torch.Tensor:
        """What an inner layer makes of what is drawn; see `Layered`."""
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
        """Images of what is drawn with inner layers changed; see `Bendable`."""
        drawn, settings = self._drawn(latent, truncation, cutoff)
        return self.bendable.with_layers(drawn, changes, noise=noise, **settings)

    @property
    def bendable(self) -> Bendable:
        """The inner generator."""
        assert isinstance(self.inner, Bendable)
        return self.inner


@cache
def _bendable(cls: type[Wrapped]) -> Any:
    """A class of wrapped generators, with layers."""
    return type(
        cls.__name__, (cls, WrappedLayers), {"__doc__": cls.__doc__, "__module__": cls.__module__}
    )
