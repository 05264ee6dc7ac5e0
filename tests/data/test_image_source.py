"""Training images from folders and zips: what is listed, how it is decoded, what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.broken_pictures import BROKEN, broken_zip

import genart
from genart.data.image_source import ImageSource, crop_square, load_squares
from genart.media.image_report import ImageReport

NEAREST = Image.Resampling.NEAREST


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images at several depths, and files that are no images."""
    for n, name in enumerate(("b.png", "a.PNG", "trainA/1.png", "x/trainA/0.png", "trainB/1.png")):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 4), (40 * n, 0, 0)).save(path, "PNG")
    (tmp_path / "set" / "notes.txt").write_text("not an image")
    (tmp_path / "set" / "dataset.json").write_text('{"labels": null}')
    return tmp_path / "set"


@pytest.fixture(params=["folder", "zip"])
def source(request: pytest.FixtureRequest, folder: Path) -> ImageSource:
    if request.param == "folder":
        return ImageSource(folder)
    with zipfile.ZipFile(folder.parent / "set.zip", "w") as archive:
        for path in folder.rglob("*.*"):
            archive.write(path, path.relative_to(folder))
    return ImageSource(folder.parent / "set.zip")


def test_images_of_a_folder_and_a_zip_are_listed_alike(source: ImageSource) -> None:
    assert source.names == ["a.PNG", "b.png", "trainA/1.png", "trainB/1.png", "x/trainA/0.png"]
    part = source.within("trainA")
    assert part.names == ["trainA/1.png", "x/trainA/0.png"]
    assert part.open("trainA/1.png").getpixel((0, 0)) == (80, 0, 0)
    assert source.within("a.PNG").names == []
    assert source.read("dataset.json") == b'{"labels": null}'
    with pytest.raises(genart.DataError, match=r"has no file other\.json"):
        source.read("other.json")


def test_images_are_upright_and_transparent_parts_are_black(tmp_path: Path) -> None:
    image = Image.new("RGBA", (4, 2), (255, 0, 0, 255))
    image.putpixel((0, 0), (255, 255, 255, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    image.save(tmp_path / "turned.png", exif=exif)
    opened = ImageSource(tmp_path).open("turned.png")
    assert (opened.mode, opened.size) == ("RGB", (2, 4))
    assert opened.getpixel((1, 0)) == (0, 0, 0)
    assert opened.getpixel((0, 0)) == (255, 0, 0)


def test_a_large_jpeg_is_decoded_smaller_where_that_is_enough(tmp_path: Path) -> None:
    Image.new("RGB", (800, 400)).save(tmp_path / "large.jpg")
    source = ImageSource(tmp_path)
    assert source.open("large.jpg").size == (800, 400)
    assert source.open("large.jpg", 100).size == (200, 100)


def test_squares_are_cropped_at_the_centre(source: ImageSource) -> None:
    found = load_squares(source, 4, NEAREST)
    assert found.images.shape == (5, 3, 4, 4)
    assert found.images[:, 0, 0, 0].tolist() == [40, 0, 80, 160, 120]
    assert found.names == tuple(source.names)
    assert found.report == ImageReport(5)
    stripes = np.zeros((2, 4, 3), np.uint8)
    stripes[:, 1:3] = 255
    assert crop_square(Image.fromarray(stripes), 2, NEAREST).min() == 255


def test_files_that_cannot_be_read_are_skipped_with_the_reason(tmp_path: Path) -> None:
    found = load_squares(ImageSource(broken_zip(tmp_path / "set.zip")), 16, NEAREST)
    assert len(found.images) == 2
    assert found.report.used == 2
    assert [each.name for each in found.report.left_out] == [*BROKEN]
    reasons = {each.name: each.reason for each in found.report.left_out}
    assert reasons["text.png"] == "not an image but a text file"
    assert reasons["locked.png"] == "encrypted in the zip"
    assert not any("<_io" in each or " at 0x" in each for each in reasons.values())


def test_an_image_of_absurd_size_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (9500, 9500)).save(tmp_path / "bomb.png")
    with pytest.raises(genart.DataError, match="9500x9500 pixels is too large; 89 megapixels"):
        ImageSource(tmp_path).open("bomb.png")
    with pytest.raises(genart.DataError, match=r"1 was left out, the first: bomb\.png: 9500x"):
        load_squares(ImageSource(tmp_path), 16, NEAREST)


def test_a_path_without_images_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(genart.DataError, match="neither a folder nor a zip of images"):
        ImageSource(tmp_path / "nowhere")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(genart.DataError, match="neither a folder nor a zip of images"):
        ImageSource(tmp_path / "text.zip")
    with pytest.raises(genart.DataError, match=r"contains no images \(JPEG, PNG"):
        load_squares(ImageSource(tmp_path), 16, NEAREST)
