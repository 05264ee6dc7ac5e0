"""The stylizer `gatys`: every image is optimised by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

import genart
from genart_neural_style import colour, temporal

from .layers import translate
from .networks import load_network
from .objective import Losses
from .options import Options, layer_weights, options
from .painting import Painting, Plan
from .presets import PRESETS, Preset, preset
from .style_images import mask, resized, styles

_DEFAULT = PRESETS["default"]
_WEIGHTS = ("style_weight", "content_weight", "tv_weight")

_SEARCH = ("start", "optimizer", "rate", "canvas", "pool", "levels")


@dataclass(frozen=True)
class Painted:
    """How the last image came about.

    Args:
        features: the network that compared, by its title.
        sizes: (h, w) of every size that was worked through.
        steps: evaluations at each of them.
        losses: of the last step at each of them.
        seconds: that it took.
        tile: side of the tiles at the last size, 0 for none.
    """

    features: str
    sizes: tuple[tuple[int, int], ...]
    steps: tuple[int, ...]
    losses: tuple[Losses, ...]
    seconds: float
    tile: int = 0


class Gatys:
    """Neural style by optimisation, after Gatys, Ecker and Bethge 2016.

    From the first `reset` on, images are taken for the frames of a film: each starts from the
    one before. Before that every call stands alone, and the same call gives the same image.

    Args:
        style: an image, several, or paths with commas between; see `style_images.styles`.
        given: see `Options`.

    Attributes:
        progress: called at every step, or None.
        preview: shown the image as it is, (1, 3, h, w), after every step, or None.
        report: how the last image came about, a `Painted`, or None.
        features: the network that compares, by its title.

    Raises:
        UsageError: an option that there is not, or a value that is not allowed.
        DataError: an image that cannot be read.
        CheckpointError: weights that cannot be had.
    """

    style_weight = genart.Param(_DEFAULT.style_weight, 0.0, help="Weight of the style loss.")
    content_weight = genart.Param(_DEFAULT.content_weight, 0.0, help="Weight of the content loss.")
    tv_weight = genart.Param(
        _DEFAULT.tv_weight, 0.0, help="Weight of the smoothness (total variation) loss."
    )
    style_scale = genart.Param(1.0, 0.1, 4.0, curve="log", unit="x", help="Size of the strokes.")
    steps = genart.Param(80, 1, 5000, help="Optimisation steps at the coarsest size.")
    keep_color = genart.Param(
        "none", choices=colour.WAYS, help="How the colours of the photo are kept."
    )
    temporal_weight = genart.Param(
        20.0, 0.0, help="Weight of the difference from the frame before."
    )

    def __init__(self, style: Any, **given: Any) -> None:
        self._options = facts = options(given)
        self._preset = _chosen(facts)
        self._styles = styles(style, facts.blend, facts.masks, facts.style_masks)
        self._hold = mask(facts.content_mask)
        made = self._network("cpu")
        self.features = made.title
        self._check_layers(made)
        turned = {name: getattr(self._preset, name) for name in _WEIGHTS}
        if facts.content_weight is None and made.kind in self._preset.content_weights:
            turned["content_weight"] = self._preset.content_weights[made.kind]
        turned |= facts.given("style_scale", "steps", "temporal_weight")
        turned["keep_color"] = colour.way(facts.keep_color)
        for name, value in turned.items():
            setattr(self, name, value)
        self.progress: Any = None
        self.preview: Any = None
        self.report: Painted | None = None
        self._memory: temporal.Memory | None = None

    def reset(self) -> None:
        """A new film begins: from now on a frame starts from the one before."""
        self._memory = temporal.memory(self._options.film)

    def __call__(self, image: genart.Image) -> genart.Image:
        """Paint images, one after the other.

        Args:
            image: torch float (n, 3, h, w) in -1..1, or anything else that `genart.to_image`
                takes.
        """
        image = genart.to_image(image)
        with torch.inference_mode(False):
            return torch.cat([self._paint(each[None].clone()) for each in image.detach().float()])

    def _paint(self, photo: Tensor) -> Tensor:
        started, size = time.monotonic(), photo.shape[-2:]
        photo = self._brought(photo)
        before = self._memory.recall(photo) if self._memory else None
        painting = Painting(self._plan(photo.device), photo, before)
        painted = painting.run()
        if self._memory:
            self._memory.keep(photo, painted)
        self.report = Painted(
            self.features, tuple(painting.sizes), tuple(painting.steps), tuple(painting.losses),
            time.monotonic() - started, painting.tile,
        )  # fmt: skip
        return resized(painted, size)

    def _brought(self, photo: Tensor) -> Tensor:
        """The photo at the size at which it is painted."""
        longest, wanted = max(photo.shape[-2:]), self._options.size
        if wanted is None or longest <= wanted:
            return photo
        return resized(photo, [max(round(side * wanted / longest), 1) for side in photo.shape[-2:]])

    def _plan(self, device: torch.device) -> Plan:
        made, weights = self._network(str(device)), {name: getattr(self, name) for name in _WEIGHTS}
        return Plan(
            made, self._named(made, weights), self._styles, self._options, self.steps,
            self.style_scale, self.keep_color, self.temporal_weight, self._hold, self.progress,
            self.preview,
        )  # fmt: skip

    def _network(self, device: str) -> genart.perception.FeatureNetwork:
        source = str(self._options.weights or "")
        return load_network(self._preset.network, source, device, self._preset.pool)

    def _named(self, made: genart.perception.FeatureNetwork, changes: dict[str, Any]) -> Preset:
        """The preset with its layers in a network's names."""
        style = translate(self._preset.style, made.kind)
        content = translate(self._preset.content, made.kind)
        return replace(self._preset, style=style, content=content, **changes)

    def _check_layers(self, made: genart.perception.FeatureNetwork) -> None:
        named = self._named(made, {})
        for name in (*named.style, *named.content):
            made.step(name)


def _chosen(facts: Options) -> Preset:
    """The preset with the given changes."""
    changes = facts.given(
        *_WEIGHTS, "start", "optimizer", "rate", "canvas", "pool", "levels", "network"
    )
    if facts.weights and facts.network is None:
        changes["network"] = "auto"
    for what, given in (("style", facts.layers), ("content", facts.content_layers)):
        layers = layer_weights(given)
        if layers is not None:
            changes[what] = layers
    return preset(facts.preset, **changes)
