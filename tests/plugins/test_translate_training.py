"""Training CycleGAN and pix2pix: exact resume, pools, rates, data, and that they learn."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.broken_pictures import BROKEN, broken_zip

import genart
from genart_translate.data import Domains, load_paired, load_unpaired
from genart_translate.settings import CycleGANSettings, Pix2PixSettings
from genart_translate.trainer import KINDS, TranslationTrainer
from genart_translate.training import Training

TINY: dict[str, Any] = {
    "resolution": 16, "filters": 4, "blocks": 1, "levels": 3, "critic_filters": 4,
    "critic_layers": 1, "pool": 3, "log_steps": 5, "epochs": 2.0, "decay": 2.0,
}  # fmt: skip
SETTINGS = {"cyclegan": CycleGANSettings, "pix2pix": Pix2PixSettings}


def draw(path: Path, *colours: tuple[int, int, int], side: int = 20, seed: int = 0) -> None:
    """An image, or several side by side, of one drawing in these colours."""
    rng = np.random.RandomState(seed)
    shape = rng.rand(4, 4).repeat(side // 4, 0).repeat(side // 4, 1)[..., None]
    frames = [(shape * np.array(colour)).astype(np.uint8) for colour in colours]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.hstack(frames)).save(path)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """trainA and trainB with the same names, six each."""
    for n in range(6):
        draw(tmp_path / "set" / "trainA" / f"{n}.png", (255, 60, 40), seed=n)
        draw(tmp_path / "set" / "trainB" / f"{n}.png", (40, 90, 255), seed=n)
    return tmp_path / "set"


def trainer(kind: str, **settings: Any) -> TranslationTrainer:
    return TranslationTrainer(kind, SETTINGS[kind].from_options(TINY | settings))


def test_a_training_starts_from_the_generator_of_a_model(pictures: Path, tmp_path: Path) -> None:
    first = trainer("pix2pix", seed=1, epochs=0.5, decay=0.0).fit(pictures, tmp_path / "first")
    still = {"lr": 1e-12, "epochs": 0.5, "decay": 0.0}
    again = trainer("pix2pix", seed=2, transfer=str(first), **still).fit(pictures, tmp_path / "two")
    other = trainer("pix2pix", seed=2, **still).fit(pictures, tmp_path / "other")
    weights = [genart.checkpoints.read_weights(path) for path in (first, again, other)]
    filters = {name: each for name, each in weights[0].items() if each.ndim == 4}
    for name, each in filters.items():  # running means of a norm move in any case
        torch.testing.assert_close(weights[1][name], each, atol=1e-3, rtol=0)
    assert any(not torch.allclose(weights[2][n], each, atol=1e-3) for n, each in filters.items())
    with pytest.raises(genart.UsageError, match="set --network, --blocks"):
        trainer("pix2pix", transfer=str(first), filters=8).fit(pictures, tmp_path / "wide")


def newest(folder: Path) -> Any:
    state = genart.checkpoints.read_checkpoint(sorted(folder.glob("snapshot-*.pt"))[-1]).tree
    del state["settings"]
    return state


def assert_same(one: Any, other: Any, where: str = "") -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for i, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}/{i}")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    else:
        assert one == other, where


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "schedule"), [("cyclegan", "linear"), ("pix2pix", "plateau")])
def test_a_run_in_parts_is_the_run_in_one(
    kind: str, schedule: str, pictures: Path, tmp_path: Path
) -> None:
    words = {"schedule": schedule, "ema": 4.0, "batch": 2, "pool": 3}
    trainer(kind, **words).fit(pictures, tmp_path / "one")
    parts = tmp_path / "parts"

    def stop(progress: genart.Progress) -> None:
        if progress.done in (4, 7):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt, match="--resume auto"):
            trainer(kind, **words).fit(pictures, parts, resume="auto", progress=stop)
    trainer(kind, **words).fit(pictures, parts, resume="auto")
    whole, resumed = newest(tmp_path / "one"), newest(parts)
    assert whole["steps"] == 12
    assert_same(whole, resumed)
    for file in KINDS[kind].files.values():
        assert (tmp_path / "one" / file).read_bytes() == (parts / file).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cyclegan", "pix2pix"])
def test_what_a_run_leaves(kind: str, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    seen: list[genart.Progress] = []
    words = {"snapshot_steps": 4, "licence": "CC0", "note": "drawings"}
    model = trainer(kind, **words).fit(pictures, out, progress=seen.append)
    assert [p.name for p in sorted(out.glob("snapshot-*"))] == [
        "snapshot-00000016.pt", "snapshot-00000020.pt", "snapshot-00000024.pt",
    ]  # fmt: skip
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (24, 24, "step")
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert (log[-1]["step"], log[-1]["epoch"], log[-1]["lr"]) == (24, 4.0, 0.0)
    assert all(math.isfinite(value) for line in log for value in line.values())
    with Image.open(out / "sample-00000024.png") as sheet:
        assert sheet.size == ((3 * 16, 8 * 16) if kind == "cyclegan" else (6 * 16, 3 * 16))
    style = genart.stylizer(kind, model=model)
    assert style(torch.zeros(1, 3, 16, 16)).shape == (1, 3, 16, 16)
    told = genart.checkpoints.read_checkpoint(model).metadata
    assert (told["licence"], told["dataset"], told["method"]) == ("CC0", "drawings", kind)
    with pytest.raises(genart.UsageError, match="contains a training run"):
        trainer(kind).fit(pictures, out)
    with pytest.raises(genart.UsageError, match="filters was 4, now 8"):
        trainer(kind, filters=8).fit(pictures, out, resume="auto")
    other = "pix2pix" if kind == "cyclegan" else "cyclegan"
    with pytest.raises(
        genart.errors.CheckpointError, match=f"not a snapshot of a {other} training"
    ):
        trainer(other).fit(pictures, out, resume="auto")


def test_a_run_in_float32_goes_on_in_float16_and_back(pictures: Path) -> None:
    data = load_unpaired(pictures, "", 16)
    make = KINDS["cyclegan"].make
    runs = [
        make(SETTINGS["cyclegan"].from_options(TINY), data, torch.device("cpu")) for _ in range(2)
    ]
    kept = runs[0].state()
    assert kept["scaler"] == {}
    runs[1].scaler = torch.amp.GradScaler("cpu", enabled=True)
    runs[1].restore(kept)
    runs[0].restore(runs[1].state())


@pytest.mark.parametrize("loss", ["lsgan", "vanilla", "wgangp"])
@pytest.mark.parametrize("kind", ["cyclegan", "pix2pix"])
def test_every_objective_and_network_takes_a_step(kind: str, loss: str, pictures: Path) -> None:
    data = KINDS[kind].load(pictures, "", 18)
    network = {"lsgan": "unet", "vanilla": "resnet", "wgangp": "unet"}[loss]
    words = {"loss": loss, "network": network, "norm": "instance", "dropout": True, "up": "nearest"}
    settings = SETTINGS[kind].from_options(TINY | words)
    run = KINDS[kind].make(settings, data, torch.device("cpu"))
    before = {name: value.clone() for name, value in run.nets.state_dict().items()}
    figures = run.step()
    assert all(math.isfinite(value) for value in figures.values())
    for net in (*run.generators, *run.critics):
        after = run.nets[net].state_dict()
        assert any(not torch.equal(value, before[f"{net}.{k}"]) for k, value in after.items())


def colours(count: int, side: int, *, pairs: bool) -> Domains:
    """Drawings in warm colours and in cold ones; as pairs, the same drawings."""
    rng = np.random.RandomState(0)

    def domain(colour: tuple[float, ...], shapes: np.ndarray) -> torch.Tensor:
        grown = shapes.repeat(side // 4, 1).repeat(side // 4, 2)[:, None]
        frames = grown * np.array(colour)[:, None, None]
        return torch.from_numpy(frames.astype(np.uint8))

    warm, cold = rng.rand(count, 4, 4), rng.rand(count, 4, 4)
    return Domains(domain((250, 120, 30), warm), domain((40, 90, 250), warm if pairs else cold))


def learn(kind: str, data: Domains, steps: int, **settings: Any) -> tuple[Training, list[float]]:
    """Train for some steps; the last of it is what each step of "cycle" or "l1" was."""
    side = data.a.shape[-1]
    words = {"resolution": side, "jitter": 1.0, "epochs": steps / len(data), "decay": 0.0}
    run = KINDS[kind].make(
        SETTINGS[kind].from_options(TINY | words | settings), data, torch.device("cpu")
    )
    name = "cycle" if kind == "cyclegan" else "l1"
    return run, [run.step()[name] for _ in range(steps)]


@pytest.mark.slow
def test_on_two_small_domains_the_cycle_loss_falls() -> None:
    run, losses = learn(
        "cyclegan", colours(8, 32, pairs=False), 30, filters=8, critic_filters=8, lr=2e-3
    )
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])
    assert run.rate == 0.0
    warm = run._middle(run.data.a, 0)
    red, _, blue = run._shown("a_to_b", warm)[0].mean((1, 2)).tolist()
    assert blue > red  # cold, as the other domain is


@pytest.mark.slow
def test_on_eight_pairs_l1_halves() -> None:
    _, losses = learn(
        "pix2pix", colours(8, 32, pairs=True), 40, filters=8, critic_filters=8, levels=4, lr=2e-3
    )
    assert np.mean(losses[-8:]) < 0.5 * np.mean(losses[:8])


def test_the_generators_pay_for_fooling_for_the_cycle_and_for_changing_what_fits_already() -> None:
    """Zhu et al. 2017, equation 3; section 5.2 multiplies the identity loss by lambda too."""
    run, _ = learn("cyclegan", colours(4, 16, pairs=False), 1, cycle=10.0, identity=0.5)
    a, b = run._middle(run.data.a, 0), run._middle(run.data.b, 0)
    loss, fakes, log = run._generator_loss(a, b)  # type: ignore[attr-defined]
    parts = log["fool"] + 10.0 * log["cycle"] + 0.5 * 10.0 * log["identity"]
    assert loss.item() == pytest.approx(parts, rel=1e-5)
    there, back = run.nets["a_to_b"], run.nets["b_to_a"]

    def far(one: torch.Tensor, other: torch.Tensor) -> float:
        return float((one - other).detach().abs().mean())

    cycle = far(back(there(a)), a) + far(there(back(b)), b)
    assert log["cycle"] == pytest.approx(cycle, rel=1e-5)
    assert log["identity"] == pytest.approx(far(there(b), b) + far(back(a), a), rel=1e-5)
    with torch.no_grad():
        fooled = [(run.nets[critic](fake) - 1).square().mean() for critic, fake in fakes.items()]
    assert log["fool"] == pytest.approx(float(sum(fooled)), rel=1e-5)


def test_pix2pix_pays_for_the_difference_from_its_pair() -> None:
    run, _ = learn("pix2pix", colours(4, 16, pairs=True), 1, l1=50.0)
    figures = run.step()
    assert figures["g"] == pytest.approx(figures["fool"] + 50.0 * figures["l1"], rel=1e-5)


@pytest.mark.parametrize(("steps", "half_life"), [(4, 0.2), (40, 2.0), (400, 3.0)])
def test_the_half_life_of_averaged_weights_grows_to_its_setting(
    steps: int, half_life: float
) -> None:
    """It is a twentieth of the steps so far, and `ema` steps at most."""
    run, _ = learn("pix2pix", colours(4, 16, pairs=True), 1, ema=3.0)
    means = [p.detach().double() for p in run.learnt("a_to_b").parameters()]
    with torch.no_grad():
        for weight in run.nets["a_to_b"].parameters():
            weight += 1.0
    run.steps = steps
    run._average()
    keep = 0.5 ** (1 / half_life)
    for mean, old, new in zip(
        run.learnt("a_to_b").parameters(), means, run.nets["a_to_b"].parameters(), strict=True
    ):
        torch.testing.assert_close(mean.double(), keep * old + (1 - keep) * new.double())


def test_pairs_lie_side_by_side_in_two_folders_or_in_a_zip(tmp_path: Path) -> None:
    for n in range(3):
        draw(tmp_path / "wide" / "train" / f"{n}.png", (255, 0, 0), (0, 0, 255), seed=n)
        draw(tmp_path / "a" / f"{n}.png", (255, 0, 0), seed=n)
        draw(tmp_path / "b" / f"{n}.png", (0, 0, 255), seed=n)
    draw(tmp_path / "wide" / "test" / "9.png", (0, 255, 0), (0, 255, 0))
    draw(tmp_path / "a" / "alone.png", (255, 0, 0))
    with zipfile.ZipFile(tmp_path / "wide.zip", "w") as archive:
        for path in (tmp_path / "wide").rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path))
    wide = load_paired(tmp_path / "wide", "", 16)
    zipped = load_paired(tmp_path / "wide.zip", "", 16)
    two = load_paired(tmp_path / "a", str(tmp_path / "b"), 16)
    for data in (zipped, two):
        assert torch.equal(data.a, wide.a)
        assert torch.equal(data.b, wide.b)
    assert wide.a.shape == (3, 3, 16, 16)
    assert not wide.a[:, 1:].any()
    reason = "no image of that name in the second domain"
    assert two.report == genart.training.ImageReport(
        3, (genart.training.LeftOut("alone.png", reason),)
    )


def test_data_that_cannot_be_used_is_reported(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(genart.DataError, match="no trainA and trainB; give the second domain"):
        load_unpaired(pictures / "trainA", "", 16)
    with pytest.raises(genart.DataError, match="20x20 is not a pair side by side"):
        load_paired(pictures / "trainA", "", 16)
    with pytest.raises(genart.DataError, match="neither a folder nor a zip"):
        load_unpaired(pictures, str(tmp_path / "nothing"), 16)
    (pictures / "trainA" / "0.png").write_bytes(b"no image")
    (pictures / "trainA" / "1.png").write_bytes(b"")
    data = load_unpaired(pictures, "", 16)
    assert (len(data.a), len(data.b), len(data.report.left_out)) == (4, 6, 2)
    (tmp_path / "empty").mkdir()
    with pytest.raises(genart.DataError, match="contains no images"):
        load_unpaired(tmp_path / "empty", str(pictures), 16)


def test_images_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    archive = broken_zip(tmp_path / "set.zip")
    pairs = load_paired(archive, "", 16)
    one_domain = load_unpaired(archive, str(archive), 16)
    assert (len(pairs), len(one_domain)) == (2, 2)
    for data, times in ((pairs, 1), (one_domain, 2)):
        assert [each.name for each in data.report.left_out] == [*BROKEN] * times


def test_jitter_and_flip_treat_a_pair_alike() -> None:
    both = torch.randint(0, 256, (4, 3, 20, 20), dtype=torch.uint8)
    settings = Pix2PixSettings.from_options(TINY | {"batch": 4, "jitter": 1.25})
    run = KINDS["pix2pix"].make(settings, Domains(both, both), torch.device("cpu"))
    a, b = run._next()
    assert torch.equal(a, b)
    crops = {tuple(a[i].flatten()[:8].tolist()) for i in range(4)}
    assert len(crops) == 4
    again = run._next()[0]  # the same images, cut or mirrored elsewhere
    assert not torch.equal(a, again)


@pytest.mark.parametrize(
    ("kind", "words", "says"),
    [
        ("cyclegan", {"loss": "hinge"}, "lsgan, vanilla, wgangp"),
        ("cyclegan", {"resolution": 18}, "multiples of 4 from 8 pixels on, not 18; use 20"),
        ("pix2pix", {"levels": 6}, "multiples of 64 from 64 pixels on, not 16; use 64"),
        ("cyclegan", {"critic_layers": 3}, "24 pixels or more"),
        ("pix2pix", {"loss": "wgangp"}, "norm instance or none"),
        ("cyclegan", {"epochs": 0.0, "decay": 0.0}, "more than 0"),
        ("cyclegan", {"lr": 0.0}, "more than 0"),
        ("cyclegan", {"l1": 10.0}, 'No training setting named "l1"'),
    ],
)
def test_settings_that_cannot_work_are_refused(kind: str, words: dict[str, Any], says: str) -> None:
    with pytest.raises(genart.UsageError, match=says):
        trainer(kind, **words)


@pytest.mark.slow
def test_the_command_trains(genart_command: Any, pictures: Path, tmp_path: Path) -> None:
    words = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    done = genart_command(
        "train", "cyclegan", "--data", pictures / "trainA", "--data-b", pictures / "trainB",
        "--out", tmp_path / "run", "--device", "cpu", "--json", *words,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert Path(done.json["model"]).name == "a-to-b.safetensors"
    assert (tmp_path / "run" / "b-to-a.safetensors").is_file()
    assert "24/24" in done.err
