"""The included models: fruit photographs to watercolours and back match their card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import genart
from genart.styling.settings import StyleSettings
from genart_translate.loading import shipped
from genart_translate.translator import Translator

NAMES = ("fruit_photo", "fruit_watercolour")
COLOURS = {"red": (190, 35, 40), "orange": (245, 140, 20), "yellow": (235, 205, 60)}


def photo(colour: tuple[int, int, int], height: int = 128, width: int = 128) -> genart.Image:
    """A shaded ball on pure white, (1, 3, height, width): a photograph of a fruit, nearly."""
    y, x = np.mgrid[0:height, 0:width]
    radius = 0.36 * min(height, width)
    u, v = (x - width / 2) / radius, (y - height / 2) / radius
    depth = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1))
    light = np.clip(0.35 + 0.75 * (0.8 * depth - 0.35 * u - 0.45 * v), 0.1, 1.05)[..., None]
    ball = np.clip(np.array(colour) * light, 0, 255)
    inside = np.clip((1 - np.hypot(u, v)) * radius, 0, 1)[..., None]
    frame = (ball * inside + 255 * (1 - inside)).round()
    return torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 127.5 - 1


def paper(image: genart.Image) -> float:
    """The share of pixels with the colour of old paper: light, and blue is what it lacks."""
    red, green, blue = ((image[0] + 1) * 127.5).unbind()
    light = (red > 225) & (green > 215) & (blue > 170)
    return float((light & (red - blue > 8) & (red - blue < 60) & (red >= green)).float().mean())


def white(image: genart.Image) -> float:
    """The share of pixels that are white as a photographer's background is."""
    return float(((image[0] + 1) * 127.5 > 245).all(0).float().mean())


def middle(image: genart.Image) -> torch.Tensor:
    """The mean colour of the middle, (3,) in 0..255."""
    h, w = image.shape[-2:]
    part = image[0, :, h // 2 - h // 8 : h // 2 + h // 8, w // 2 - w // 8 : w // 2 + w // 8]
    return (part.mean((1, 2)) + 1) * 127.5


def style(name: str) -> Translator:
    made = genart.stylizer(f"cyclegan:{name}")
    assert isinstance(made, Translator)
    return made


def test_both_directions_come_along_and_are_small() -> None:
    assert sorted(shipped()) == sorted(NAMES)
    assert all(path.stat().st_size < 2_500_000 for path in shipped().values())


@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
@pytest.mark.parametrize("side", [80, 128, 256])
def test_a_photographed_fruit_comes_to_lie_on_paper_and_keeps_its_colour(
    colour: tuple[int, int, int], side: int
) -> None:
    given = photo(colour, side, side)
    made = style("fruit_watercolour")(given)
    assert paper(given) < 0.02
    assert paper(made) > 0.4
    assert white(made) < 0.05
    assert (middle(made) - middle(given)).abs().max() < 60


@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
def test_the_way_back_takes_the_paper_away(colour: tuple[int, int, int]) -> None:
    given = photo(colour)
    painted = style("fruit_watercolour")(given)
    back = style("fruit_photo")(painted)
    assert white(back) > 0.8 * white(given)
    assert (back - given).abs().mean() < 0.15


def test_an_image_of_any_size_comes_back_in_its_own() -> None:
    assert style("fruit_watercolour")(photo(COLOURS["red"], 97, 141)).shape == (1, 3, 97, 141)


def test_a_performance_suggests_the_models_that_come_along() -> None:
    offered = set(StyleSettings.chain.suggest())
    assert {f"cyclegan:{name}" for name in NAMES} <= offered


def test_translate_takes_them_by_name(genart_command: Any, tmp_path: Path) -> None:
    frame = genart.to_frames(photo(COLOURS["orange"], 64, 64))[0]
    Image.fromarray(frame).save(tmp_path / "fruit.png")
    genart_command(
        "translate", tmp_path / "fruit.png", "--model", "fruit_watercolour",
        "-o", tmp_path / "painted.png", "--device", "cpu",
    )  # fmt: skip
    assert paper(genart.to_image(tmp_path / "painted.png")) > 0.3
