"""A bent generator: a generator whose layers are changed by bends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import torch

from genart.bending.bend import Bend, parse_bends
from genart.bending.channels import Channels
from genart.bending.layers import find_layer
from genart.contracts import Generator, Image, Noise
from genart.errors import UnknownName, UsageError
from genart.latent import Latent
from genart.models.capabilities import Bendable, Change
from genart.models.wrapper import WrappedLayers

#: Numbers by name, or what gives them.
Amounts: TypeAlias = "Mapping[str, float] | Callable[[], Mapping[str, float]]"


class BentGenerator(WrappedLayers):
    """A generator with bent layers; the amounts may change at any time.

    With all amounts at rest the images are those of the generator, bit for bit and as fast. `map`,
    `sample` and everything else about latents are those of the generator.

    Args:
        inner: a generator whose layers can be changed (`Bendable`).
        bends: the operations, in this order if a layer has several.
        amounts: numbers by the bends' Param names, or a function that returns them for every image;
            others are the bends' own.

    Attributes:
        inner: the generator.
        bends: the operations.
        amounts: what was given.

    Raises:
        UsageError: a generator whose layers cannot be changed.
        UnknownName: a layer that it does not have.

    Reference: Broad, Leymarie, Grierson, Network Bending (2021), arXiv:2005.12420.
    """

    def __init__(
        self,
        inner: Generator,
        bends: Sequence[Bend],
        amounts: Amounts = dict,
        *,
        _layers: tuple[str, ...] | None = None,
    ) -> None:
        if not isinstance(inner, Bendable):
            raise UsageError(
                f'"{inner.name}" does not allow changes of its layers; StyleGAN2 models do.'
            )
        super().__init__(inner)
        self.bends, self.amounts = tuple(bends), amounts
        names = inner.layer_names()
        self._layers = _layers or tuple(find_layer(bend.layer, names) for bend in self.bends)
        self._chosen: dict[tuple[int, int], torch.Tensor | None] = {}

    def __call__(
        self,
        latent: Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
    ) -> Image:
        """The inner generator's images, bent; see `Generator.__call__`."""
        changes = self.changes()
        if not changes:
            return self.inner(latent, truncation=truncation, cutoff=cutoff, noise=noise)
        return self.bendable.with_layers(
            latent, changes, truncation=truncation, cutoff=cutoff, noise=noise
        )

    def activations(
        self, latent: Latent, layer: str, *, truncation: float = 1.0, cutoff: int | None = None
    ) -> torch.Tensor:
        """The bent output of a layer for n latents; see `Layered`."""
        kept: list[torch.Tensor] = []

        def keep(x: torch.Tensor) -> torch.Tensor:
            kept.append(x)
            return x

        changes = self.changes()
        name = find_layer(layer, self.layer_names())
        before = changes.get(name)
        changes[name] = keep if before is None else lambda x: keep(before(x))
        self.bendable.with_layers(latent, changes, truncation=truncation, cutoff=cutoff)
        return torch.cat(kept)

    def with_layers(
        self,
        latent: Latent,
        changes: Mapping[str, Change],
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
    ) -> Image:
        """Images with some layers changed after they are bent; see `Bendable`."""
        both = self.changes()
        for layer, change in changes.items():
            both[layer] = change if layer not in both else partial(_then, both[layer], change)
        return self.bendable.with_layers(
            latent, both, truncation=truncation, cutoff=cutoff, noise=noise
        )

    def changes(self) -> dict[str, Change]:
        """What is done to each layer now, by full name; nothing for those that rest."""
        given = self.amounts() if callable(self.amounts) else self.amounts
        found: dict[str, Change] = {}
        for index, (bend, layer) in enumerate(zip(self.bends, self._layers, strict=True)):
            pairs = zip(bend.params(), bend.amounts, strict=True)
            values = tuple(given.get(name, own) for name, own in pairs)
            if not bend.does.rests(values):
                change = partial(self._bend, index, layer, values)
                found[layer] = partial(_then, found[layer], change) if layer in found else change
        return found

    def rewrap(self, inner: Generator) -> BentGenerator:
        """Another form of the generator, bent likewise in the layers that it plays."""
        made = BentGenerator(inner, self.bends, self.amounts, _layers=self._layers)
        made._chosen = self._chosen
        return made

    def _bend(
        self, index: int, layer: str, values: tuple[float, ...], x: torch.Tensor
    ) -> torch.Tensor:
        """Apply a bend to a layer's activations (n, c, h, w)."""
        bend, count = self.bends[index], x.shape[1]
        if (index, count) not in self._chosen:
            self._chosen[index, count] = Channels(bend.channels).of(count, self.bendable, layer)
        chosen = self._chosen[index, count]
        if chosen is None:
            return bend.does.change(x, *values)
        chosen = chosen.to(x.device)
        bent = bend.does.change(x.index_select(1, chosen), *values)
        return x.index_copy(1, chosen, bent.to(x.dtype))


def _then(first: Change, second: Change, x: torch.Tensor) -> torch.Tensor:
    return second(first(x))


def bend(model: Generator, *bends: str | Path | Bend, **amounts: float) -> BentGenerator:
    """A generator whose layers are bent: `genart.bend(model, "16:rotate@0.3")`.

    Args:
        model: a generator whose layers can be changed (`Bendable`).
        bends: `LAYER[CHANNELS]:OPERATION@AMOUNTS`, a preset's name, a .toml file, or a Bend.
        amounts: numbers by the bends' Param names, such as rotate_16=0.1. They can be changed
            later in the `amounts` of the generator that is returned.

    Raises:
        UsageError: a generator whose layers cannot be changed, or a bend that is not valid.
        UnknownName: an amount that none of the bends has.

    Reference: Broad, Leymarie, Grierson, Network Bending (2021), arXiv:2005.12420.
    """
    parsed = parse_bends(bends)
    known = [name for bend in parsed for name in bend.params()]
    for name in amounts:
        if name not in known:
            raise UnknownName("amount", name, known, "The names come from the bends.")
    return BentGenerator(model, parsed, dict(amounts))
