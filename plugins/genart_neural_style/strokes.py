"""`genart strokes`: what one layer alone takes from a style and preserves of a photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

import genart

from .layers import counterpart
from .networks import load_network
from .options import Options
from .painting import Painting, Plan
from .presets import PRESETS, STROKES, Preset
from .style_images import (
    Picture,
    Style,
    picture,
    resized,
)

_MARGIN, _LABEL = 6, 18  # pixels


@dataclass(frozen=True)
class Study:
    """What `strokes` made.

    Args:
        frame: uint8 (h, w, 3): a labelled grid, a column a layer; the first row by style alone,
            the second by content alone.
        layers: the layers in the network's names.
        features: the network, by its title.
        images: the images by ("style" or "content", layer), (1, 3, h, w) in -1..1.
    """

    frame: genart.Frame
    layers: tuple[str, ...]
    features: str
    pictures: dict[tuple[str, str], Tensor]


def strokes(
    style: Picture,
    content: Picture,
    *,
    layers: Sequence[str] = STROKES,
    network_kind: str = "auto",
    weights: str = "",
    size: int = 160,
    steps: int = 60,
    seed: int = 0,
    device: str = "auto",
    progress: Callable[[genart.Progress], None] | None = None,
) -> Study:
    """Paint from noise by one layer at a time: by its style alone, and by its content alone.

    Args:
        style: a path or an image (1, 3, h, w) in -1..1.
        content: the same.
        layers: VGG's names, such as "3_1" or "relu3_1"; other networks take the layer of as fine
            a grid. Layers that fall together are shown once.
        network_kind: see `networks.load_network`.
        weights: a file or URL, or "".
        size: pixels of the longer side of each image.
        steps: evaluations for each.
        seed: of the noise.
        device: where.
        progress: called for every image.

    Raises:
        UsageError: an unknown layer, or images too small for one.
        DataError: an image that cannot be read.
    """
    where = str(genart.models.pick_device(device))
    made = load_network(network_kind, weights, where)
    names = tuple(dict.fromkeys(counterpart(_named(each), made.kind) for each in layers))
    photo, brush = (_sized(picture(each), size).to(where) for each in (content, style))
    painted: dict[tuple[str, str], Tensor] = {}
    jobs = [(row, name) for row in ("style", "content") for name in names]
    for n, (row, name) in enumerate(jobs):
        if progress:
            progress(genart.Progress(n, len(jobs), "image", f"{row} {name}"))
        plan = _plan(made, _alone(row, name), [Style(brush)], steps, seed)
        painted[row, name] = Painting(plan, photo).run()
    if progress:
        progress(genart.Progress(len(jobs), len(jobs), "image"))
    return Study(_grid(painted, names, photo, brush, made.title), names, made.title, painted)


def _named(layer: str) -> str:
    return f"relu{layer}" if layer[:1].isdigit() and "_" in layer else layer


def _alone(row: str, name: str) -> Preset:
    """Only one layer has weight, and a little smoothness: deep layers alone do not fix pixels."""
    if row == "style":
        kept: dict[str, Any] = {"style": {name: 1.0}, "content": {}, "content_weight": 0.0}
    else:
        kept = {"style": {}, "content": {name: 1.0}, "content_weight": 1.0, "style_weight": 0.0}
    return replace(PRESETS["default"], **kept, tv_weight=0.02, start="noise", levels=1)


def _plan(
    made: genart.perception.FeatureNetwork,
    preset: Preset,
    styles: list[Style],
    steps: int,
    seed: int,
) -> Plan:
    return Plan(made, preset, styles, Options(seed=seed), steps, 1.0, "none", 0.0)


def _sized(image: Tensor, size: int) -> Tensor:
    scale = size / max(image.shape[-2:])
    return resized(image, [max(round(side * scale), 32) for side in image.shape[-2:]])


def _grid(
    painted: dict[tuple[str, str], Tensor],
    names: Sequence[str],
    photo: Tensor,
    brush: Tensor,
    title: str,
) -> genart.Frame:
    height, width = photo.shape[-2:]
    columns = [("", [brush, photo])]
    columns += [(name, [painted["style", name], painted["content", name]]) for name in names]
    size = (
        len(columns) * (width + _MARGIN) + _MARGIN,
        2 * (height + _MARGIN + _LABEL) + _MARGIN,
    )
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    for n, (name, pair) in enumerate(columns):
        left = _MARGIN + n * (width + _MARGIN)
        for row, (what, image) in enumerate(zip(("style", "content"), pair, strict=True)):
            top = _MARGIN + row * (height + _MARGIN + _LABEL)
            label = f"{what} {name}" if name else (title if row == 0 else "photo")
            draw.text((left, top), label, fill="black", font=font)
            sheet.paste(_fitted(image, (width, height)), (left, top + _LABEL))
    return np.asarray(sheet)


def _fitted(image: Tensor, size: tuple[int, int]) -> Image.Image:
    frame = Image.fromarray(genart.to_frames(image)[0])
    frame.thumbnail(size)
    return frame


def save(study: Study, output: str | Path) -> None:
    """Write the grid as an image file, atomically."""
    with genart.media.atomic(output) as partial:
        Image.fromarray(study.frame).save(partial, quality=90)
