"""The two losses in feature space, as sums over the tiles of an image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

import genart
from genart_neural_style import losses

from .networks import features_of
from .presets import Preset
from .tiles import GRID, Tile, tiles

_NOTHING: Tensor | float = 0.0  # the sum over no layers
Key = tuple[str, int]  # a layer, and the number of a region


@dataclass(frozen=True)
class StyleTarget:
    """One style: what the Gram matrices of its region have to become.

    Args:
        image: (1, 3, h, w) in -1..1, at the scale at which it is to be copied.
        weight: its share of the blend.
        region: (1, 1, h, w) in 0..1 over the photo, where it goes; None is everywhere.
        part: (1, 1, h, w) in 0..1 over the style, what is taken of it; None is all.
    """

    image: Tensor
    weight: float = 1.0
    region: Tensor | None = None
    part: Tensor | None = None


@dataclass
class Sums:
    """Undivided Gram matrices by layer and region, and their numbers of positions."""

    grams: dict[Key, Tensor] = field(default_factory=dict)
    counts: dict[Key, float] = field(default_factory=dict)

    def add(self, key: Key, features: Tensor, mask: Tensor | None) -> None:
        """Add the positions of one tile."""
        made = losses.gram(features, mask)
        self.grams[key] = self.grams[key] + made if key in self.grams else made
        self.counts[key] = self.counts.get(key, 0.0) + losses.places(features, mask)

    def divided(self, key: Key, how: str) -> Tensor:
        """One Gram matrix over its divisor."""
        return losses.divided(self.grams[key], len(self.grams[key]), self.counts[key], how)


class Masks:
    """A mask over an image, scaled to the positions of layers.

    Args:
        mask: (1, 1, h, w) in 0..1, or None for 1 everywhere.
    """

    def __init__(self, mask: Tensor | None) -> None:
        self._grids: dict[int, Tensor] = {}
        if mask is not None:
            height, width = mask.shape[-2:]
            pads = (0, -width % GRID, 0, -height % GRID)
            self._grids[1] = F.pad(mask, pads, mode="replicate")

    def under(self, tile: Tile, stride: int, features: Tensor) -> Tensor | None:
        """The mask (1, 1, h', w') at the positions of a tile in a layer, or None."""
        if not self._grids:
            return None
        if stride not in self._grids:
            self._grids[stride] = F.avg_pool2d(self._grids[1], stride)
        return tile.share(self._grids[stride], stride, features)


class StyleTerm:
    """The distance of Gram matrices from those of the styles.

    Args:
        network: gives the features.
        preset: layers, weights and normalisations.
        style_targets: the styles.
        side: of tiles, 0 for none.
    """

    def __init__(
        self,
        network: genart.perception.FeatureNetwork,
        preset: Preset,
        style_targets: Sequence[StyleTarget],
        side: int,
    ) -> None:
        self._network, self._preset, self._manners = network, preset, style_targets
        regions = [each.region for each in style_targets]
        guided = any(each is not None for each in regions)
        self._masks = [Masks(each) for each in regions] if guided else [Masks(None)]
        self._targets = [self._target(each, side) for each in style_targets]

    def sums(self, tile: Tile, found: Mapping[str, Tensor], sums: Sums | None = None) -> Sums:
        """The Gram matrices of a tile, added to those of others."""
        sums = Sums() if sums is None else sums
        for name in self._preset.style:
            stride = self._network.step(name).stride
            for number, masks in enumerate(self._masks):
                mask = masks.under(tile, stride, found[name])
                sums.add((name, number), found[name], mask)
        return sums

    def loss(self, sums: Sums) -> Tensor | float:
        """The weighted loss of a whole image's sums."""
        preset, total = self._preset, _NOTHING
        for number, (style_target, target) in enumerate(
            zip(self._manners, self._targets, strict=True)
        ):
            for name, weight in preset.style.items():
                made = sums.divided((name, number % len(self._masks)), preset.gram_norm)
                loss = losses.style_loss(made, target[name], preset.style_norm)
                total = total + loss * (weight * style_target.weight)
        return total * preset.style_weight

    @torch.no_grad()
    def _target(self, style_target: StyleTarget, side: int) -> dict[str, Tensor]:
        sums, masks = Sums(), Masks(style_target.part)
        for tile in tiles(style_target.image.shape[-2:], side, self._network, self._preset.style):
            piece = tile.cut(style_target.image)
            for name, features in cores(self._network, piece, tile, self._preset.style):
                mask = masks.under(tile, self._network.step(name).stride, features)
                sums.add((name, 0), features, mask)
        return {name: sums.divided((name, 0), self._preset.gram_norm) for name, _ in sums.grams}


class ContentTerm:
    """The distance of features from the photo's.

    Args:
        network: gives the features.
        preset: layers, weights and normalisations.
        photo: (1, 3, h, w) in -1..1.
        parts: the photo's tiles.
        hold: (1, 1, h, w) of weights, or None.
    """

    def __init__(
        self,
        network: genart.perception.FeatureNetwork,
        preset: Preset,
        photo: Tensor,
        parts: Sequence[Tile],
        hold: Tensor | None = None,
    ) -> None:
        self._network, self._preset, self._masks = network, preset, Masks(hold)
        self._held: dict[str, Tensor] = {}
        with torch.no_grad():
            for tile in parts:
                for name, features in cores(network, tile.cut(photo), tile, preset.content):
                    self._keep(name, features, tile, photo)
        self._scales = {
            name: losses.content_scale(held, preset.content_norm)
            for name, held in self._held.items()
        }

    def loss(self, tile: Tile, found: Mapping[str, Tensor]) -> Tensor | float:
        """The weighted loss of one tile; an image's is the sum of its tiles'."""
        total = _NOTHING
        for name, weight in self._preset.content.items():
            stride = self._network.step(name).stride
            held = tile.share(self._held[name], stride, found[name])
            mask = self._masks.under(tile, stride, found[name])
            loss = losses.content_loss(found[name], held, "sum", mask)
            total = total + loss * (weight * self._scales[name])
        return total * self._preset.content_weight

    def _keep(self, name: str, features: Tensor, tile: Tile, photo: Tensor) -> None:
        stride = self._network.step(name).stride
        if name not in self._held:
            height, width = (-(-each // GRID) * GRID // stride for each in photo.shape[-2:])
            self._held[name] = photo.new_zeros(1, features.shape[1], height, width)
        tile.share(self._held[name], stride, features).copy_(features)
        if tile.last:  # what is left over lies beyond the image
            height, width = tile.end(features, stride)
            self._held[name] = self._held[name][..., :height, :width]


def cores(
    network: genart.perception.FeatureNetwork, piece: Tensor, tile: Tile, layers: Iterable[str]
) -> Iterable[tuple[str, Tensor]]:
    """The core positions of a tile in some layers, by name."""
    for name, found in features_of(network, piece, layers).items():
        yield name, tile.core(found, network.step(name).stride)
