"""The objective: content, style, total variation, and the previous frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

import genart
from genart_neural_style import losses

from .presets import Preset
from .tiled_losses import (
    ContentTerm,
    Key,
    StyleTarget,
    StyleTerm,
    Sums,
    cores,
)
from .tiles import tiles

_NETWORK = 2 * 0.226  # what -1..1 is to normalised RGB, at the mean of its three scales


@dataclass(frozen=True)
class Losses:
    """An image's losses, each times its weight, and their sum."""

    total: float
    content: float
    style: float
    tv: float
    temporal: float = 0.0


class Objective:
    """The losses of images of one size, and their gradient.

    Args:
        network: gives the features.
        preset: layers in the network's names, weights and normalisations.
        photo: (1, 3, h, w) in -1..1, whose content is held.
        style_targets: the styles.
        hold: (1, 1, h, w) of weights on the content loss, or None.
        tile: side of a tile in pixels; 0 takes the image whole.
    """

    def __init__(
        self,
        network: genart.perception.FeatureNetwork,
        preset: Preset,
        photo: Tensor,
        style_targets: Sequence[StyleTarget],
        *,
        hold: Tensor | None = None,
        tile: int = 0,
    ) -> None:
        preset = _counting(preset)
        self.network, self.preset = network, preset
        self._layers = {*preset.style, *preset.content}
        self._tiles = tiles(photo.shape[-2:], tile, network, self._layers)
        self._style = StyleTerm(network, preset, style_targets, tile)
        self._content = ContentTerm(network, preset, photo, self._tiles, hold)
        self._before: tuple[Tensor, Tensor, float] | None = None

    def follow(self, before: Tensor, trust: Tensor, weight: float) -> None:
        """Keep images similar to the previous frame, moved by the flow, where that is reliable.

        Args:
            before: (1, 3, h, w) in -1..1.
            trust: (1, 1, h, w) in 0..1.
            weight: of the mean squared difference.
        """
        self._before = (before, trust, weight)

    def __call__(self, image: Tensor) -> tuple[Losses, Tensor]:
        """The losses of an image (1, 3, h, w) in -1..1, and their gradient of its shape."""
        with torch.enable_grad():
            whole = len(self._tiles) == 1
            content, style, gradient = self._at_once(image) if whole else self._in_tiles(image)
            tv, temporal = self._smooth(image, gradient)
        parts = (content, style, tv, temporal)
        return Losses(sum(parts), *parts), gradient

    def _at_once(self, image: Tensor) -> tuple[float, float, Tensor]:
        leaf = image.detach().requires_grad_()
        found = dict(cores(self.network, leaf, self._tiles[0], self._layers))
        content = self._content.loss(self._tiles[0], found)
        style = self._style.loss(self._style.sums(self._tiles[0], found))
        return _value(content), _value(style), _gradient(content + style, leaf)

    def _in_tiles(self, image: Tensor) -> tuple[float, float, Tensor]:
        """First all Gram matrices and what the loss wants of them; then every tile does its part.

        The gradient of a function of sums over positions is, at each position, that of the sum
        alone,
        times the function's derivative: with the derivative known, a tile needs no other tile.
        """
        style, pulls = self._pulls(image)
        content, gradient = 0.0, torch.zeros_like(image)
        for tile in self._tiles:
            piece = tile.cut(image).detach().requires_grad_()
            found = dict(cores(self.network, piece, tile, self._layers))
            held = self._content.loss(tile, found)
            sums = self._style.sums(tile, found)
            wanted = held + sum((pull * sums.grams[key]).sum() for key, pull in pulls.items())
            tile.cut(gradient).add_(_gradient(wanted, piece))
            content += _value(held)
        return content, style, gradient

    def _pulls(self, image: Tensor) -> tuple[float, dict[Key, Tensor]]:
        sums = Sums()
        with torch.no_grad():
            for tile in self._tiles:
                found = dict(cores(self.network, tile.cut(image), tile, self.preset.style))
                self._style.sums(tile, found, sums)
        if not sums.grams:
            return 0.0, {}
        keys, grams = list(sums.grams), [each.requires_grad_() for each in sums.grams.values()]
        style = self._style.loss(sums)
        pulls = torch.autograd.grad(torch.as_tensor(style), grams)
        return _value(style), dict(zip(keys, pulls, strict=True))

    def _smooth(self, image: Tensor, gradient: Tensor) -> tuple[float, float]:
        """Add the gradients of what needs no network; returns total variation and the temporal."""
        leaf = image.detach().requires_grad_()
        weight, reach = self.preset.tv_weight, self.preset.tv_range
        scale = 1 / _NETWORK if reach == "network" else float(reach) / 2
        tv = losses.tv_loss(leaf * scale, self.preset.tv_norm) * weight if weight else None
        held = self._temporal(leaf)
        for loss in (tv, held):
            if loss is not None:
                gradient.add_(torch.autograd.grad(loss, leaf)[0])
        return tuple(0.0 if loss is None else loss.item() for loss in (tv, held))  # type: ignore[return-value]

    def _temporal(self, image: Tensor) -> Tensor | None:
        if self._before is None or not self._before[2]:
            return None
        before, trust, weight = self._before
        return (trust * (image - before).square()).mean() * weight


def _counting(preset: Preset) -> Preset:
    """The preset without layers that weigh nothing: they need not be computed."""
    return replace(
        preset,
        content=preset.content if preset.content_weight else {},
        style=preset.style if preset.style_weight else {},
    )


def _gradient(loss: Tensor | float, leaf: Tensor) -> Tensor:
    if not isinstance(loss, Tensor) or not loss.requires_grad:
        return torch.zeros_like(leaf)
    return torch.autograd.grad(loss, leaf)[0]


def _value(loss: Tensor | float) -> float:
    return loss.item() if isinstance(loss, Tensor) else loss
