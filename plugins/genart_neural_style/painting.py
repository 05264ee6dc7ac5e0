"""Optimises one image from coarse to fine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

import genart
from genart_neural_style import colour

from .memory import pairs, tile_side
from .objective import Losses, Objective
from .optimise import Optimisation, descend
from .options import Options
from .presets import Preset
from .style_images import Style, mask_at, resized

_COARSEST = 160  # pixels of the longer side
_FEWEST = 8  # steps at any size
_FINER = 2 / 3  # of the steps of the size below
_FILM = 1 / 3  # of the steps for a frame that starts from the one before
_NOISE = 0.3  # standard deviation of noise to start from


@dataclass(frozen=True)
class Plan:
    """How images are painted now.

    Args:
        network: gives the features.
        preset: layers, weights and normalisations, in the network's names.
        styles: the style images.
        options: the rest.
        steps: evaluations at the coarsest size.
        style_scale: longer side of the style over that of the image.
        keep: how colours are kept.
        temporal_weight: similarity to the previous frame.
        hold: (1, 1, h, w), where the photo is held, or None.
        progress: called at every step, or None.
        preview: shown the image as it is after every step, or None.
    """

    network: genart.perception.FeatureNetwork
    preset: Preset
    styles: Sequence[Style]
    options: Options
    steps: int
    style_scale: float
    keep: str
    temporal_weight: float
    hold: Tensor | None = None
    progress: Any = None
    preview: Any = None


@dataclass
class Painting:
    """An image that is being optimised; afterwards it holds the report.

    Args:
        plan: how.
        photo: (1, 3, h, w) in -1..1.
        before: the previous frame and its confidence, or None.
    """

    plan: Plan
    photo: Tensor
    before: tuple[Tensor, Tensor] | None = None
    sizes: list[tuple[int, int]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    losses: list[Losses] = field(default_factory=list)
    tile: int = 0

    def run(self) -> Tensor:
        """The painted image, (1, 3, h, w) in -1..1."""
        sizes = self._sizes()
        counts = self._counts(len(sizes))
        picture = self._first(sizes[0])
        for n, (size, steps) in enumerate(zip(sizes, counts, strict=True)):
            picture = self._at(size, resized(picture, size), steps, sum(counts[:n]), sum(counts))
        return self._finished(picture)

    def _sizes(self) -> list[tuple[int, int]]:
        """From coarse to fine; a frame that starts from the one before has one."""
        height, width = self.photo.shape[-2:]
        levels = self.plan.preset.levels
        if self.before is not None:
            levels = 1
        sizes = [(height, width)]
        while len(sizes) < levels or (not levels and max(sizes[-1]) > _COARSEST * 1.5):
            half = tuple(max(round(side / 2 ** len(sizes)), 32) for side in (height, width))
            if half == sizes[-1]:
                break
            sizes.append((half[0], half[1]))
        return sizes[::-1]

    def _counts(self, levels: int) -> list[int]:
        most = self.plan.steps * (_FILM if self.before is not None else 1)
        return [max(round(most * _FINER**n), min(_FEWEST, self.plan.steps)) for n in range(levels)]

    def _first(self, size: tuple[int, int]) -> Tensor:
        if self.before is not None:
            moved, trust = self.before
            return self._shade(torch.lerp(self.photo, moved, trust))
        photo = self._shade(resized(self.photo, size))
        if self.plan.preset.start == "content":
            return photo
        if self.plan.preset.start == "style":
            style = self.plan.styles[0].style_target(photo, 1.0, self.plan.keep).image
            return resized(style, size)
        draw = torch.Generator().manual_seed(self.plan.options.seed)
        return (torch.randn(photo.shape, generator=draw) * _NOISE).to(photo)

    def _at(
        self, size: tuple[int, int], first: Tensor, steps: int, done: int, total: int
    ) -> Tensor:
        objective = self._objective(size)
        facts: list[Losses] = []

        def watch(n: int, losses: Losses, picture: Tensor) -> None:
            facts.append(losses)
            self._report(
                done + n,
                total,
                f"{self.plan.network.title}, {size[1]}x{size[0]}, loss {losses.total:.4g}",
                picture,
            )

        preset, tolerance = self.plan.preset, self.plan.options.tolerance or 0.0
        course = Optimisation(
            preset.optimizer, preset.rate, preset.canvas, tolerance,
            pairs(size, first.device), watch,
        )  # fmt: skip
        painted = descend(first, objective, steps, course)
        self.sizes.append(size)
        self.steps.append(len(facts))
        self.losses.append(facts[-1])
        return painted

    def _objective(self, size: tuple[int, int]) -> Objective:
        plan, photo = self.plan, resized(self.photo, size)
        style_targets = [
            each.style_target(photo, plan.style_scale, plan.keep) for each in plan.styles
        ]
        layers = {*plan.preset.style, *plan.preset.content}
        asked = plan.options.tile
        self.tile = (
            tile_side(plan.network, sorted(layers), size, photo.device)
            if asked == "auto"
            else int(asked)
        )
        made = Objective(
            plan.network, plan.preset, self._shade(photo), style_targets,
            hold=mask_at(plan.hold, size, photo), tile=self.tile,
        )  # fmt: skip
        if self.before is not None:
            made.follow(self._shade(self.before[0]), self.before[1], plan.temporal_weight)
        return made

    def _shade(self, image: Tensor) -> Tensor:
        return colour.luminance(image) if self.plan.keep == "luminance" else image

    def _report(self, done: int, total: int, note: str, picture: Tensor) -> None:
        if self.plan.progress is not None:
            self.plan.progress(genart.Progress(done, total, "step", note))
        if self.plan.preview is not None:
            self.plan.preview(picture.clamp(-1, 1))

    def _finished(self, picture: Tensor) -> Tensor:
        """With the photo's colours where they are kept, and the photo where no style goes."""
        if self.plan.keep == "luminance":
            picture = colour.recoloured(picture, self.photo)
        regions = [each.region for each in self.plan.styles]
        if all(each is not None for each in regions):
            size = self.photo.shape[-2:]
            cover = torch.stack([mask_at(each, size, picture) for each in regions]).sum(0)  # type: ignore[misc]
            picture = torch.lerp(self.photo, picture, cover.clamp(0, 1))
        return picture
