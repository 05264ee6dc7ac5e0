"""The one reader of images: every mode, alpha, profile and orientation; what is refused, and how.

Each check goes through content (`genart.to_image`) and through training data (`load_squares`): the
two read alike.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import genart
from genart.data.image_source import ImageSource, load_squares
from genart.media.image_kinds import decoders, is_image_file, kind_of_bytes, kind_of_file
from genart.media.image_reader import decode_rgb, is_still, opened_image

SIDE = 32
RAMP = np.linspace(0, 1, SIDE * SIDE).reshape(SIDE, SIDE)
GREY = np.rint(RAMP * 255)


def read_both(path: Path) -> np.ndarray[Any, Any]:
    """The RGB bytes (h, w, 3) of an image file, after a check that content and data agree."""
    content = np.asarray(genart.to_pil(path))
    data = load_squares(ImageSource(path.parent), SIDE, Image.Resampling.NEAREST)
    assert np.array_equal(data.images[0].permute(1, 2, 0).numpy(), content)
    assert data.report.left_out == ()
    return content


def refused(path: Path) -> str:
    """Why an image file is refused, after a check that content and data give the same reason."""
    with pytest.raises(genart.DataError) as content:
        genart.to_image(path)
    with pytest.raises(genart.DataError) as data:
        ImageSource(path.parent).open(path.name)
    reason = str(content.value).removeprefix(f"{path}: ")
    assert str(data.value) == f"{path.name}: {reason}"
    return reason


@pytest.mark.parametrize(
    ("values", "suffix"),
    [
        ((RAMP * 65535).astype(np.uint16), "png"),
        ((RAMP * 65535).astype(np.uint16), "tif"),
        ((RAMP * 4095).astype(np.uint16), "png"),
        ((RAMP * 255).astype(np.uint16), "png"),
        (RAMP.astype(np.float32), "tif"),
        ((RAMP * 255).astype(np.float32), "tif"),
        ((RAMP * 3000 - 1000).astype(np.float32), "tif"),
        ((RAMP * 65535).astype(np.int32), "tif"),
        ((RAMP * 2e9 - 1e9).astype(np.int32), "tif"),
    ],
)
def test_grey_of_16_bits_and_floats_is_scaled(
    tmp_path: Path, values: np.ndarray[Any, Any], suffix: str
) -> None:
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    found = read_both(tmp_path / f"a.{suffix}")
    assert np.abs(found - GREY[..., None]).max() <= 1


def test_grey_of_16_bits_equals_the_colour_image_of_the_same_values(tmp_path: Path) -> None:
    Image.fromarray((RAMP * 40000).astype(np.uint16)).save(tmp_path / "a.png")
    assert abs(int(read_both(tmp_path / "a.png").max()) - round(40000 / 257)) <= 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "HSV"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        picture = ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
    picture = picture if picture.mode == mode else picture.convert(mode)
    if mode in ("LAB", "CMYK", "YCbCr"):
        options = {"compression": "jpeg"} if mode == "YCbCr" else {}
        picture.save(tmp_path / "a.tif", **options)
        assert read_both(tmp_path / "a.tif").min() >= 254
    assert np.asarray(genart.to_pil(picture)).min() >= 254


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "PA", "La", "RGBa", "L", "RGB"])
def test_transparent_parts_are_black_whatever_colour_is_under_them(mode: str) -> None:
    if mode in ("P", "PA"):
        picture = Image.new(mode, (SIDE, SIDE), 0 if mode == "P" else (0, 0))
        picture.putpalette([255, 255, 255] * 4)
    else:
        picture = Image.new({"La": "LA", "RGBa": "RGBA"}.get(mode, mode), (SIDE, SIDE), "#ffffff")
    if "A" in picture.getbands():
        picture.putalpha(0)
    else:
        picture.info["transparency"] = (255, 255, 255) if mode == "RGB" else 255 * (mode == "L")
    assert np.asarray(genart.to_pil(picture.convert(mode))).max() == 0


def test_a_transparent_grey_of_16_bits_is_black(tmp_path: Path) -> None:
    white = Image.fromarray(np.full((SIDE, SIDE), 65535, np.uint16))
    white.save(tmp_path / "a.png", transparency=65535)
    assert read_both(tmp_path / "a.png").max() == 0


def test_a_colour_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    picture = Image.new("RGB", (SIDE, SIDE), (200, 100, 50))
    swapped = _profile_with_red_and_blue_swapped()
    picture.save(tmp_path / "a.png", icc_profile=swapped)
    red, _, blue = read_both(tmp_path / "a.png")[0, 0].tolist()
    assert red < 100 < 150 < blue


def test_an_srgb_profile_and_a_damaged_one_change_nothing(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile", srgb[:200]):
        picture = Image.new("RGB", (SIDE, SIDE), (200, 100, 50))
        picture.save(tmp_path / "a.png", icc_profile=profile)
        assert read_both(tmp_path / "a.png")[0, 0].tolist() == [200, 100, 50]


def _profile_with_red_and_blue_swapped() -> bytes:
    """sRGB whose tags of the red and blue primaries are exchanged."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = data.replace(b"rXYZ", b"_XYZ").replace(b"bXYZ", b"rXYZ").replace(b"_XYZ", b"bXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_made_upright(tmp_path: Path, orientation: int) -> None:
    stored = Image.fromarray(np.random.RandomState(1).randint(0, 256, (SIDE, 40, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    shown = decode_rgb(tmp_path / "a.png")
    assert shown.size == ((SIDE, 40) if orientation > 4 else (40, SIDE))
    corner = {1: (0, 0), 2: (39, 0), 3: (39, 31), 4: (0, 31), 5: (0, 0), 6: (31, 0), 7: (31, 39),
              8: (0, 39)}[orientation]  # fmt: skip
    assert shown.getpixel(corner) == stored.getpixel((0, 0))


def test_damaged_exif_is_ignored(tmp_path: Path) -> None:
    Image.new("RGB", (SIDE, SIDE), "red").save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff")
    assert read_both(tmp_path / "a.jpg")[0, 0].tolist()[0] > 250


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_the_first_frame_of_an_animation_is_read(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (SIDE, SIDE), colour) for colour in ("#ff0000", "#0000ff")]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    assert read_both(tmp_path / f"a.{suffix}")[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("BMP", {}), ("TIFF", {}), ("GIF", {}), ("PPM", {}),
     ("JPEG2000", {}), ("AVIF", {})],
)  # fmt: skip
def test_the_content_decides_and_not_the_suffix(
    tmp_path: Path, kind: str, options: dict[str, Any]
) -> None:
    if kind not in decoders():
        pytest.skip("this Pillow has no such decoder")
    for name in ("a.mp4", "picture", "a.PNG", "a.txt"):
        folder = tmp_path / name
        folder.mkdir()
        Image.new("RGB", (SIDE, SIDE), (200, 100, 50)).save(folder / name, kind, **options)
        assert np.abs(read_both(folder / name).astype(int) - [200, 100, 50]).max() < 8
        assert is_still(folder / name)
        assert is_image_file(folder / name)


NOT_IMAGES = {
    "not an image but a text file": b"hello, I am text\n",
    "not an image but a web page": b"\n<!DOCTYPE html><html>",
    "not an image but a PDF document": b"%PDF-1.7\n\x80\x81",
    "not an image but a film": b"\0\0\0\x18ftypisom\0\0\0\0isomavc1",
    "not an image but a sound file": b"ID3\x04\0\0",
    "not an image but a zip archive": b"PK\x03\x04" + bytes(30),
    "an empty file": b"",
    "not an image of a known format": b"\x9e\x01\0\0\xfe\xfa" * 9,
    "a Photoshop image; export it as JPEG, PNG or TIFF": b"8BPS\0\x01" + bytes(40),
    "a raw camera file; export it as JPEG, PNG or TIFF": b"II*\0\x10\0\0\0CR\x02\0" + bytes(40),
    "an SVG drawing; export it as JPEG, PNG or TIFF": b"<?xml version='1.0'?><svg width='9'/>",
    "not an image but a Git LFS pointer, not the file itself; run `git lfs pull`":
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
}  # fmt: skip


@pytest.mark.parametrize("reason", NOT_IMAGES)
def test_a_file_that_is_no_image_is_named_for_what_it_is(tmp_path: Path, reason: str) -> None:
    (tmp_path / "a.png").write_bytes(NOT_IMAGES[reason])
    assert refused(tmp_path / "a.png") == reason


def test_heic_names_the_package_that_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    (tmp_path / "a.heic").write_bytes(head + bytes(100))
    monkeypatch.setattr("genart.media.image_reader.decoders", lambda: frozenset({"JPEG"}))
    assert refused(tmp_path / "a.heic") == (
        "a HEIC image; install pillow-heif to read it: pip install 'genart[heif]'"
    )
    assert kind_of_bytes(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif").name == "an AVIF image"


def test_heic_is_read_with_the_package(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    heif.from_pillow(Image.new("RGB", (64, 64), (200, 100, 50))).save(file)
    (tmp_path / "a.jpg").write_bytes(file.getvalue())
    assert np.abs(np.asarray(genart.to_pil(tmp_path / "a.jpg")).astype(int)[5, 5, 0] - 200) < 9


def test_a_tiff_that_begins_with_a_thumbnail_is_a_raw_camera_file(tmp_path: Path) -> None:
    Image.new("RGB", (SIDE, SIDE)).save(tmp_path / "a.tif", tiffinfo={254: 1})
    assert refused(tmp_path / "a.tif").startswith("a raw camera file")


def test_floats_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    values = np.zeros((SIDE, SIDE), np.float32)
    values[0, 0] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert refused(tmp_path / "a.tif") == "damaged image (values that are not finite numbers)"


def test_a_cut_image_is_refused_without_addresses_in_memory(tmp_path: Path) -> None:
    noise = np.random.RandomState(1).randint(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    for length in (9, 30, len(whole) // 2):
        (tmp_path / "a.png").write_bytes(whole[:length])
        reason = refused(tmp_path / "a.png")
        assert reason.startswith("damaged image (")
        assert "0x" not in reason
        assert str(tmp_path) not in reason


def test_a_pipe_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(genart.DataError, match="not a regular file"):
        genart.to_image(tmp_path / "a.png")
    with pytest.raises(genart.DataError, match="a folder, not an image"):
        genart.to_image(tmp_path)
    assert ImageSource(tmp_path).names == []


def test_limits_hold_for_bytes_too(tmp_path: Path) -> None:
    Image.new("RGB", (SIDE, SIDE)).save(tmp_path / "a.bmp")
    with (tmp_path / "a.bmp").open("r+b") as file:
        file.truncate(1 << 31)  # a sparse file
    assert refused(tmp_path / "a.bmp") == "2048 MiB is too large; 1024 MiB at most"


def test_a_gif_of_several_frames_is_a_film_and_one_of_one_frame_an_image(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (SIDE, SIDE), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "one.gif")
    frames[0].save(tmp_path / "two.png", "GIF", save_all=True, append_images=frames[1:])
    assert is_still(tmp_path / "one.gif")
    assert not is_still(tmp_path / "two.png")
    with opened_image(tmp_path / "two.png") as picture:
        assert picture.format == "GIF"
    assert kind_of_file(tmp_path / "one.gif").name == "a GIF image"


def test_nothing_else_opens_image_files() -> None:
    root = Path(genart.__file__).parents[1]
    code = [*(root / "genart").rglob("*.py"), *(root / "plugins").rglob("*.py")]
    opens = {
        path.name for path in code
        if re.search(r"\b(Image|Pictures)\.open\(|imread\(|decode_jpeg\(", path.read_text())
    }  # fmt: skip
    assert opens == {"image_reader.py", "metadata.py"}  # the latter opens what genart wrote
