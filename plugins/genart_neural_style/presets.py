"""Presets: which network, layers, weights and normalisations go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import genart


@dataclass(frozen=True)
class Preset:
    """One published setting, or that of genart.

    Args:
        about: where it comes from.
        network: the features that it was made for; "auto" takes the best on this machine.
        content: layers of the content, with weights.
        style: layers of the style, with weights.
        content_weight: alpha, of the content loss.
        style_weight: beta, of the style loss.
        tv_weight: gamma, of the total variation.
        content_norm: see `losses.CONTENT`.
        gram_norm: see `losses.GRAM`.
        style_norm: see `losses.STYLE`.
        tv_norm: see `losses.TV`.
        tv_range: what black to white is in the total variation: 2 for -1..1, 255 for bytes,
            "network" for what the network takes (normalised RGB).
        pool: "max", "average" or "" for the network's own.
        start: "content", "style" or "noise".
        optimizer: "lbfgs" or "adam".
        rate: step size.
        canvas: what is searched: "pixels" or "waves".
        content_weights: alpha by network, where one holds a photo more strongly than another.
        levels: how many sizes, each half the next, are worked through from coarse to fine; 0 goes
            down to about 160 pixels.
    """

    about: str
    network: str = "auto"
    content: Mapping[str, float] = field(default_factory=lambda: {"relu4_2": 1.0})
    style: Mapping[str, float] = field(default_factory=dict)
    content_weight: float = 1.0
    style_weight: float = 1.0
    tv_weight: float = 0.0
    content_norm: str = "half"
    gram_norm: str = "positions"
    style_norm: str = "gatys"
    tv_norm: str = "squares"
    tv_range: float | str = 2.0
    pool: str = ""
    start: str = "content"
    optimizer: str = "lbfgs"
    rate: float = 1.0
    canvas: str = "pixels"
    content_weights: Mapping[str, float] = field(default_factory=dict)
    levels: int = 1


_FIRSTS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_SQUEEZE = Preset(
    "CS231n's exercise on SqueezeNet 1.1: style layers 1, 4, 6, 7 weigh 200000, 800, 12, 1",
    network="squeezenet",
    content={"features.3": 1.0},
    style={"features.1": 2e5, "features.4": 800.0, "features.6": 12.0, "features.7": 1.0},
    content_weight=0.03,
    tv_weight=2e-2,
    content_norm="sum",
    gram_norm="size",
    style_norm="sum",
    tv_range="network",
    optimizer="adam",
    rate=0.5,
)
_EVEN = dict.fromkeys(_SQUEEZE.style, 1.0)
_GATYS = Preset(
    "Gatys, Ecker and Bethge 2016: average pooling, five even layers, alpha / beta 1e-3, noise",
    network="vgg19",
    style=dict.fromkeys(_FIRSTS, 0.2),
    content_weight=1e-3,
    pool="average",
    start="noise",
)

PRESETS: dict[str, Preset] = {
    "default": Preset(
        "genart: losses relative to their targets, so that weights carry over between networks",
        style=dict.fromkeys(_FIRSTS, 0.2),
        content_weight=0.03,
        tv_weight=0.2,
        content_norm="relative",
        style_norm="relative",
        tv_norm="mean squares",
        canvas="waves",
        content_weights={"vgg19": 0.005, "vgg16": 0.005},
        levels=0,
    ),
    "gatys": _GATYS,
    "shallow": replace(
        _GATYS,
        about="shallow layers have the largest weights: 1, 1/2, 1/4, 1/8, 1/16 of conv1_1 "
        "to conv5_1, "
        "content conv4_2, from the photo",
        style={name: 0.5**n for n, name in enumerate(_FIRSTS)},
        start="content",
        pool="",
    ),
    "neural-style": Preset(
        "what neural-style and neural-style-pt use by default: means of squares, 5, 100, tv 1e-3",
        network="vgg19",
        style=dict.fromkeys(_FIRSTS, 1.0),
        content_weight=5.0,
        style_weight=100.0,
        tv_weight=1e-3,
        content_norm="mean",
        gram_norm="size",
        style_norm="mean",
        tv_norm="sizes",
        tv_range=255.0,
        start="noise",
    ),
    "squeezenet": _SQUEEZE,
    "squeezenet-tv2": replace(_SQUEEZE, about=f"{_SQUEEZE.about}; tv 2", tv_weight=2.0),
    "squeezenet-even": replace(_SQUEEZE, about="the same layers at 1, 1, 1, 1", style=_EVEN),
    "squeezenet-even-tv2": replace(
        _SQUEEZE, about="the same layers at 1, 1, 1, 1; tv 2", style=_EVEN, tv_weight=2.0
    ),
}
#: The layers of `genart strokes`, in VGG-19's names.
STROKES = ("2_2", "3_1", "3_2", "3_3", "4_1", "4_3", "4_4", "5_1", "5_4")


def preset(name: str, **changes: Any) -> Preset:
    """A preset by name, with some of its fields changed.

    Raises:
        UnknownName: no such preset.
    """
    if name not in PRESETS:
        raise genart.errors.UnknownName(
            "preset of neural style", name, PRESETS, "docs/style.md lists them."
        )
    return replace(PRESETS[name], **changes)
