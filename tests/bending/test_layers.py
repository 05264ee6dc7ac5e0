"""The layers of a model: listed, shown as an image, filmed along a walk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import genart

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def model() -> Any:
    from genart_stylegan2.config import Config
    from genart_stylegan2.generator import StyleGAN2
    from genart_stylegan2.network import Network

    torch.manual_seed(3)
    config = Config(
        img_resolution=16, z_dim=24, w_dim=20, mapping_layers=2, channel_base=256, channel_max=24
    )
    return StyleGAN2.from_network(Network(config), name="tiny")


@pytest.fixture
def file(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENART_CACHE", str(tmp_path / "cache"))
    kept: Path = model.save(tmp_path / "tiny.safetensors")
    return kept


def test_layers_are_listed(genart_command: Run, file: Path) -> None:
    done = genart_command("layers", file)
    assert done.code == 0, done.err
    assert done.out.splitlines()[0] == "b4.conv1  24 channels of 4x4"
    assert done.out.splitlines()[-1] == "b16.conv1  16 channels of 16x16"
    told = genart_command("info", file, "--json").json
    assert told["layers"] == [line.split()[0] for line in done.out.splitlines()]


def test_an_image_shows_every_channel_on_one_scale(
    genart_command: Run, file: Path, tmp_path: Path, model: Any
) -> None:
    out = tmp_path / "layer.png"
    done = genart_command("layers", file, "--layer", "16", "--keys", "4", "--truncation", "1",
                          "--size", "16", "--columns", "4", "-o", out)  # fmt: skip
    assert done.code == 0, done.err
    made = model.activations(model.sample([4]), "b16.conv1")[0].numpy()
    picture = np.asarray(Image.open(out)).astype(float)
    assert picture.shape[:2] == (74, 74)  # four cells and five gaps of 2
    cells = [picture[2 + 18 * (k // 4) :, 2 + 18 * (k % 4) :][:16, :16] for k in range(16)]
    shown = np.stack(cells).max(-1).ravel()
    assert np.corrcoef(shown, np.abs(made).ravel())[0, 1] > 0.95
    warm = np.stack([cell[..., 0] > cell[..., 2] for cell in cells])
    assert (warm == (made > 0))[shown.reshape(made.shape) > 8].all()
    recipe = genart.media.read_recipe(out)
    assert recipe is not None
    assert "--layer b16.conv1" in recipe["command"]


def test_clusters_stand_together(file: Path, tmp_path: Path) -> None:
    from genart.bending.clusters import clusters

    made = genart.layers(file, tmp_path / "a.png", layer="8", clusters=3, columns=24, size=8)
    labels = clusters(genart.load(file), "b8.conv1", 3)  # type: ignore[arg-type]
    assert len(labels) == 24
    assert made.size is not None
    assert made.size[1] == 3 * 10 + 2 * 12 + 2  # a row of cells for each, and wider gaps


def test_a_bent_layer_is_shown_bent(file: Path, tmp_path: Path) -> None:
    for name, bend in (("plain", ""), ("bent", "16:flip_h@1")):
        genart.layers(file, tmp_path / f"{name}.png", layer="16", channels="0-3", columns=1,
                      size=16, bend=bend)  # fmt: skip
    plain, bent = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("plain", "bent"))
    assert np.array_equal(plain[:, 2:18], bent[:, 2:18][:, ::-1])


def test_a_film_of_a_layer_follows_the_walk(
    genart_command: Run, file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "layer.apng"
    done = genart_command("layers", file, "--layer", "8.0", "--keys", "1,2", "--seconds", "0.4",
                          "--fps", "10", "--channels", "cluster 1 of 2", "-o", out)  # fmt: skip
    assert done.code == 0, done.err
    with Image.open(out) as film:
        assert film.n_frames == 4
        first = np.asarray(film.convert("RGB")).astype(int)
        film.seek(2)
        assert np.abs(np.asarray(film.convert("RGB")) - first).mean() > 1
    recipe = genart.media.read_recipe(out)
    assert recipe is not None
    assert recipe["command"].startswith("genart layers")


def test_what_cannot_be_shown_is_reported(genart_command: Run, file: Path, tmp_path: Path) -> None:
    for words, says in (
        (("plasma",), "does not show its layers"),
        ((file, "-o", tmp_path / "a.png"), "Name the layer"),
        ((file, "--layer", "64", "-o", tmp_path / "a.png"), 'No layer named "64"'),
        ((file, "--layer", "16", "--size", "1", "-o", tmp_path / "a.png"), "A cell has"),
        ((file, "--layer", "16", "-o", tmp_path / "a.xyz"), "No film format"),
        ((file, "--layer", "16", "--channels", "99", "-o", tmp_path / "a.png"), "has channels"),
    ):
        done = genart_command("layers", *words)
        assert done.code == 2, words
        assert says in done.err
