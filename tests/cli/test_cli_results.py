"""Results are counted: every command that writes reports the files that are there, and no others.

The same commands on a full disk end with one sentence before their work, and leave nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.disk import small_files
from support.tiny_models import tiny

from genart.plugins import registry

Run = Callable[..., Any]
#: Commands that write no results into a file that the user names.
SHOW = {"bench", "info", "live", "params", "plugins", "sketches"}
PLASMA = ("--model", "plasma", "--size", "32")
CYCLE = (
    "--resolution", "32", "--filters", "4", "--blocks", "1", "--critic-filters", "4", "--epochs",
    "1", "--decay", "0",
)  # fmt: skip

#: Command to its arguments, in a folder with images in "in", one of them damaged, a model
#: "tiny.safetensors", and "out" for the results.
COMMANDS: dict[str, tuple[str, ...]] = {
    "generate": ("--seeds", "1,1,2", "-o", "out/s", *PLASMA),
    "mix": ("--rows", "1", "--cols", "2", "-o", "out/m.PNG", *PLASMA),
    "render": ("drift", "--seconds", "0.2", "--fps", "10", "-o", "out/r.gif", *PLASMA),
    "promo": ("in/a.png", "--still", "0.5", "--fps", "4", "--size", "32", "--crossfade", "0",
              "-o", "out/p.gif"),
    "stylize": ("in", "--style", "great_wave", "-o", "out/w"),
    "translate": ("in", "--model", "fruit_photo", "--size", "32", "-o", "out/t"),
    "invert": ("in", "--model", "plasma", "--steps", "1", "-o", "out/i"),
    "directions": ("tiny.safetensors", "--count", "1", "-o", "out/d.npz"),
    "layers": ("tiny.safetensors", "--layer", "8", "--keys", "4", "-o", "out/l.png"),
    "models": ("convert", "tiny.safetensors", "out/c.safetensors"),
    "strokes": ("in/a.png", "in/b.png", "--size", "32", "--steps", "1", "--layers", "1_1", "-o",
                "out/k.png"),
    "train": ("cyclegan", "--data", "in", "--data-b", "in", "--out", "out/run", *CYCLE),
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the commands need, as the working directory."""
    monkeypatch.chdir(tmp_path)
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    noise = np.random.RandomState(0).randint(0, 256, (40, 40, 3), np.uint8)
    for name in ("a.png", "b.png"):
        Image.fromarray(noise).save(tmp_path / "in" / name)
    (tmp_path / "in" / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    tiny().save(tmp_path / "tiny.safetensors")
    return tmp_path


def files_named(value: Any) -> Iterator[str]:
    """Every path below "out" in a result."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name != "recipe":
                yield from files_named(each)
    elif isinstance(value, list):
        for each in value:
            yield from files_named(each)
    elif isinstance(value, str) and value.startswith("out"):
        yield value


def test_every_command_is_here() -> None:
    assert set(registry("command")) - SHOW == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_reports_the_files_that_it_made(
    genart_command: Run, here: Path, command: str
) -> None:
    done = genart_command(command, *COMMANDS[command], "--json")
    assert done.code == 0, done.err
    named = list(files_named(done.json))
    assert named
    assert len(named) == len(set(named)), "no file is counted twice"
    assert all(Path(name).is_file() for name in named)
    there = {str(path) for path in Path("out").rglob("*") if path.is_file()}
    assert not any(".partial" in name for name in there)
    if command != "train":  # its folder has snapshots, logs and sheets too
        assert there - {"out/i/index.jsonl"} == set(named)
    counts = {"generate": ("count", 3), "mix": ("count", 3), "render": ("frames", 2)}
    if command in counts:
        name, expected = counts[command]
        assert done.json[name] == expected
    if "results" in done.json:
        assert done.json["failed"] == sum(bool(each.get("error")) for each in done.json["results"])
        assert done.json["failed"] == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_one_sentence_before_the_work(
    genart_command: Run, here: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_work(*_: Any, **__: Any) -> None:
        raise AssertionError("work was done first")

    monkeypatch.setattr("torch.nn.Module.__call__", no_work)
    with small_files(100):
        done = genart_command(command, *COMMANDS[command], "--json")
    assert done.code == 1
    assert done.json["error"].count("cannot be written: the file is larger than the sys") == 1
    assert "\n" not in done.json["error"]
    assert [path for path in Path("out").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_disk_that_becomes_full_during_the_work_leaves_nothing_half(
    genart_command: Run, here: Path, command: str
) -> None:
    with small_files(4096):  # the check before the work passes
        done = genart_command(command, *COMMANDS[command])
    if done.code:
        (line,) = [line for line in done.err.splitlines() if line.startswith("Error: ")]
        assert "larger than the system allows" in line or "does not accept" in line, line
        assert "GENART_DEBUG" not in done.err
    for path in Path("out").rglob("*"):
        assert ".partial" not in path.name
        if path.suffix in (".png", ".gif"):
            with Image.open(path) as picture:
                picture.load()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ..."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9"),
        MemoryError(),
    ],
)
def test_running_out_of_memory_says_what_to_reduce(
    genart_command: Run, here: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("genart_plasma.plasma.Plasma.__call__", full)
    done = genart_command("generate", "--seeds", "1", "-o", "out/a.png", *PLASMA)
    assert done.code == 1
    assert "Error: There is not enough memory. Use a smaller --size, --resolution or" in done.err
    assert "GiB" not in done.err
    assert not list(Path("out").iterdir())


@pytest.mark.parametrize("command", ["stylize", "translate", "invert"])
def test_a_batch_in_which_everything_fails_fails(
    genart_command: Run, here: Path, command: str
) -> None:
    for name in ("a.png", "b.png"):
        (here / "in" / name).write_text("no image")
    done = genart_command(command, *COMMANDS[command], "--json")
    assert done.code == 1
    assert "not an image but a text file" in done.out or "damaged image" in done.out
    assert not list(Path("out").rglob("*.png"))


def test_an_option_given_twice_is_taken_or_refused_in_one_sentence(
    genart_command: Run, here: Path
) -> None:
    twice = ("stylize", "in/a.png", "--style", "great_wave", "--style", "scream", "-o", "out/a.png")
    done = genart_command(*twice)
    assert done.code == 2
    assert (
        '"fast" takes one style, not 2: great_wave, scream. These take several: gatys.' in done.err
    )
    images = ("--style", "in/a.png", "--style", "in/b.png", "--size", "32", "--steps", "1")
    assert genart_command("stylize", "in/a.png", *images, "-o", "out/a.png").code == 0


@pytest.mark.parametrize("name", ["style", "device", "progress", "output", "content"])
def test_an_argument_of_the_command_is_no_option_of_the_stylizer(
    genart_command: Run, here: Path, name: str
) -> None:
    asked = ("stylize", "in/a.png", "--style", "great_wave", "-o", "out/a.png")
    done = genart_command(*asked, "--option", f"{name}=x")
    assert done.code == 2
    assert f"--option {name}=... is not an option of the stylizer." in done.err
