"""Generated files through every command that reads images: no traceback, no hang, nothing half.

A few run with every `make test`; two thousand are in the slow tests.
"""

from __future__ import annotations

import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch
from PIL import Image
from support.damaged_files import damaged_file
from support.tiny_models import tiny

import genart
from genart.media.image_report import ImageReport
from genart_neural_style.fast_data import ContentImages
from genart_stylegan2.data import load_dataset
from genart_translate.data import load_paired, load_unpaired

Run = Callable[..., Any]
_SECONDS = 60  # of computing that one command may take for a folder, or for one file
_WAIT = 1200  # seconds that it may take in all, on a busy machine
_TINY = ("--size", "32", "--fps", "5")


@contextmanager
def no_hang(what: str) -> Iterator[None]:
    """Fail if it takes too long."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"{what} takes too long")

    timers = {
        signal.ITIMER_PROF: (signal.SIGPROF, _SECONDS), signal.ITIMER_REAL: (signal.SIGALRM, _WAIT),
    }  # fmt: skip
    before = {number: signal.signal(number, late) for number, _ in timers.values()}
    for timer, (_, seconds) in timers.items():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def of_folder(data: str) -> Iterator[tuple[str, ...]]:
    """The commands that read a folder of images."""
    yield "stylize", data, "--style", "great_wave", "--size", "32", "-o", "out/stylize"
    yield "translate", data, "--model", "fruit_photo", "--size", "32", "-o", "out/translate"
    yield "invert", data, "--model", "tiny.safetensors", "--steps", "1", "-o", "out/invert"


def of_file(file: str) -> Iterator[tuple[str, ...]]:
    """The commands that read one image."""
    yield "info", file
    yield "promo", file, "--still", "0.2", "--crossfade", "0", *_TINY, "-o", "out/promo.gif"
    yield "stylize", file, "--style", "great_wave", "--size", "32", "-o", "out/one.png"
    yield "stylize", "good.png", "--style", file, "--size", "32", "--steps", "1", "-o", "out/s.png"
    yield (
        "strokes",
        file,
        "good.png",
        "--size",
        "32",
        "--steps",
        "1",
        "--layers",
        "1_1",
        "-o",
        ("out/k.png"),
    )


def loaders(path: Path) -> Iterator[Callable[[], ImageReport]]:
    """The datasets of all trainers."""
    yield lambda: load_dataset(path, 16).report
    yield lambda: load_unpaired(path, str(path), 16).report
    yield lambda: load_paired(path, str(path), 16).report
    yield lambda: _drawn(ContentImages(path, 16))


def _drawn(images: ContentImages) -> ImageReport:
    images.draw(len(images.source.names), torch.Generator().manual_seed(0))
    return images.report()


def check_files(command: Run, here: Path, seeds: range) -> None:
    """Read the files of some seeds with every command and every trainer's dataset."""
    names = []
    for seed in seeds:
        name, content = damaged_file(seed)
        (here / "in" / name).write_bytes(content)
        names.append(name)
    for words in of_folder("in"):
        _check_command(command, words)
    for name in names:
        for words in of_file(f"in/{name}"):
            _check_command(command, words)
    with zipfile.ZipFile(here / "in.zip", "w") as archive:
        for name in names:
            archive.write(here / "in" / name, name)
    in_folder, in_zip = (_reports(here / path) for path in ("in", "in.zip"))
    assert in_folder == in_zip


def _check_command(command: Run, words: tuple[str, ...]) -> None:
    with no_hang(" ".join(words)):
        done = command(*words)
    assert done.code in (0, 1, 2), words
    for sign in ("Traceback", "GENART_DEBUG", " at 0x", "cannot identify image file"):
        assert sign not in done.err + done.out, (words, done.err)
    if done.code:
        assert done.err.strip(), words
    for path in Path("out").rglob("*"):
        assert ".partial" not in path.name, words
        if path.suffix.lower() in (".png", ".jpg", ".webp", ".gif"):
            with Image.open(path) as picture:
                picture.load()
        if path.is_file():
            path.unlink()


def _reports(path: Path) -> list[ImageReport | str]:
    found: list[ImageReport | str] = []
    for load in loaders(path):
        with no_hang(str(path)):
            try:
                found.append(load())
            except genart.DataError as error:  # none of these can be used
                found.append(str(error).replace(str(path), ""))
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    Image.linear_gradient("L").resize((40, 40)).convert("RGB").save(tmp_path / "good.png")
    tiny().save(tmp_path / "tiny.safetensors")
    return tmp_path


def test_damaged_files_are_read_or_refused(genart_command: Run, here: Path) -> None:
    check_files(genart_command, here, range(12))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 2000, 100))
def test_two_thousand_damaged_files_are_read_or_refused(
    genart_command: Run, here: Path, start: int
) -> None:
    check_files(genart_command, here, range(start, start + 100))


def test_the_same_seed_gives_the_same_file_and_other_seeds_others() -> None:
    assert damaged_file(7) == damaged_file(7)
    assert len({damaged_file(seed)[1] for seed in range(50)}) > 40
