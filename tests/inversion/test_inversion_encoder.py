"""An encoder learns from its generator, guesses in one pass, and serves no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.inverted import tiny

import genart
from genart.training.api import train

Run = Callable[..., Any]
SMALL: dict[str, Any] = {"batch": 16, "memory": 64, "width": 32, "recall": 2}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny(tmp_path_factory.mktemp("models") / "tiny.safetensors")


@pytest.fixture(scope="module")
def encoder(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(
        "encoder", None, tmp_path_factory.mktemp("runs") / "one", device="cpu",
        model=str(model.source), samples=96, batch=32, memory=96, width=64, recall=24,
    )  # fmt: skip


@pytest.mark.slow
def test_a_run_in_two_parts_equals_one(model: Any, tmp_path: Path) -> None:
    words: dict[str, Any] = {**SMALL, "model": str(model.source), "samples": 32, "device": "cpu"}
    whole = train("encoder", None, tmp_path / "whole", **words)

    def stopped(progress: genart.Progress) -> None:
        if progress.done >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="--resume auto"):
        train("encoder", None, tmp_path / "parts", **words, progress=stopped)
    with pytest.raises(genart.UsageError, match="contains a training run"):
        train("encoder", None, tmp_path / "parts", **words)
    with pytest.raises(genart.UsageError, match="width was 32, now 16"):
        train("encoder", None, tmp_path / "parts", **{**words, "width": 16}, resume="auto")
    parts = train("encoder", None, tmp_path / "parts", **words, resume="auto")
    one, two = (genart.checkpoints.read_checkpoint(path).tree for path in (whole, parts))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    lines = (tmp_path / "parts" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["pictures"] for line in lines] == [16, 32]


@pytest.mark.slow
def test_its_guess_is_better_than_the_average_and_a_search_goes_on_from_it(
    model: Any, encoder: Path
) -> None:
    target = model(model.sample(range(100, 108))).clamp(-1, 1)
    average = genart.Latent("w", torch.zeros(8, 20))
    words: dict[str, Any] = {"method": "encoder", "encoder": encoder}
    guess = genart.invert(model, target, **words)
    assert guess.latent.values.shape == (8, 20)
    assert torch.equal(guess.image, model(guess.latent))
    apart = [float(genart.perception.perceptual_distance(x, target).mean()) for x in (
        guess.image, model(model.map(average, truncation=0.0)),
    )]  # fmt: skip
    assert apart[0] < 0.8 * apart[1]
    further = genart.invert(model, target, **words, steps=4, space="w+")
    assert further.latent.space == "w+"
    assert further.losses[-1] < guess.losses[0]


def test_an_encoder_knows_its_generator(model: Any, encoder: Path, tmp_path: Path) -> None:
    other = tiny(tmp_path / "other.safetensors", seed=8)
    target = other(other.sample([1])).clamp(-1, 1)
    with pytest.raises(genart.UsageError, match=r'encoder of "tiny".*does not match "other"'):
        genart.invert(other, target, method="encoder", encoder=encoder)
    with pytest.raises(genart.UsageError, match=r'no encoder for "other"\. Train one'):
        genart.invert(other, target, method="encoder")
    with pytest.raises(genart.errors.CheckpointError, match="not an encoder"):
        genart.invert(other, target, method="encoder", encoder=other.source)


def test_an_encoder_beside_its_model_is_found(model: Any, encoder: Path, tmp_path: Path) -> None:
    here = genart.load(shutil.copy(model.source, tmp_path / "mine.safetensors"), "cpu")
    shutil.copy(encoder, tmp_path / "mine.encoder.safetensors")
    target = here(here.sample([1])).clamp(-1, 1)
    found = genart.invert(here, target, method="encoder")
    named = genart.invert(here, target, method="encoder", encoder=encoder)
    assert torch.equal(found.latent.values, named.latent.values)


def test_a_damaged_encoder_is_reported(model: Any, encoder: Path, tmp_path: Path) -> None:
    checkpoint = genart.checkpoints.read_checkpoint(encoder)
    state = {name: each for name, each in checkpoint.tree.items() if name != "last.bias"}
    genart.checkpoints.write_safetensors(tmp_path / "less.safetensors", state, checkpoint.metadata)
    with pytest.raises(genart.errors.CheckpointError, match="damaged encoder"):
        genart.invert(
            model, torch.zeros(1, 3, 16, 16), method="encoder",
            encoder=tmp_path / "less.safetensors",
        )  # fmt: skip


def test_the_command_trains_without_data(genart_command: Run, model: Any, tmp_path: Path) -> None:
    done = genart_command(
        "train", "encoder", "--model", model.source, "--out", tmp_path / "run", "--samples", "16",
        "--batch", "16", "--memory", "16", "--width", "8", "--recall", "1", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["model"] == str(tmp_path / "run" / "tiny.encoder.safetensors")
    with pytest.raises(genart.UsageError, match="more than 0"):
        train("encoder", None, tmp_path / "none", samples=0)
    with pytest.raises(genart.UsageError, match="images of its model"):
        train("encoder", tmp_path, tmp_path / "none", model=str(model.source))
    with pytest.raises(genart.UsageError, match="needs data"):
        train("stylegan2", None, tmp_path / "none")


@pytest.mark.parametrize("space", ["w", "w+"])
def test_the_shipped_encoder_guesses_pomona(space: str) -> None:
    model = genart.load("pomona", "cpu")
    w = model.map(model.sample([301, 302])).values[:, 0]
    target = model(genart.Latent("w", w)).clamp(-1, 1)
    found = genart.invert(model, target, method="encoder", space=space)
    assert found.latent.space == space
    assert float(genart.perception.perceptual_distance(found.image, target).mean()) < 0.75
