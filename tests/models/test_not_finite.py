"""Values that are not finite: in model files, images, latents and options."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.tiny_models import tiny

import genart
from genart.errors import CheckpointError, DataError, RenderError


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A model file with one NaN, as an old training that diverged left it."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    path = tmp_path / "broken.safetensors"
    tiny().save(path)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    weights = load_file(path)
    weights["synthesis.b8.conv1.weight"][0, 0, 0, 0] = math.nan
    save_file(weights, path, metadata)
    return path


def test_a_model_with_nan_is_refused(broken: Path, genart_command: Callable[..., Any]) -> None:
    with pytest.raises(CheckpointError, match=r"synthesis\.b8\.conv1\.weight are not finite"):
        genart.load(broken)
    done = genart_command("generate", "--model", broken, "--seeds", "1", "-o", "x.png")
    assert done.code == 1
    assert "not finite" in done.err


def test_a_model_with_nan_is_not_written(tmp_path: Path) -> None:
    model = tiny()
    with torch.no_grad():
        model.network.mapping.fc0.weight.fill_(math.inf)
    with pytest.raises(CheckpointError, match="was not written: values in"):
        model.save(tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


def test_images_with_nan_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match='"plasma" hold values that are not finite'):
        genart.generate(tmp_path / "x.png", model="plasma", seeds="1", truncation=math.nan)
    assert not list(tmp_path.iterdir())


def test_latents_with_nan_are_not_written(tmp_path: Path) -> None:
    latent = genart.Latent("w", torch.full((1, 4), math.nan))
    with pytest.raises(DataError, match="was not written"):
        genart.save_latent(tmp_path / "x.npz", latent)


def test_a_latent_of_five_axes_is_named(tmp_path: Path) -> None:
    values = np.zeros((1, 1, 1, 1, 4), np.float32)
    np.savez(tmp_path / "x.npz", space=np.array("w"), values=values)
    with pytest.raises(DataError, match=r"shape \(1, 1, 1, 1, 4\); a latent has 2 or 3 axes"):
        genart.load_latent(tmp_path / "x.npz")


@pytest.mark.parametrize(
    "words",
    [
        ("generate", "--truncation", "nan", "-o", "x.png"),
        ("generate", "--truncation", "inf", "-o", "x.png"),
        ("mix", "--truncation", "nan", "-o", "x.png"),
        ("promo", "a.png", "--still", "nan", "-o", "x.mp4"),
        ("promo", "a.png", "--card", "inf", "-o", "x.mp4"),
        ("stylize", "a.png", "--style", "great_wave", "--option", "blend=nan", "-o", "x.png"),
        ("stylize", "a.png", "--style", "a.png", "--style-weight", "nan", "-o", "x.png"),
        ("train", "stylegan2", "--data", "a.png", "--out", "r", "--glr", "nan"),
        ("render", "--seconds", "nan", "-o", "x.mp4"),
        ("render", "-p", "model.truncation=nan", "-o", "x.mp4"),
    ],
)
def test_numbers_of_options_are_finite(
    words: tuple[str, ...],
    genart_command: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    genart.to_pil(torch.zeros(1, 3, 32, 32)).save("a.png")
    done = genart_command(*words)
    assert done.code == 2
    assert "nan" in done.err or "inf" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
