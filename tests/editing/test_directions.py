"""Directions: found as in the papers, saved, combined, shown, and without effect at 0."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import genart
from genart.editing.calibration import SHARE, visible
from genart.editing.directions import joined
from genart.editing.discovery import contrast, pca, sefa

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def model() -> genart.Generator:
    from genart_stylegan2.config import Config
    from genart_stylegan2.generator import StyleGAN2
    from genart_stylegan2.network import Network

    torch.manual_seed(3)
    config = Config(
        img_resolution=16, z_dim=24, w_dim=20, mapping_layers=2, channel_base=256, channel_max=24
    )
    return StyleGAN2.from_network(Network(config), name="tiny")


def test_sefa_gives_the_eigenvectors_of_the_stacked_style_weights(model: Any) -> None:
    affine = {
        layer: (conv.affine.weight * conv.affine.weight_gain).detach().double().numpy()
        for layer, conv in enumerate(
            module for _, module in model.network.synthesis.named_modules()
            if type(module).__name__ == "StyledConv"
        )
    }  # fmt: skip
    stacked = np.concatenate([affine[layer] for layer in (1, 2, 3)])
    values, vectors = np.linalg.eigh(stacked.T @ stacked)
    found = sefa(model, 4, "1-3")
    assert found.values == pytest.approx(tuple(values[::-1][:4]))
    for k in range(4):
        wanted = vectors[:, -1 - k]
        wanted = wanted * np.sign(wanted[np.abs(wanted).argmax()])
        assert found.steps[k, 2].numpy() == pytest.approx(wanted, abs=1e-5)
    assert found.steps[:, [0, 4]].abs().max() == 0  # other layers are left alone


def test_pca_finds_the_axes_along_which_w_spreads_most(model: genart.Generator) -> None:
    found = pca(model, 3, samples=600, seed=4)
    z = np.random.RandomState(4).randn(600, model.z_dim)
    w = model.map(genart.Latent("z", torch.from_numpy(z).float())).values[:, 0].double().numpy()
    _, s, axes = np.linalg.svd(w - w.mean(0), full_matrices=False)
    assert found.values == pytest.approx(tuple((s**2 / (s**2).sum())[:3]), rel=1e-4)
    for k in range(3):
        assert abs(float(found.steps[k, 0].double() @ torch.from_numpy(axes[k]))) > 1 - 1e-4


def test_pca_of_a_layer_finds_the_step_that_moves_its_activations(model: Any) -> None:
    found = pca(model, 2, layer="b8.conv1", samples=60)
    w = model.map(model.sample(range(40))).values[:, :1].expand(-1, model.num_ws, -1)
    start = genart.Latent("w+", w)
    made = model.activations(start, "b8.conv1").flatten(1)
    axis = torch.pca_lowrank(made, q=1)[2][:, 0]

    def along(name: str) -> float:
        moved = model.activations(found.move(start, {name: 1.0}), "b8.conv1").flatten(1)
        return abs(float(((moved - made) @ axis).mean()))

    assert along("pca1") > 2 * along("pca2")


def test_a_contrast_leads_from_one_mean_to_the_other(model: genart.Generator) -> None:
    more, less = model.sample([1, 2, 3]), model.sample([7, 8])
    found = contrast(model, more, less, "ripe")
    means = [model.map(each).values.mean(0) for each in (less, more)]
    assert torch.allclose(means[0] + found.steps[0] * found.values[0], means[1], atol=1e-5)
    with pytest.raises(genart.UsageError, match="same mean"):
        contrast(model, more, more)


def test_one_unit_of_every_direction_is_about_equally_visible(model: genart.Generator) -> None:
    made = visible(model, sefa(model, 3), count=4)
    start = model.map(model.sample(range(4)), 0.7)
    pictures = model(start)
    goal = SHARE * float(
        genart.perception.perceptual_distance(pictures, pictures.roll(1, 0)).mean()
    )
    for name in made.names:
        both = [model(made.move(start, {name: sign})) for sign in (-1.0, 1.0)]
        changes = [
            float(genart.perception.perceptual_distance(each, pictures).mean()) for each in both
        ]
        assert sum(changes) / 2 == pytest.approx(goal, rel=0.25)


def test_amounts_of_0_leave_every_bit_and_others_move(model: genart.Generator) -> None:
    found = sefa(model, 2)
    amounts = {"sefa1": 0.0, "sefa2": 0.0}
    edited = genart.editing.edit(model, found, lambda: amounts)
    keys = model.sample([1, 2])
    assert torch.equal(edited(keys, truncation=0.6), model(keys, truncation=0.6))
    amounts["sefa2"] = 2.0
    moved = edited(keys, truncation=0.6)
    by_hand = found.move(model.map(keys, 0.6), {"sefa2": 2.0})
    assert torch.equal(moved, model(by_hand))
    assert not torch.equal(moved, model(keys, truncation=0.6))


def test_amounts_add_up_and_come_back(model: genart.Generator) -> None:
    found = sefa(model, 2)
    start = model.map(model.sample([5]))
    there = found.move(start, {"sefa1": 1.5, "sefa2": -0.5})
    back = found.move(there, {"sefa2": 0.5, "sefa1": -1.5})
    assert torch.allclose(back.values, start.values, atol=1e-5)
    assert found.move(start, {"sefa1": 0.0}) is start
    with pytest.raises(genart.UsageError, match="No direction named"):
        found.move(start, {"smile": 1.0})
    with pytest.raises(genart.UsageError, match="move latents"):
        found.move(model.sample([1]), {"sefa1": 1.0})


def test_keeping_others_takes_out_what_is_shared(model: genart.Generator) -> None:
    a, b = sefa(model, 2), pca(model, 3, samples=50)
    kept = b.keeping(a)
    shared = torch.einsum("kld,mld->klm", kept.steps, a.steps)
    assert shared.abs().max() < 1e-6
    assert kept.steps.abs().max() > 0
    assert a.keeping(a).steps.abs().max() < 1e-6


def test_the_command_keeps_the_subject(genart_command: Run, tmp_path: Path, model: Any) -> None:
    file = model.save(tmp_path / "tiny.safetensors")
    sefa(model, 2).save(tmp_path / "subject.npz")
    out = tmp_path / "kept.npz"
    words = ("directions", file, "--method", "pca", "--count", "2", "--samples", "50",
             "--layers", "1-2", "-o", out)  # fmt: skip
    done = genart_command(*words, "--keep", tmp_path / "subject.npz")
    assert done.code == 0, done.err
    kept = genart.editing.load_directions(out)
    subject = genart.editing.load_directions(tmp_path / "subject.npz")
    assert kept.steps[:, [0, 3, 4, 5]].abs().max() == 0  # layers 1 and 2 alone
    shared = torch.einsum("kld,mld->klm", kept.steps, subject.steps)
    assert shared.abs().max() < 1e-5 * kept.steps.abs().max()
    assert "--keep" in kept.recipe
    same = genart_command("directions", file, "--count", "2", "-o", out,
                          "--keep", tmp_path / "subject.npz")  # fmt: skip
    assert same.code == 2
    assert "Nothing is left of sefa1, sefa2" in same.err


def seen(images: torch.Tensor) -> dict[str, float]:
    """How much of images is fruit, how much of that lies in the lower half, how yellow it is."""
    images = (images.clamp(-1, 1) + 1) / 2
    paper = images.flatten(2).median(2).values[:, :, None, None]
    fruit = ((images - paper).abs().amax(1) > 0.25).float()
    count = fruit.sum((1, 2)).clamp(min=1)
    return {
        "size": float(fruit.mean()),
        "low": float((fruit[:, fruit.shape[1] // 2 :].sum((1, 2)) / count).mean()),
        "yellow": float((((images[:, 1] - images[:, 2]) * fruit).sum((1, 2)) / count).mean()),
    }


@pytest.mark.parametrize(
    ("name", "length", "grows"),
    [("sefa1", 3.0, ["size"]), ("sefa2", 2.0, ["low"]), ("sefa4", 4.5, ["size", "yellow"])],
)
def test_pomonas_directions_change_what_the_caption_of_their_sheet_says(
    name: str, length: float, grows: list[str]
) -> None:
    """docs/directions.md: larger; from the upper fruit to the cut one; a large yellow apple."""
    pomona = genart.load("pomona", device="cpu")
    found = sefa(pomona, 4)
    start = pomona.map(pomona.sample(range(20, 24)), 0.7)
    before, after = (seen(pomona(found.move(start, {name: sign * length}))) for sign in (-1.0, 1.0))
    for fact in grows:
        assert after[fact] > 1.3 * before[fact], fact


def test_directions_act_at_chosen_layers(model: genart.Generator) -> None:
    found = sefa(model, 1)
    coarse = found.on("0-1")
    assert torch.equal(coarse.steps[:, :2], found.steps[:, :2])
    assert coarse.steps[:, 2:].abs().max() == 0
    with pytest.raises(genart.UsageError, match="layer"):
        found.on([99])


def test_a_file_gives_the_same_directions(model: genart.Generator, tmp_path: Path) -> None:
    found = joined([sefa(model, 2), sefa(model, 1)])
    assert found.names == ("sefa1", "sefa2", "sefa1_2")
    again = genart.editing.load_directions(found.save(tmp_path / "a.npz"))
    assert (again.names, again.model, again.method) == (found.names, "tiny", "sefa")
    assert torch.equal(again.steps, found.steps)
    assert found[["sefa2"]].renamed({"sefa2": "blush"}).names == ("blush",)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"names": ["a"]}, "missing are steps, values"),
        ({"names": ["A b"], "steps": np.zeros((1, 2, 3)), "values": [1.0]}, "not a name for"),
        ({"names": ["a"], "steps": np.full((1, 2, 3), np.nan), "values": [1.0]}, "finite"),
        ({"names": ["a", "b"], "steps": np.zeros((1, 2, 3)), "values": [1.0]}, "need steps"),
        ({"names": [1.0], "steps": np.zeros((1, 2, 3)), "values": [1.0]}, "names must be text"),
    ],
)
def test_a_wrong_file_is_reported(tmp_path: Path, arrays: dict[str, Any], says: str) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(genart.DataError, match=says):
        genart.editing.load_directions(tmp_path / "bad.npz")


def test_what_cannot_be_is_reported(model: genart.Generator) -> None:
    with pytest.raises(genart.UsageError, match=r"1\.\.\d+ directions, not 0"):
        sefa(model, 0)
    with pytest.raises(genart.UsageError, match="no styles"):
        sefa(genart.load("plasma"))
    with pytest.raises(genart.UsageError, match="No layer named"):
        pca(model, 1, layer="b9.conv1", samples=10)
    with pytest.raises(genart.UsageError, match="has no option positive"):
        genart.directions(model, method="sefa", positive="1")
    with pytest.raises(genart.UsageError, match="negative is missing"):
        genart.directions(model, method="contrast", positive="1")
    with pytest.raises(genart.UsageError, match="belong to"):
        genart.editing.edit(genart.load("plasma"), sefa(model, 1), dict)


def test_the_command_keeps_directions_and_shows_them(
    genart_command: Run, tmp_path: Path, model: Any
) -> None:
    from PIL import Image

    out, sheet, file = tmp_path / "p.npz", tmp_path / "p.png", tmp_path / "tiny.safetensors"
    model.save(file)
    done = genart_command(
        "directions", file, "--method", "pca", "--count", "2", "--samples", "50",
        "-o", out, "--sheet", sheet, "--seeds", "1,2", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["names"] == ["pca1", "pca2"]
    found = genart.editing.load_directions(out)
    assert "--method pca" in found.recipe
    with Image.open(sheet) as picture:
        assert picture.width == 7 * 16
        assert picture.height > 4 * 16  # two directions, two seeds, captions
    wrong = genart_command("directions", "plasma", "--method", "sefa", "-o", out)
    assert wrong.code == 2
    assert "no styles" in wrong.err


def test_equal_images_have_no_distance_and_others_do() -> None:
    torch.manual_seed(0)
    a = torch.rand(2, 3, 40, 48) * 2 - 1
    assert genart.perception.perceptual_distance(a, a).abs().max() < 1e-5
    small = genart.perception.perceptual_distance(a, a + 0.05 * torch.randn_like(a))
    assert (small > 0).all()
    assert (genart.perception.perceptual_distance(a, torch.zeros_like(a)) > small).all()


@pytest.fixture(scope="module")
def kept(model: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The tiny model and its directions, as files."""
    folder = tmp_path_factory.mktemp("kept")
    model.save(folder / "tiny.safetensors")
    found = sefa(model, 2)
    longer = found.steps * 3
    genart.editing.Directions(found.names, longer, found.values, "tiny", "sefa").save(
        folder / "d.npz"
    )
    return folder / "tiny.safetensors", folder / "d.npz"


class Still(genart.Sketch):
    """One latent, through the model."""

    def draw(self, t: float, dt: float) -> genart.Image:
        return self.paint(self.walk(0.0))


FILM: dict[str, Any] = {"seconds": 0.4, "fps": 10, "size": 16, "seeds": "3,4"}


def test_directions_are_params_of_a_film(kept: tuple[Path, Path], model: Any) -> None:
    file, handles = kept

    def film(**params: float) -> np.ndarray:
        sink = genart.MemorySink()
        words = {f"edit.{name}": value for name, value in params.items()}
        genart.render(Still, sink, model=str(file), directions=handles, params=words, **FILM)
        return sink.frames[0]

    plain = genart.MemorySink()
    genart.render(Still, plain, model=str(file), **FILM)
    assert np.array_equal(film(sefa1=0.0), plain.frames[0])
    start = model.map(model.sample([3]), 0.7)
    moved = genart.editing.load_directions(handles).move(start, {"sefa1": 1.5, "sefa2": -1.0})
    by_hand = genart.to_frames(model(moved), (16, 16))[0]
    assert not np.array_equal(by_hand, plain.frames[0])
    assert np.array_equal(film(sefa1=1.5, sefa2=-1.0), by_hand)
    with pytest.raises(genart.UsageError, match=r"edit\.sefa9"):
        film(sefa9=1.0)


def test_directions_of_another_model_rest(kept: tuple[Path, Path]) -> None:
    frames = []
    for words in ({}, {"directions": kept[1], "params": {"edit.sefa1": 3.0}}):
        sink = genart.MemorySink()
        genart.render(Still, sink, model="plasma", **FILM, **words)
        frames.append(sink.frames[0])
    assert np.array_equal(*frames)


def test_a_file_that_holds_no_directions_is_reported(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", w=np.zeros((1, 4, 8)))
    for name, says in (("w.npz", "contains no directions"), ("none.npz", "no latent file")):
        with pytest.raises(genart.UsageError, match=says):
            genart.render(Still, genart.MemorySink(), model="plasma",
                          directions=tmp_path / name, **FILM)  # fmt: skip


def test_directions_picked_up_live_are_sliders_and_a_show_keeps_them(
    kept: tuple[Path, Path], tmp_path: Path
) -> None:
    from genart.live.perform import start_show_recorder

    file, handles = kept
    live = genart.live.Live(Still, model=str(file), size=16, fps=50, seconds=20,
                       params={"walk.seeds": "3,4"})  # fmt: skip
    live.frame_blend._blend = False
    writer = start_show_recorder(live, tmp_path / "night.jsonl")
    live.on_new_sketch.append(lambda: live.store.put("edit.sefa1", 2.0, "test"))
    live.store.put("model.directions", str(tmp_path / "none.npz"))
    seen: list[np.ndarray] = []

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            if not seen:
                live.store.put("model.directions", str(handles))
            if not seen or not np.array_equal(seen[-1], frame):
                seen.append(frame)
            if len(seen) > 8:
                live.stop()

        def close(self) -> None: ...

    live.run([Eye()])
    writer.close(live.engine_clock.seconds())
    assert len(seen) > 8
    assert "edit.sefa1" in live.store.tree
    assert any("none.npz" in fault.message for fault in live.faults.all())
    again = genart.MemorySink()
    genart.render(Still, again, show=writer.path, model=str(file))
    last = again.frames[-1]
    assert not np.array_equal(last, again.frames[0])
