"""Names and files of datasets: junk, Unicode forms, separators, duplicates; and their report."""

from __future__ import annotations

import io
import logging
import os
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from support.broken_pictures import BROKEN, broken_zip

import genart
from genart.data.image_files import list_images
from genart.data.image_source import ImageSource
from genart.media.file_names import is_junk, normal_name, zip_name
from genart.media.image_report import ImageReport, LeftOut
from genart_neural_style.fast_data import ContentImages
from genart_stylegan2.data import load_dataset
from genart_translate.data import load_paired, load_unpaired

COMPOSED = "Stra\N{LATIN SMALL LETTER SHARP S}e \N{LATIN SMALL LETTER U WITH DIAERESIS}.png"
JUNK = (
    ".DS_Store", "__MACOSX/._a.png", "__MACOSX/a.png", "Thumbs.db", "desktop.ini", "x/._b.png",
    "@eaDir/a.png/thumb.jpg", ".a.partial-77.png",
)  # fmt: skip


def png(colour: str = "red", side: tuple[int, int] = (20, 20)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", side, colour).save(file, "PNG")
    return file.getvalue()


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unzipped(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


@pytest.mark.parametrize("make", [zipped, unzipped])
def test_files_of_operating_systems_are_ignored_without_a_word(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    files = dict.fromkeys(JUNK, b"junk") | {"a.png": png(), "notes.txt": b"two words"}
    found = list_images(make(tmp_path / "set", files))
    assert found.images == ("a.png",)
    assert found.left_out == ()
    assert all(is_junk(name) for name in JUNK)
    assert not is_junk("a.png")


@pytest.mark.parametrize("make", [zipped, unzipped])
def test_names_are_composed_and_have_slashes(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    decomposed = unicodedata.normalize("NFD", COMPOSED)
    assert decomposed != COMPOSED
    source = ImageSource(make(tmp_path / "set", {f"trainA/{decomposed}": png()}))
    assert source.names == [f"trainA/{COMPOSED}"]
    assert source.within("trainA").open(f"trainA/{COMPOSED}").size == (20, 20)
    assert source.read(f"trainA/{decomposed}") == png()


def test_a_zip_with_backslashes_has_its_two_domains(tmp_path: Path) -> None:
    names = [f"set\\train{domain}\\{n}.png" for domain in "AB" for n in range(2)]
    data = load_unpaired(zipped(tmp_path / "set.zip", {name: png() for name in names}), "", 16)
    assert (len(data.a), len(data.b)) == (2, 2)


def test_pairs_are_found_in_whichever_form_their_names_are(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", COMPOSED)
    unzipped(tmp_path / "a", {COMPOSED: png("red")})
    unzipped(tmp_path / "b", {decomposed: png("blue")})
    pairs = load_paired(tmp_path / "a", str(tmp_path / "b"), 16)
    assert (len(pairs), pairs.report.left_out) == (1, ())


def test_a_name_of_a_zip_that_does_not_state_utf8_is_read_as_utf8_if_it_is() -> None:
    name = "Été.png"
    as_python_reads_it = name.encode().decode("cp437")
    assert zip_name(as_python_reads_it, utf8=False) == name
    assert zip_name("\xe1.png", utf8=False) == "\xe1.png"
    assert normal_name(os.fsdecode(b"\xff.png")) == "\N{REPLACEMENT CHARACTER}.png"
    assert normal_name("./a//b.png") == "a/b.png"


def test_an_image_is_found_by_its_content_and_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    unzipped(
        tmp_path, {"a": png(), "b.heics": png(), "c.pdf": b"%PDF-1.4", "d.bin": b"\0\1\xff" * 9}
    )
    found = list_images(tmp_path)
    assert found.images == ("a", "b.heics")
    assert found.left_out == (
        LeftOut("c.pdf", "not an image but a PDF document"),
        LeftOut("d.bin", "not an image of a known format"),
    )


def test_two_files_of_one_name_and_links_to_folders_are_reported(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("x/a.png", png("red"))
        archive.writestr("x\\a.png", png("blue"))
    source = ImageSource(tmp_path / "set.zip")
    assert source.left_out == (LeftOut("x/a.png", "a second file of this name"),)
    assert source.open("x/a.png").getpixel((0, 0)) == (255, 0, 0)
    unzipped(tmp_path / "set", {"a.png": png()})
    (tmp_path / "set" / "more").symlink_to(tmp_path, target_is_directory=True)
    assert list_images(tmp_path / "set").left_out == (
        LeftOut("more", "a link to a folder, which is not followed"),
    )


def test_a_folder_that_cannot_be_opened_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unzipped(tmp_path, {"a.png": png(), "closed/b.png": png()})
    scan = os.scandir

    def refusing(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = list_images(tmp_path)
    assert found.images == ("a.png",)
    assert found.left_out == (LeftOut("closed", "Permission denied"),)


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path / "set.zip", {"a.png": png()})
    data = bytearray((tmp_path / "set.zip").read_bytes())
    data[data.index(b"PK\x01\x02") : data.index(b"PK\x01\x02") + 4] = b"XXXX"
    (tmp_path / "set.zip").write_bytes(data)
    with pytest.raises(genart.DataError, match="damaged zip"):
        ImageSource(tmp_path / "set.zip")


def test_a_report_has_counts_and_one_line_for_each_reason() -> None:
    many = tuple(LeftOut(f"{n}.png", "an empty file") for n in range(5))
    report = ImageReport(2, (*many, LeftOut("a.pdf", "not an image but a PDF document")))
    assert report.lines() == [
        "2 of 8 images used, 6 left out:",
        "  0.png, 1.png, 2.png and 2 more: an empty file",
        "  a.pdf: not an image but a PDF document",
    ]
    assert report.record()["left_out"]["3.png"] == "an empty file"
    assert (report + ImageReport(3)).used == 5
    assert ImageReport(3).lines() == ["3 of 3 images used."]


def _fast(path: Path) -> ImageReport:
    images = ContentImages(path, 16)
    images.draw(80, torch.Generator().manual_seed(0))
    return images.report()


LOADERS: dict[str, Callable[[Path], ImageReport]] = {
    "stylegan2": lambda path: load_dataset(path, 16).report,
    "pix2pix": lambda path: load_paired(path, "", 16).report,
    "cyclegan": lambda path: load_unpaired(path / "trainA", str(path / "trainA"), 16).report,
    "fast": _fast,
}


def test_every_trainer_that_takes_data_has_its_loader_here() -> None:
    from genart.plugins import registry
    from genart.training.api import takes_data

    assert {name for name in registry("trainer") if takes_data(name)} == set(LOADERS)


@pytest.mark.parametrize("trainer", LOADERS)
def test_every_trainer_leaves_out_the_same_images_in_the_same_words(
    tmp_path: Path, trainer: str
) -> None:
    inside = tmp_path / "trainA" if trainer == "cyclegan" else tmp_path
    with zipfile.ZipFile(broken_zip(tmp_path / "set.zip")) as archive:
        for name in ("bomb.png", "text.png", "good0.png", "good1.png"):
            unzipped(inside, {name: archive.read(name)})
    unzipped(inside, {"._good0.png": b"junk", "Thumbs.db": b"\xd0\xcf\x11\xe0", "c.pdf": b"%PDF-1"})
    (tmp_path / "set.zip").unlink()
    report = LOADERS[trainer](tmp_path)
    assert {each.name: each.reason for each in report.left_out} == {
        "bomb.png": "too large; 89 megapixels at most",
        "c.pdf": "not an image but a PDF document",
        "text.png": "not an image but a text file",
    }
    assert "torn.png" in BROKEN


def test_the_report_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        ImageReport(1).log()
        ImageReport(1, (LeftOut("a.png", "an empty file"),)).log()
    assert [record.message for record in caplog.records] == [
        "1 of 2 images used, 1 left out:\n  a.png: an empty file"
    ]
