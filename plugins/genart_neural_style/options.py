"""The options of `gatys`, besides its Params."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import genart


@dataclass(frozen=True)
class Options:
    """The options of the stylizer `gatys`.

    Args:
        preset: see `presets.PRESETS`.
        network: "auto" (the best whose weights are on this machine), "vgg19", "vgg16",
            "squeezenet", "lite0"; None takes the preset's.
        weights: a file or URL of the network's weights; None takes torchvision's.
        layers: style layers: names with commas, with weights as in "relu1_1=1,relu3_1=0.5", a
            list, or a dict; None takes the preset's. Names of other networks are translated.
        content_layers: the same for the content.
        style_weight: beta; None takes the preset's, and so do the next two.
        content_weight: alpha.
        tv_weight: gamma.
        size: pixels of the longer side at which an image is painted; a larger one is reduced
            and the result enlarged again. None uses the size of every image.
        steps: evaluations at the coarsest size; each finer one gets two thirds of that.
        keep_color: "none", "luminance" (or True), "transfer".
        blend: shares of several styles.
        masks: one for each style, where it goes.
        style_masks: one for each style, what is taken of it.
        content_mask: where the photo is held, white most; None is everywhere alike.
        style_scale: longer side of the style over that of the image.
        start: "content", "style" or "noise"; None takes the preset's, and so do the next three.
        optimizer: "lbfgs" or "adam".
        rate: step size.
        canvas: what is searched: "pixels", or "waves" in independent colours.
        pool: "max" or "average".
        levels: sizes from coarse to fine, each half the next; 0 goes down to about 160 pixels;
            None takes the preset's.
        tolerance: stop a size early where the total falls by less than this share in 20 steps.
        tile: side of tiles in pixels; "auto" tiles what does not fit into memory, 0 never does.
        film: "flow" (start from the last frame moved by optical flow), "last" (start from it as
            it is), "none"; "auto" takes flow if genart[flow] is installed.
        temporal_weight: similarity to the previous frame.
        seed: of the noise.
    """

    preset: str = "default"
    network: str | None = None
    weights: str | None = None
    layers: str | Sequence[str] | Mapping[str, float] | None = None
    content_layers: str | Sequence[str] | Mapping[str, float] | None = None
    style_weight: float | None = None
    content_weight: float | None = None
    tv_weight: float | None = None
    size: int | None = None
    steps: int | None = None
    keep_color: str | bool | None = None
    blend: str | Sequence[float] | None = None
    masks: Any = None
    style_masks: Any = None
    content_mask: Any = None
    style_scale: float | None = None
    start: str | None = None
    optimizer: str | None = None
    rate: float | None = None
    canvas: str | None = None
    pool: str | None = None
    levels: int | None = None
    tolerance: float | None = None
    tile: int | str = "auto"
    film: str = "auto"
    temporal_weight: float | None = None
    seed: int = 0

    def given(self, *names: str) -> dict[str, Any]:
        """Those of some options that were given."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def options(given: Mapping[str, Any]) -> Options:
    """Options of keywords.

    Raises:
        UsageError: one that there is not, or a value out of range.
    """
    known = [each.name for each in fields(Options)]
    if unknown := [name for name in given if name not in known]:
        raise genart.UsageError(
            f"gatys has no option {', '.join(unknown)}; it has {', '.join(known)}."
        )
    made = Options(**given)
    if made.size is not None and made.size < 32:
        raise genart.UsageError(f"The size must be 32 pixels or more, not {made.size}.")
    for name, known_values in (
        ("start", ("content", "style", "noise")),
        ("film", ("auto", "flow", "last", "none")),
        ("optimizer", ("lbfgs", "adam")),
    ):
        value = getattr(made, name)
        if value is not None and value not in known_values:
            raise genart.UsageError(f'{name} is one of {", ".join(known_values)}, not "{value}".')
    return made


def layer_weights(
    given: str | Sequence[str] | Mapping[str, float] | None,
) -> dict[str, float] | None:
    """Layers by name with weights; without weights they share 1 evenly.

    Raises:
        UsageError: a weight that is no number of 0 or more, or no layer.
    """
    if given is None:
        return None
    if isinstance(given, Mapping):
        pairs = [(str(name), str(weight)) for name, weight in given.items()]
    else:
        texts = given.split(",") if isinstance(given, str) else list(given)
        parted = (text.replace("=", ":").partition(":") for text in texts)
        pairs = [(name.strip(), weight) for name, _, weight in parted]
    try:
        found = {name: float(weight or 1 / len(pairs)) for name, weight in pairs if name}
    except ValueError:
        found = {}
    if not found or min(found.values()) < 0:
        raise genart.UsageError(
            f'Write layers like relu1_1,relu2_1 or relu1_1=1,relu2_1=0.5, not "{given}".'
        )
    return found
