"""`genart generate`, `mix`, `info`, `render`: files that are what was asked for."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

import genart

Run = Callable[..., Any]
PLASMA = ("--model", "plasma", "--device", "cpu", "--size", "32")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


def played(path: str) -> np.ndarray:
    """Every frame of a GIF."""
    with Image.open(path) as film:
        return np.stack([np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)])


@pytest.fixture
def small_model(tmp_path: Path) -> Path:
    """A StyleGAN2 of 16 pixels with random weights, in genart's format."""
    from genart_stylegan2.config import Config
    from genart_stylegan2.generator import StyleGAN2
    from genart_stylegan2.network import Network

    torch.manual_seed(0)
    network = Network(Config(16, z_dim=8, w_dim=8, mapping_layers=2, channel_base=64))
    StyleGAN2(network, name="small").save(tmp_path / "small.safetensors")
    return tmp_path / "small.safetensors"


def test_a_folder_gets_an_image_a_seed_named_by_it(genart_command: Run, tmp_path: Path) -> None:
    done = genart_command("generate", "-o", tmp_path / "out", "--seeds", "3,8-9", *PLASMA, "--json")
    assert done.code == 0, done.err
    names = [Path(file).name for file in done.json["files"]]
    assert names == ["seed0003.png", "seed0008.png", "seed0009.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert (done.json["count"], done.json["size"]) == (3, [32, 32])
    model = genart.load("plasma", device="cpu")
    (frame,) = genart.to_frames(model(model.sample(8), truncation=0.7), (32, 32))
    assert np.array_equal(pixels(tmp_path / "out" / "seed0008.png"), frame)


def test_a_grid_holds_the_same_images_in_rows(genart_command: Run, tmp_path: Path) -> None:
    genart_command("generate", "-o", tmp_path / "out", "--seeds", "1-6", *PLASMA)
    done = genart_command("generate", "-o", tmp_path / "g.png", "--grid", "3x2", *PLASMA)
    assert "96x64 px" in done.out
    grid = pixels(tmp_path / "g.png")
    assert grid.shape == (64, 96, 3)
    for seed in range(1, 7):
        row, column = divmod(seed - 1, 3)
        cell = grid[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
        assert np.array_equal(cell, pixels(tmp_path / "out" / f"seed{seed:04d}.png"))


def test_a_size_is_width_by_height_and_the_model_widens(
    genart_command: Run, tmp_path: Path
) -> None:
    genart_command(
        "generate", "-o", tmp_path / "w.png", "--seeds", 1, "--model", "plasma", "--size", "48x32"
    )
    model = genart.load("plasma", device="cpu").widened((32, 48))
    (frame,) = genart.to_frames(model(model.sample(1), truncation=0.7))
    assert np.array_equal(pixels(tmp_path / "w.png"), frame)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_an_image_tells_how_it_was_made_and_the_command_makes_it_again(
    genart_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"a.{suffix}"
    genart_command(
        "generate", "-o", file, "--seeds", "4", "--truncation", "0.5", "--cutoff", "3",
        "--model", "plasma-classes", "--class", "2", "--size", "48x32", "--noise", "none",
    )  # fmt: skip
    recipe = genart_command("info", file, "--json").json["recipe"]
    assert (recipe["seeds"], recipe["truncation"], recipe["label"]) == ("4", 0.5, 2)
    assert (recipe["size"], set(recipe["versions"])) == ([48, 32], {"python", "numpy", "torch"})
    before = file.read_bytes()
    file.unlink()
    program, *words = recipe["command"].split()
    assert program == "genart"
    assert genart_command(*words).code == 0
    assert file.read_bytes() == before


def test_a_still_names_the_models_file_by_its_hash(
    genart_command: Run, tmp_path: Path, small_model: Path
) -> None:
    wide = ["--seeds", 1, "--size", "32x16", "-o", tmp_path / "a.png"]
    genart_command("generate", "--model", small_model, *wide)
    recipe = genart_command("info", tmp_path / "a.png", "--json").json["recipe"]
    digest = hashlib.sha256(small_model.read_bytes()).hexdigest()
    assert recipe["model"] == {"name": str(small_model), "sha256": digest}


def test_a_full_disk_is_reported_with_what_was_kept(
    genart_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = [2]

    def full(*_: Any) -> None:
        if not room[0]:
            raise OSError(28, "No space left on device")
        room[0] -= 1

    monkeypatch.setattr("genart.media.sheets.write_recipe", full)
    done = genart_command("generate", "-o", tmp_path / "s", "--seeds", "1-4", *PLASMA)
    assert (done.code, len(list((tmp_path / "s").iterdir()))) == (1, 2)
    assert "cannot be written: the disk is full. Kept 2 of 4 images" in done.err
    done = genart_command("mix", "-o", tmp_path / "m.png", "--rows", 1, "--cols", 2, *PLASMA)
    assert done.code == 1
    assert f"the part was removed, there is no {tmp_path / 'm.png'}" in done.err


def test_latents_go_to_a_file_and_come_back_as_the_same_images(
    genart_command: Run, tmp_path: Path
) -> None:
    genart_command("generate", "-o", tmp_path / "l.npz", "--seeds", "5,6", *PLASMA)
    facts = genart_command("info", tmp_path / "l.npz", "--json").json
    assert (facts["what"], facts["space"], facts["shape"]) == ("latent", "z", [2, 32])
    assert (facts["model"], facts["recipe"]["seeds"]) == ("plasma", "5-6")
    genart_command("generate", "-o", tmp_path / "a.png", "--latent", tmp_path / "l.npz", *PLASMA)
    genart_command("generate", "-o", tmp_path / "b.png", "--seeds", "5,6", *PLASMA)
    assert np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))


def test_a_latent_of_another_model_is_refused(genart_command: Run, tmp_path: Path) -> None:
    genart.save_latent(tmp_path / "l.npz", genart.Latent("w", torch.zeros(1, 7)))
    done = genart_command(
        "generate", "-o", tmp_path / "a.png", "--latent", tmp_path / "l.npz", *PLASMA
    )
    assert done.code == 2
    assert 'has w of size (7,); "plasma" takes (32,)' in done.err


def test_alpha_is_kept_in_png_and_painted_on_black_in_jpeg(
    genart_command: Run, tmp_path: Path
) -> None:
    for suffix in ("png", "jpg"):
        genart_command(
            "generate", "-o", tmp_path / f"a.{suffix}", "--seeds", 1, "--model", "plasma-alpha"
        )
    clear, flat = pixels(tmp_path / "a.png"), pixels(tmp_path / "a.jpg")
    assert clear.shape[2] == 4
    assert flat.shape[2] == 3
    assert flat[clear[..., 3] < 4].mean() < 4


def test_ctrl_c_between_images_keeps_the_whole_ones_and_says_so(
    genart_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genart_plasma.plasma import Plasma

    made = Plasma.__call__

    def tired(self: Plasma, latent: genart.Latent, **settings: Any) -> torch.Tensor:
        if torch.equal(latent.values[0], self.sample(5).values[0]):
            raise KeyboardInterrupt
        return made(self, latent, **settings)

    monkeypatch.setattr(Plasma, "__call__", tired)
    done = genart_command("generate", "-o", tmp_path / "out", "--seeds", "1-9", *PLASMA)
    assert done.code == 1
    assert f"Interrupted. Kept 4 of 9 images in {tmp_path / 'out'}." in done.err
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_a_mixing_grid_shows_its_sources_and_their_mixtures(
    genart_command: Run, tmp_path: Path
) -> None:
    done = genart_command(
        "mix", "-o", tmp_path / "m.png", "--rows", "1-2", "--cols", "3-5", "--styles", "0-3",
        *PLASMA, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["size"] == [4 * 32, 3 * 32]
    grid = pixels(tmp_path / "m.png")
    assert not grid[:32, :32].any(), "the corner is empty"
    model = genart.load("plasma", device="cpu")
    places = {seed: model.map(model.sample(seed), 0.7) for seed in range(1, 6)}
    for row, column, place in (
        (0, 2, places[4]),
        (2, 0, places[2]),
        (2, 3, genart.mix(model, places[2], places[5], range(4))),
    ):
        cell = grid[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
        (frame,) = genart.to_frames(model(place), (32, 32))
        assert np.array_equal(cell, frame)


def test_render_makes_a_loop_and_reports_it(genart_command: Run, tmp_path: Path) -> None:
    done = genart_command(
        "render", "drift", "-o", tmp_path / "loop.mp4", *PLASMA, "--seconds", "0.4", "--fps", "15",
        "--seeds", "1,2,5-6", "--walk", "slerp", "-p", "model.noise=none", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert set(done.json) >= {"output", "frames", "fps", "size", "seam", "seconds", "recipe"}
    assert (done.json["frames"], done.json["fps"], done.json["size"]) == (6, 15, [32, 32])
    assert "6/6" in done.err
    facts = genart_command("info", tmp_path / "loop.mp4", "--json").json
    assert (facts["what"], facts["size"], facts["fps"]) == ("film", [32, 32], 15)
    assert facts["recipe"] == done.json["recipe"]
    assert "recipe:" in genart_command("info", tmp_path / "loop.mp4").out


def test_the_recipe_of_a_film_makes_it_again(
    genart_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    genart_command(
        "render", "breathe", "-o", "a.gif", *PLASMA, "--beats", "1", "--bpm", "150", "--fps", "20",
        "-p", "sketch.low=0.3", "--seeds", "7,9", "--noise", "none", "--seed", "5",
    )  # fmt: skip
    before = played("a.gif")
    recipe = genart_command("info", "a.gif", "--json").json["recipe"]
    program, *words = shlex.split(recipe["command"])
    Path("a.gif").unlink()
    done = genart_command(*words)
    assert (program, done.code) == ("genart", 0), done.err
    assert len(before) == 8
    assert np.array_equal(played("a.gif"), before)


def test_a_title_makes_the_film_longer_and_is_in_its_recipe(
    genart_command: Run, tmp_path: Path
) -> None:
    done = genart_command(
        "render", "-o", tmp_path / "t.gif", *PLASMA, "--seconds", "1", "--fps", "4",
        "--title", "Pomona", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["frames"] > 4
    assert done.json["recipe"]["titles"] == ["Pomona"]


def test_render_into_a_folder_of_png(genart_command: Run, tmp_path: Path) -> None:
    done = genart_command(
        "render", "-o", f"{tmp_path}/frames/", *PLASMA, "--seconds", "0.1", "--fps", "20"
    )
    assert done.code == 0, done.err
    assert len(list((tmp_path / "frames").glob("*.png"))) == 2
    assert genart_command("info", tmp_path / "frames", "--json").json["frames"] == 2


@pytest.mark.parametrize("name", ["gone.mp4", "gone.png", "gone.gif", "gone.webp", "gone.npz"])
def test_a_damaged_file_is_said_to_be_one(genart_command: Run, tmp_path: Path, name: str) -> None:
    heads = {
        "mp4": b"\0\0\0\x18ftypisom", "png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF89a",
        "webp": b"RIFF\0\0\0\0WEBP", "npz": b"PK\x03\x04",
    }  # fmt: skip
    (tmp_path / name).write_bytes(heads[name.partition(".")[2]] + bytes(20))
    done = genart_command("info", tmp_path / name)
    assert done.code == 1
    assert name in done.err


def test_other_arrays_are_listed_by_name_and_shape(genart_command: Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", weight=np.zeros((2, 3)), names=np.array(["x"]))
    facts = genart_command("info", tmp_path / "a.npz", "--json").json
    assert (facts["what"], facts["arrays"]) == ("arrays", {"weight": [2, 3], "names": [1]})


def test_a_model_is_converted_and_makes_the_same_image(
    genart_command: Run, tmp_path: Path, small_model: Path
) -> None:
    done = genart_command("models", "convert", small_model, tmp_path / "b.safetensors", "--json")
    assert done.code == 0, done.err
    for name, model in (("a", small_model), ("b", tmp_path / "b.safetensors")):
        made = genart_command(
            "generate", "--model", model, "--seeds", 1, "-o", tmp_path / f"{name}.png"
        )
        assert made.code == 0, made.err
    assert np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))
    facts = genart_command("info", tmp_path / "b.safetensors", "--json").json
    assert (facts["what"], facts["architecture"], facts["reader"]) == (
        "model",
        "stylegan2",
        "stylegan2",
    )


def test_a_model_file_nobody_knows_is_outlined(genart_command: Run, tmp_path: Path) -> None:
    path = tmp_path / "odd.safetensors"
    genart.checkpoints.write_safetensors(path, {"conv.weight": torch.zeros(2, 3)}, {"author": "me"})
    facts = genart_command("info", path, "--json").json
    assert (facts["what"], facts["parameters"]) == ("checkpoint", 6)
    assert facts["metadata"] == {"author": "me"}
    assert "name conv.weight, kind tensor (2, 3)" in genart_command("info", path).out
    assert "not a model that a reader can load" in facts["reason"]


@pytest.mark.slow
def test_a_render_told_to_end_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "genart", "render", "--model", "plasma", "--size", "64"]
    with subprocess.Popen(
        [*command, "--seconds", "3600", "-o", "long.gif"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as render:
        assert render.stderr is not None
        said = ""
        while "frame" not in said:  # the bar is there: it renders
            said += render.stderr.read(1)
        render.terminate()
        said += render.stderr.read()
    assert render.returncode == 1
    assert "Interrupted" in said
    assert list(tmp_path.iterdir()) == []
