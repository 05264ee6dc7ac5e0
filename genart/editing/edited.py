"""A generator whose images are edited: latents are moved along directions before it draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from genart.contracts import Generator
from genart.editing.directions import Directions
from genart.latent import Latent
from genart.models.capabilities import Bendable
from genart.models.wrapper import Wrapped, WrappedLayers


def edit(
    model: Generator, directions: Directions, amounts: Callable[[], Mapping[str, float]]
) -> Edited:
    """Return a generator that moves every latent along directions before it draws.

    `map` returns latents that are not moved. While all amounts are 0 the images are those of
    `model`, bit for bit.

    Args:
        model: the generator that draws.
        directions: for the latent space of this model.
        amounts: called for every image; returns the units of each direction by name.

    Raises:
        UsageError: directions for a model of other sizes.
    """
    kind = EditedLayers if isinstance(model, Bendable) else Edited
    return kind(model, directions, amounts)


class Edited(Wrapped):
    """The generator that `edit` returns."""

    def __init__(
        self, inner: Generator, directions: Directions, amounts: Callable[[], Mapping[str, float]]
    ) -> None:
        directions.check(inner)
        super().__init__(inner)
        self.directions, self.amounts = directions, amounts

    def moved(self, latent: Latent, truncation: float, cutoff: int | None) -> Latent | None:
        """Return the latent moved along the directions; None while all amounts are 0."""
        amounts = self.amounts()
        if not any(amounts.values()):
            return None
        return self.directions.move(self.inner.map(latent, truncation, cutoff), amounts)

    def rewrap(self, inner: Generator) -> Edited:
        """Return another form of the generator, edited in the same way."""
        return edit(inner, self.directions.first(inner.num_ws), self.amounts)


class EditedLayers(Edited, WrappedLayers):
    """The same for a model whose layers can be changed."""
