"""Pivotal tuning brings a generator to an image, and what was tuned is kept as a difference."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.inverted import pictures, stranger, tiny

import genart
from genart.bending.clusters import clusters
from genart.inversion.api import invert_all

Run = Callable[..., Any]
QUICK: dict[str, Any] = {"method": "pivotal", "steps": 2, "start": "average"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny(tmp_path_factory.mktemp("models") / "tiny.safetensors")


@pytest.fixture(scope="module")
def tuned(model: Any) -> genart.Inversion:
    """An image that the model does not make, which a tuned copy does."""
    return genart.invert(model, stranger(), **QUICK, tuning=16, rate=0.03)


def distance(image: torch.Tensor) -> float:
    return float(genart.perception.perceptual_distance(image, stranger()))


@pytest.mark.slow
def test_the_tuned_copy_makes_the_image_and_the_model_stays(
    model: Any, tuned: genart.Inversion
) -> None:
    assert tuned.generator is not None
    assert distance(tuned.image) < 0.5 * distance(model(tuned.latent))
    assert torch.equal(tuned.image, tuned.generator(tuned.latent))
    again = genart.load(model.source, "cpu")
    keys = model.sample([1, 2])
    assert torch.equal(model(keys), again(keys)), "the parent was tuned too"
    w = model.map(keys).values
    assert torch.equal(tuned.generator.map(keys).values, w), "w has other meanings now"
    assert not any(each.requires_grad for each in tuned.generator.network.parameters())


def test_the_engine_never_shows_weights_of_before(model: Any) -> None:
    """One generator: seen, tuned in place, and seen again between any two steps."""
    found = genart.models.copy_of(model)
    keys = found.map(found.sample([1]))
    network = found.network  # type: ignore[attr-defined]

    def plain() -> torch.Tensor:
        with torch.no_grad():
            image: torch.Tensor = network.synthesis(keys.values, "const")
        return image

    before = found(keys)
    assert torch.allclose(before, plain(), atol=1e-4)
    adam = torch.optim.Adam(network.synthesis.requires_grad_().parameters(), lr=0.05)
    for _ in range(3):
        moving = genart.Latent("w+", keys.values.clone().requires_grad_())
        found(moving).square().mean().backward()
        adam.step()
        assert torch.allclose(found(keys), plain(), atol=1e-4), "a stale image"
    assert not torch.allclose(found(keys), before, atol=1e-2)


@pytest.mark.slow
def test_locality_holds_the_rest(model: Any) -> None:
    def moved(local: float) -> float:
        found = genart.invert(model, stranger(), **QUICK, tuning=6, rate=0.02, local=local)
        assert found.generator is not None
        keys = model.sample(range(20, 23))
        return float(
            genart.perception.perceptual_distance(found.generator(keys), model(keys)).mean()
        )

    assert moved(20.0) < 0.8 * moved(0.0)


def test_a_difference_is_small_and_opens_like_a_model(
    model: Any, tuned: genart.Inversion, tmp_path: Path
) -> None:
    assert tuned.generator is not None
    path = genart.models.save_tuned(tmp_path / "disc.safetensors", model, tuned.generator)
    assert path.stat().st_size < 0.5 * model.source.stat().st_size
    opened = genart.load(path, "cpu")
    assert opened.name == "disc"
    assert opened.source == path
    assert (opened(tuned.latent) - tuned.image).abs().max() < 0.05
    assert abs(distance(opened(tuned.latent)) - distance(tuned.image)) < 0.01
    told = genart.models.tuned_summary(genart.checkpoints.read_checkpoint(path))
    assert told is not None
    assert told["kind"] == "generator"
    assert told["parent"] == "tiny"


def test_a_difference_asks_for_its_parent(
    model: Any, tuned: genart.Inversion, tmp_path: Path
) -> None:
    assert tuned.generator is not None
    home = tmp_path / "home"
    home.mkdir()
    parent = Path(shutil.copy(model.source, home / "tiny.safetensors"))
    path = genart.models.save_tuned(
        tmp_path / "d.safetensors", genart.load(parent), tuned.generator
    )
    moved = parent.rename(tmp_path / "tiny.safetensors")  # beside the difference it is found
    assert torch.equal(genart.load(path, "cpu").map(tuned.latent).values[:, 0], tuned.latent.values)
    moved.unlink()
    with pytest.raises(
        genart.errors.CheckpointError, match=r'difference to "tiny".*put tiny.safetens'
    ):
        genart.load(path, "cpu")
    tiny(tmp_path / "tiny.safetensors", seed=4)  # another of the same name
    with pytest.raises(genart.errors.CheckpointError, match="which is not here"):
        genart.load(path, "cpu")


def test_clusters_of_a_tuned_model_are_not_its_parents(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENART_CACHE", str(tmp_path / "cache"))
    before, found = clusters(model, "b8.conv1", 3), genart.models.copy_of(model)
    with torch.no_grad():
        for weight in found.network.parameters():  # type: ignore[attr-defined]
            weight.copy_(weight.flip(0))
    assert not torch.equal(clusters(found, "b8.conv1", 3), before)
    file = genart.models.save_tuned(tmp_path / "tuned.safetensors", model, found)
    again = genart.load(file, "cpu")
    assert isinstance(again, genart.models.Bendable)
    clusters(again, "b8.conv1", 3)
    assert len([*(tmp_path / "cache" / "clusters").iterdir()]) == 2, "each has its own"


def test_what_cannot_be_tuned_says_so(model: Any) -> None:
    plasma = genart.load("plasma")
    with pytest.raises(genart.UsageError, match="no weights that could be tuned"):
        genart.invert(plasma, plasma(plasma.sample([1])), **QUICK)
    homeless = genart.models.copy_of(model)  # whose weights are in no file yet
    with pytest.raises(genart.UsageError, match="is in no file: save it first"):
        genart.invert(homeless, stranger(), **QUICK)
    for words, says in (
        ({"space": "w+"}, "Pivots are in w"),
        ({"pivot": "semantic"}, "projector or encoder"),
        ({"tuning": 0}, "1 step"),
        ({"colour": 1}, "colour"),
    ):
        with pytest.raises(genart.UsageError, match=says):
            genart.invert(model, stranger(), **{**QUICK, **words})


def test_a_batch_gets_one_tuned_generator_that_every_command_takes(
    genart_command: Run, model: Any, tmp_path: Path
) -> None:
    paths = pictures(tmp_path / "in", tiny(tmp_path / "other.safetensors", seed=9), [1, 2, 3])
    out = tmp_path / "out"
    words: dict[str, Any] = {**QUICK, "tuning": 1, "batch": 3, "model": model}
    found = invert_all(paths, out, **words)
    assert {each.model for each in found.results} == {str(out / "tuned.safetensors")}
    place = genart.load_latent(found.results[1].latent)
    still = genart_command(
        "generate", "--model", found.results[1].model, "--latent", found.results[1].latent,
        "--truncation", "1", "-o", tmp_path / "again.png", "--json",
    )  # fmt: skip
    assert still.code == 0, still.err
    wanted = genart.to_frames(genart.load(out / "tuned.safetensors", "cpu")(place))[0]
    made = genart.to_image(tmp_path / "again.png", (16, 16))
    assert (genart.to_frames(made)[0] == wanted).all()
    again = invert_all(paths, out, **words, resume=True)
    assert all(each.reused and each.model for each in again.results)
    (out / "tuned.safetensors").unlink()  # what needs it is searched for again
    assert not any(each.reused for each in invert_all(paths, out, **words, resume=True).results)
