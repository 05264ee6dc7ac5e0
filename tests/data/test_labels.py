"""Classes of a dataset: whole numbers, names and one-hot rows; all else is refused by its line."""

from __future__ import annotations

import json
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import genart
from genart.data.image_source import ImageSource
from genart.data.labels import Labels, read_labels
from genart.latent import class_index, parse_class
from genart_stylegan2.data import load_dataset

NAMES = ("a.png", "b.png", "c.png")


def dataset(folder: Path, classes: Any, names: tuple[str, ...] = NAMES) -> ImageSource:
    """A folder of images whose dataset.json has one image per line."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16)).save(folder / name)
    pairs = [json.dumps([name, each]) for name, each in zip(names, classes, strict=True)]
    (folder / "dataset.json").write_text('{"labels": [\n' + ",\n".join(pairs) + "\n]}")
    return ImageSource(folder)


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ([1, 0, 1], Labels((1, 0, 1), 2)),
        ([1.0, 0.0, 1.0], Labels((1, 0, 1), 2)),
        (["1", "0", "1"], Labels((1, 0, 1), 2)),
        ([[0, 1, 0], [1, 0, 0], [0, 1, 0]], Labels((1, 0, 1), 3, empty=(2,))),
        (["pear", "apple", "pear"], Labels((1, 0, 1), 2, ("apple", "pear"))),
        ([1, 2, 3], Labels((1, 2, 3), 4, empty=(0,))),
    ],
)
def test_whole_numbers_names_and_one_hot_rows_are_classes(
    tmp_path: Path, classes: Any, expected: Labels
) -> None:
    source = dataset(tmp_path, classes)
    assert read_labels(source, source.names) == expected


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (-1, r"b\.png has class -1: Class -1 is outside 0\.\.9999"),
        (0.5, r"A class is a whole number from 0, not 0\.5"),
        (None, r"b\.png has class null: A class is a whole number"),
        (True, r"has class true: A class is a whole number"),
        ([0.5, 0.5], r"a one-hot list has a single 1"),
        ([1, 1], r"a one-hot list has a single 1"),
        ([], r"a one-hot list has a single 1"),
        (10**9, r"is outside 0\.\.9999"),
        ({"x": 1}, r"A class is a whole number"),
    ],
)
def test_anything_else_is_refused_with_file_and_line(tmp_path: Path, value: Any, says: str) -> None:
    source = dataset(tmp_path, [0, value, 1])
    with pytest.raises(genart.DataError, match=rf"dataset\.json, line 3: .*{says}"):
        read_labels(source, source.names)


def test_names_and_numbers_are_not_mixed(tmp_path: Path) -> None:
    source = dataset(tmp_path, ["pear", 3, "pear"])
    with pytest.raises(genart.DataError, match=r"line 3: b\.png has class 3: other images have n"):
        read_labels(source, source.names)


def test_images_without_a_class_are_counted_and_named(tmp_path: Path) -> None:
    source = dataset(tmp_path, [0, 1, 0])
    Image.new("RGB", (16, 16)).save(tmp_path / "new.png")
    names = ImageSource(tmp_path).names
    with pytest.raises(genart.DataError, match=r"1 of 4 images have no class: new\.png\."):
        read_labels(source, names)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"labels": null}', r'needs "labels": \[\[file, class\]'),
        ("[1, 2]", r'needs "labels"'),
        ("{", "is not readable JSON"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "is not readable JSON"),
        ('{"labels": [["a.png"]]}', r'\["a\.png"\] is not \[file, class\]'),
        ("[" * 100_000, "is not readable JSON"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, says: str) -> None:
    source = dataset(tmp_path, [0, 0, 0])
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(genart.DataError, match=says):
        read_labels(source, source.names)
    (tmp_path / "dataset.json").unlink()
    with pytest.raises(genart.DataError, match=r"has no dataset\.json"):
        read_labels(ImageSource(tmp_path), source.names)


def test_names_are_compared_in_one_form_and_relative_to_the_file(tmp_path: Path) -> None:
    composed = "\N{LATIN SMALL LETTER U WITH DIAERESIS}.png"
    decomposed = unicodedata.normalize("NFD", composed)
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(tmp_path / "a.png", f"set\\x\\{decomposed}")
        labels = {"labels": {f"x\\{composed}": 2}}
        archive.writestr("set/dataset.json", "\ufeff" + json.dumps(labels))
    source = ImageSource(tmp_path / "set.zip")
    assert source.names == [f"set/x/{composed}"]
    assert read_labels(source, source.names).indices == (2,)


def test_stylegan2_trains_on_these_classes(tmp_path: Path) -> None:
    dataset(tmp_path, ["pear", "apple", "pear"])
    data = load_dataset(tmp_path, 16, labels=True)
    assert data.num_classes == 2
    assert data.label(torch.arange(3)).tolist() == [[0, 1], [1, 0], [0, 1]]
    dataset(tmp_path, [1, 2, 3])
    warning = load_dataset(tmp_path, 16, labels=True).warning
    assert warning == (
        "dataset.json: no image has class 0 of 0..3. Classes are counted from 0."
    )  # fmt: skip


@pytest.mark.parametrize("value", [2, 2.0, "2", " 2 "])
def test_an_option_takes_a_class_as_a_dataset_does(value: Any) -> None:
    assert parse_class(value, 3) == 2


@pytest.mark.parametrize("value", [-1, 0.5, "0.5", "apple", True, 3, float("nan"), float("inf")])
def test_an_option_refuses_what_a_dataset_refuses(value: Any) -> None:
    with pytest.raises(genart.UsageError, match=r"whole number from 0|outside 0\.\.2"):
        parse_class(value, 3)
    with pytest.raises(genart.UsageError, match=r"whole number from 0|outside 0\.\.2"):
        class_index(value, 3)
    with pytest.raises(genart.UsageError):
        genart.load("plasma-classes", device="cpu").sample(1, value)
