"""A generator with directions as handles: whatever plays it plays the edited pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from genart.contracts import Generator, Image, Latent, Noise
from genart.editing.directions import Directions


class Edited(Generator):
    """A generator whose images are moved along directions, by amounts that may change at any time.

    `map` gives places as they are; what is drawn of a place is moved. While all amounts are 0 the
    images are those of the generator, bit for bit.

    Args:
        inner: the generator.
        directions: of the same sizes.
        amounts: gives the units of each direction by name, asked at every picture.

    Raises:
        UsageError: directions of another model's sizes.
    """

    def __init__(
        self, inner: Generator, directions: Directions, amounts: Callable[[], Mapping[str, float]]
    ) -> None:
        directions.check(inner)
        self.inner, self.directions, self.amounts = inner, directions, amounts
        self.name, self.resolution, self.device = inner.name, inner.resolution, inner.device
        self.z_dim, self.w_dim, self.num_ws = inner.z_dim, inner.w_dim, inner.num_ws
        self.num_classes, self.source = inner.num_classes, inner.source
        self.parents = inner.parents

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
        """The inner generator's images of the places moved; see `Generator.__call__`."""
        amounts = self.amounts()
        if any(amounts.values()):
            start = self.inner.map(latent, truncation, cutoff)
            return self.inner(self.directions.move(start, amounts), noise=noise)
        return self.inner(latent, truncation=truncation, cutoff=cutoff, noise=noise)

    def widened(self, size: tuple[int, int]) -> Generator:
        """The inner generator widened, with the same handles."""
        return Edited(self.inner.widened(size), self.directions, self.amounts)

    def reduced(self, times: int) -> Generator | None:
        """The inner generator reduced, with the same handles; None where it cannot be."""
        inner = self.inner.reduced(times)
        if inner is None:
            return None
        directions = self.directions.first(inner.num_ws)
        return Edited(inner, directions, self.amounts)
