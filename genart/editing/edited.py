"""A generator with directions as handles: whatever plays it plays the edited pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from genart.contracts import Generator
from genart.editing.directions import Directions
from genart.latent import Latent
from genart.models.wrapper import Wrapped


class Edited(Wrapped):
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
        super().__init__(inner)
        self.directions, self.amounts = directions, amounts

    def moved(self, latent: Latent, truncation: float, cutoff: int | None) -> Latent | None:
        """The place moved; None while all amounts are 0."""
        amounts = self.amounts()
        if not any(amounts.values()):
            return None
        return self.directions.move(self.inner.map(latent, truncation, cutoff), amounts)

    def around(self, inner: Generator) -> Edited:
        """Another form of the generator, with the same handles."""
        return Edited(inner, self.directions.first(inner.num_ws), self.amounts)
