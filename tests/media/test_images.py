"""Files, PIL images, arrays and tensors become images, and images become PIL images."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import genart
from genart import to_image, to_pil

COLOURS = np.random.RandomState(1).randint(0, 256, (20, 24, 3)).astype(np.uint8)


def sources(folder: Path) -> dict[str, Any]:
    """The same image in every form that is taken."""
    picture = Image.fromarray(COLOURS)
    picture.save(folder / "a.png")
    planes = torch.from_numpy(COLOURS.copy()).permute(2, 0, 1)
    return {
        "path": folder / "a.png",
        "text": str(folder / "a.png"),
        "PIL": picture,
        "array": COLOURS,
        "read-only array": np.asarray(picture),
        "reversed array": COLOURS[::-1][::-1],
        "array of several": COLOURS[None],
        "bytes in a tensor": planes,
        "tensor": planes[None] / 127.5 - 1,
        "list": [picture],
    }


def test_every_form_gives_the_same_image(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = {name: to_image(source) for name, source in sources(tmp_path).items()}
    for name, image in made.items():
        assert image.shape == (1, 3, 20, 24), name
        assert torch.allclose(image, made["path"], atol=1e-6), name


def test_every_form_comes_back_bit_for_bit_from_to_pil(tmp_path: Path) -> None:
    for name, source in sources(tmp_path).items():
        back = to_pil(source)
        assert back.mode == "RGB", name
        assert np.array_equal(np.asarray(back), COLOURS), name


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_tensor_is_fitted_as_a_file_is(tmp_path: Path, fit: str) -> None:
    smooth = Image.fromarray(COLOURS).resize((96, 64), Image.Resampling.BICUBIC)
    smooth.save(tmp_path / "a.png")
    file = to_image(tmp_path / "a.png", (40, 40), fit)
    tensor = to_image(to_image(smooth), (40, 40), fit)
    assert file.shape == tensor.shape == (1, 3, 40, 40)
    assert (file - tensor).abs().mean() < 0.05
    black = file[0].amax(0) == -1
    assert torch.equal(black[:, 20], tensor[0, :, :, 20].amax(0) == -1)
    assert bool(black[0, 20]) is (fit == "pad")


def test_grey_is_spread_and_alpha_of_arrays_is_kept() -> None:
    assert to_image(COLOURS[..., 0]).shape == (1, 3, 20, 24)
    assert to_image(torch.zeros(2, 1, 4, 4)).shape == (2, 3, 4, 4)
    clear = np.dstack([COLOURS, np.zeros((20, 24), np.uint8)])
    assert to_image(clear).shape == (1, 4, 20, 24)
    assert to_pil(clear).mode == "RGBA"
    assert to_image(Image.fromarray(clear)).max() == -1  # on black, as a file is


def test_a_pil_image_is_made_upright_as_a_file_is(tmp_path: Path) -> None:
    turned = Image.fromarray(COLOURS)
    turned.getexif()[0x0112] = 6
    turned.save(tmp_path / "a.png", exif=turned.getexif())
    with Image.open(tmp_path / "a.png") as picture:
        assert to_image(picture).shape == (1, 3, 24, 20)


def test_several_images_are_a_batch_and_a_sheet() -> None:
    batch = to_image([COLOURS, torch.zeros(2, 3, 20, 24)])
    assert batch.shape == (3, 3, 20, 24)
    sheet = to_pil(batch)
    assert sheet.size == (48, 40)
    assert np.array_equal(np.asarray(sheet)[:20, :24], COLOURS)
    with pytest.raises(genart.UsageError, match=r"need one shape .*\(3, 4, 4\).*give a size"):
        to_image([COLOURS, torch.zeros(1, 3, 4, 4)])
    assert to_image([COLOURS, torch.zeros(1, 3, 4, 4)], size=(8, 8)).shape == (2, 3, 8, 8)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (None, "a torch tensor, not NoneType"),
        (7, "a torch tensor, not int"),
        (np.zeros((4, 4, 3)), "uint8 in 0..255, not float64: floats could be"),
        (np.zeros((4, 4, 7), np.uint8), r"\(4, 4, 7\)"),
        (torch.zeros(1, 5, 4, 4), r"\(n, 3, h, w\), not \(1, 5, 4, 4\)"),
        (torch.zeros(4, 4), r"not \(4, 4\)"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.int64), "float in -1..1 or uint8"),
        ([], "these have none"),
    ],
)
def test_anything_else_is_refused_with_what_is_taken(wrong: Any, says: str) -> None:
    with pytest.raises(genart.UsageError, match=says):
        to_image(wrong)


def test_a_file_that_pillow_opens_late_is_refused_as_data(tmp_path: Path) -> None:
    Image.fromarray(np.tile(COLOURS, (20, 20, 1))).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:4000])
    with (
        Image.open(tmp_path / "a.png") as torn,
        pytest.raises(
            genart.DataError, match=r"the PIL image: damaged image \(image file is trunc"
        ),
    ):
        to_image(torn)


@pytest.mark.parametrize("name", ["fast:great_wave", "cyclegan:fruit_watercolour"])
def test_a_stylizer_takes_a_file_a_pil_image_and_an_array(tmp_path: Path, name: str) -> None:
    style = genart.stylizer(name)
    given = sources(tmp_path)
    expected = style(given["tensor"])
    for form in ("path", "PIL", "array"):
        assert torch.allclose(style(given[form]), expected, atol=1e-5), form


def test_neural_style_takes_a_pil_image_as_content_and_as_style() -> None:
    picture = Image.fromarray(COLOURS)
    style = genart.stylizer("gatys", style=picture, steps=1, size=32)
    assert style(picture).shape == (1, 3, 20, 24)


def test_distances_and_inversion_take_any_image(tmp_path: Path) -> None:
    given = sources(tmp_path)
    far = genart.perception.perceptual_distance
    assert float(far(given["path"], given["PIL"])) < 1e-6
    assert float(far(given["array"], np.zeros_like(COLOURS))) > 0.1
    plasma = genart.load("plasma", device="cpu", resolution=16)
    found = [genart.invert(plasma, given[form], steps=1) for form in ("path", "PIL", "array")]
    assert all(torch.equal(each.latent.values, found[0].latent.values) for each in found)
