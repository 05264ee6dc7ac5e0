"""The trainer: exact resume, adaptive augmentation, regularisers, snapshots."""

import json
import shutil
import signal
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from support import stylegan2_files
from support.broken_pictures import BROKEN, broken_zip
from torch._subclasses.fake_tensor import FakeTensorMode

import genart
from genart.interrupts import defer_interrupts
from genart_stylegan2.data import Dataset, load_dataset, sent
from genart_stylegan2.generator import StyleGAN2
from genart_stylegan2.settings import Settings
from genart_stylegan2.trainer import StyleGAN2Trainer
from genart_stylegan2.training import Training

SMALL = {
    "resolution": 16, "z_dim": 8, "w_dim": 8, "mapping_layers": 2, "channel_base": 128,
    "channel_max": 16, "batch": 4, "r1_every": 2, "pl_every": 2, "snapshot_kimg": 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(10):
        colour = rng.integers(0, 255, 3)
        frame = np.zeros((20, 24, 3), np.uint8) + colour.astype(np.uint8)
        Image.fromarray(frame).save(folder / f"{i}.png")
    labels = [[f"{i}.png", i % 3] for i in range(10)]
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}))
    return folder


def fit(pictures, out, steps, **settings):
    kimg = steps * SMALL["batch"] / 1000
    trainer = StyleGAN2Trainer(Settings(**{**SMALL, "kimg": kimg, **settings}))
    return trainer.fit(pictures, out, resume="auto")


def newest(folder):
    return genart.checkpoints.read_checkpoint(sorted(folder.glob("snapshot-*.pt"))[-1]).tree


def assert_same(a, b, at=""):
    assert type(a) is type(b), at
    if isinstance(a, dict):
        assert a.keys() == b.keys(), at
        for key in a:
            assert_same(a[key], b[key], f"{at}.{key}")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), at
        for i, pair in enumerate(zip(a, b, strict=True)):
            assert_same(*pair, f"{at}[{i}]")
    elif isinstance(a, torch.Tensor):
        assert torch.equal(a, b), at
    else:
        assert a == b, at


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"aug": "ada", "ada_kimg": 0.05, "target": 0.1},
        {"aug": "fixed", "p": 0.7, "cond": True},
        {"critic": "projected", "critic_resolution": 64, "aug": "diff", "batch": 2},
        {
            "critic": "projected",
            "critic_resolution": 64,
            "aug": "none",
            "batch": 2,
            "recon": 10.0,
            "recon_kimg": 0.004,
            "recon_every": 3,
            "cond": True,
            "pl_weight": 0.0,
        },
    ],
    ids=["ada", "conditional", "projected", "reconstruction"],
)
def test_a_resumed_run_equals_an_uninterrupted_one(pictures, tmp_path, settings):
    steps = 6 if settings.get("critic") != "projected" else 4
    fit(pictures, tmp_path / "whole", steps, **settings)
    fit(pictures, tmp_path / "parts", steps // 2, **settings)
    fit(pictures, tmp_path / "parts", steps, **settings)
    whole, parts = newest(tmp_path / "whole"), newest(tmp_path / "parts")
    whole["settings"]["kimg"] = parts["settings"]["kimg"]
    assert_same(whole, parts)


def test_on_a_mac_the_gpus_chance_is_kept_and_goes_on(monkeypatch):
    pictures, given = torch.zeros(6, 3, 16, 16, dtype=torch.uint8), []
    run = Training(Settings(**SMALL), Dataset(pictures, None, 0), torch.device("cpu"))
    run.device = torch.device("mps")
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: torch.arange(3))
    monkeypatch.setattr(torch.mps, "set_rng_state", given.append)
    state = run.state()
    run.restore(state)
    assert [x.tolist() for x in given] == [[0, 1, 2]]
    run.restore({name: value for name, value in state.items() if name != "rng_mps"})
    assert len(given) == 1, "snapshots from before have none"


@pytest.mark.slow
def test_no_step_waits_for_its_device():
    pictures = torch.zeros(6, 3, 8, 8, dtype=torch.uint8)
    data = Dataset(pictures, torch.arange(6) % 3, 3)
    nowhere = torch.device("meta")  # whose tensors hold no numbers that could be read
    few = {"resolution": 8, "batch": 2, "r1_every": 4, "pl_every": 4}
    run = Training(Settings(**{**SMALL, **few, "cond": True}), data, nowhere)
    for _ in range(4):
        figures = run.step()
    assert run.shown == 8
    for figure in figures.values():
        with pytest.raises(RuntimeError, match="meta"):
            figure.item()


def test_images_travel_as_bytes_where_they_do_not_fit(monkeypatch):
    pictures = torch.arange(12, dtype=torch.uint8).view(4, 3, 1, 1)
    data = Dataset(pictures, torch.arange(4), 4)
    assert data.near(torch.device("cpu")).images is data.images
    away = data.batch(torch.tensor([2, 0]), torch.device("meta"))
    assert (away.device.type, away.shape) == ("meta", (2, 3, 1, 1))
    assert data.batch(torch.tensor([1]))[0, :, 0, 0].tolist() == pytest.approx(
        [each / 127.5 - 1 for each in (3, 4, 5)], abs=1e-6
    )
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: (40, 80))
    kept = data.near(torch.device("cuda"))
    assert kept is data, "12 bytes are more than a quarter of the 40 that are free"


@pytest.mark.slow
def test_training_leaves_a_model_a_grid_a_log_and_the_newest_snapshots(pictures, tmp_path):
    model = fit(pictures, tmp_path, 6, snapshot_kimg=0.004, keep=2, licence="CC0", note="ten flats")
    snapshots = [p.name for p in sorted(tmp_path.glob("snapshot-*"))]
    assert snapshots == ["snapshot-000000.020kimg.pt", "snapshot-000000.024kimg.pt"]
    with Image.open(tmp_path / "fakes-000000.024.png") as grid:
        assert grid.size == (8 * 16, 5 * 16)
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert records[0]["kimg"] == 0.004
    assert {"g", "d", "sign", "p", "r1", "path"} <= set(records[-1])
    assert not list(tmp_path.glob(".*partial*"))
    loaded = genart.load(str(model))
    assert loaded.resolution == (16, 16)
    averaged = newest(tmp_path)["averaged"]
    assert torch.equal(loaded.network.mapping.w_avg, averaged["mapping.w_avg"])
    assert loaded.metadata["licence"] == "CC0"
    assert "ten flats" in loaded.metadata["dataset"]


def test_ctrl_c_keeps_a_snapshot_and_says_so(pictures, tmp_path):
    def stop(progress):
        if progress.done >= 0.008:
            raise KeyboardInterrupt

    trainer = StyleGAN2Trainer(Settings(**SMALL))
    with pytest.raises(KeyboardInterrupt, match="--resume auto"):
        trainer.fit(pictures, tmp_path, progress=stop)
    assert newest(tmp_path)["shown"] == 8


@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_a_step_waits_for_its_end(pictures, tmp_path, monkeypatch):
    fit(pictures, tmp_path / "whole", 4)
    update = genart.training.WeightAverage.update
    steps = []

    def pressed(self, network, decay):
        steps.append(decay)
        if len(steps) == 2:
            signal.raise_signal(signal.SIGINT)
        update(self, network, decay)

    with monkeypatch.context() as patch:
        patch.setattr(genart.training.WeightAverage, "update", pressed)
        with pytest.raises(KeyboardInterrupt, match="--resume auto"):
            fit(pictures, tmp_path / "parts", 4)
    assert newest(tmp_path / "parts")["shown"] == 8
    fit(pictures, tmp_path / "parts", 4)
    assert_same(newest(tmp_path / "whole"), newest(tmp_path / "parts"))


def test_a_second_ctrl_c_does_not_wait():
    done = []

    @defer_interrupts()
    def impatient():
        for press in (1, 2):
            signal.raise_signal(signal.SIGINT)
            done.append(press)

    with pytest.raises(KeyboardInterrupt):
        impatient()
    assert done == [1]


def test_images_left_out_are_named_in_the_log_and_on_the_terminal(pictures, tmp_path, caplog):
    shutil.copytree(pictures, tmp_path / "data")
    (tmp_path / "data" / "torn.png").write_bytes(b"no image")
    fit(tmp_path / "data", tmp_path / "out", 1)
    first = json.loads((tmp_path / "out" / "log.jsonl").read_text().splitlines()[0])
    reason = "not an image but a text file"
    assert first == {"images": 10, "left_out": {"torn.png": reason}}
    assert f"10 of 11 images used, 1 left out:\n  torn.png: {reason}" in caplog.text


def test_a_folder_in_use_and_a_changed_architecture_are_refused(pictures, tmp_path):
    fit(pictures, tmp_path, 1)
    with pytest.raises(genart.UsageError, match="--resume auto"):
        StyleGAN2Trainer(Settings(**SMALL)).fit(pictures, tmp_path)
    with pytest.raises(genart.UsageError, match="z_dim was 8, now 4"):
        fit(pictures, tmp_path, 2, z_dim=4)


def test_settings_say_what_is_allowed():
    with pytest.raises(genart.UsageError, match="power of two"):
        Settings(resolution=100)
    with pytest.raises(genart.errors.UnknownName, match='Did you mean "gamma"'):
        Settings.from_options({"gama": 1})
    with pytest.raises(genart.UsageError, match="recon needs critic projected"):
        Settings(recon=1.0)
    with pytest.raises(genart.UsageError, match="with recon use aug none"):
        Settings(recon=1.0, critic="projected", aug="diff")
    with pytest.raises(genart.UsageError, match="gamma is -1; allowed: 0 or more"):
        Settings(gamma=-1)
    with pytest.raises(genart.UsageError, match="recon_every is 0; allowed: more than 0"):
        Settings(recon_every=0)


@pytest.mark.slow
def test_training_a_few_steps_moves_the_generator_towards_the_data(pictures, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    Image.new("RGB", (16, 16), (250, 20, 20)).save(flat / "red.png")
    fit(flat, tmp_path / "out", 60, aug="none", glr=0.01, dlr=0.01, ema_kimg=0.02, ema_rampup=1.0)
    model = genart.load(str(tmp_path / "out" / "model.safetensors"))
    red, green, blue = model(model.sample(range(8))).mean((0, 2, 3))
    assert red > green + 0.5
    assert red > blue + 0.5


def test_the_projected_critic_begins_with_fainter_images(pictures):
    data = load_dataset(pictures, 16)
    first = {
        critic: Training(Settings(**SMALL, critic=critic, aug="none"), data, torch.device("cpu"))
        for critic in ("stylegan2", "projected")
    }
    z = torch.randn(4, 8)
    loud, faint = (first[critic].average.network(z) for critic in ("stylegan2", "projected"))
    torch.testing.assert_close(faint, loud / 4)


def test_a_resumed_run_takes_the_new_rates_and_strength(pictures, tmp_path):
    fit(pictures, tmp_path, 2, aug="fixed", p=0.2)
    fit(pictures, tmp_path, 4, aug="fixed", p=0.6, glr=0.001, dlr=0.004, pl_weight=0.0, gamma=0.0)
    state = newest(tmp_path)
    assert state["g_opt"]["param_groups"][0]["lr"] == 0.001
    assert state["d_opt"]["param_groups"][0]["lr"] == 0.004
    assert state["p"] == pytest.approx(0.6)


def test_a_resume_with_another_number_of_classes_is_refused(pictures, tmp_path):
    fit(pictures, tmp_path / "out", 1, cond=True)
    fewer = shutil.copytree(pictures, tmp_path / "fewer")
    labels = [[f"{i}.png", i % 2] for i in range(10)]
    (fewer / "dataset.json").write_text(json.dumps({"labels": labels}))
    with pytest.raises(genart.UsageError, match="number of classes"):
        fit(fewer, tmp_path / "out", 2, cond=True)


def test_the_sheet_of_a_conditional_run_shows_the_classes_of_the_data(pictures, monkeypatch):
    asked = []
    sample = StyleGAN2.sample
    monkeypatch.setattr(
        StyleGAN2,
        "sample",
        lambda m, seeds, label=None: asked.extend(label) or sample(m, seeds, label),
    )
    fit(pictures, pictures.parent / "classes", 1, cond=True)
    assert set(asked) == {0, 1, 2}


def test_datasets_read_folders_and_zips_alike_and_skip_what_is_broken(pictures, tmp_path):
    archive = tmp_path / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as z:
        for file in sorted(pictures.iterdir()):
            z.write(file, file.name)
        z.writestr("broken.png", b"no image")
    from_zip = load_dataset(archive, 16, labels=False)
    from_folder = load_dataset(pictures, 16, labels=True)
    assert torch.equal(from_zip.images, from_folder.images)
    assert from_folder.num_classes == 3
    assert from_folder.label(torch.tensor([4])).tolist() == [[0, 1, 0]]
    assert [each.name for each in from_zip.report.left_out] == ["broken.png"]


def test_images_that_cannot_be_read_are_left_out_and_named(tmp_path):
    data = load_dataset(broken_zip(tmp_path / "set.zip"), 16)
    assert len(data) == 2
    assert [each.name for each in data.report.left_out] == [*BROKEN]
    assert not any("<_io" in each.reason for each in data.report.left_out)


def test_images_that_are_on_a_gpu_by_its_number_are_on_the_gpu():
    with FakeTensorMode():  # no GPU is needed, and none is used
        rows = sent(torch.empty(2, device="cuda:0"), torch.device("cuda"))
    assert rows.device == torch.device("cuda:0")


def test_an_image_of_absurd_size_is_refused_before_decoding(tmp_path):
    Image.new("1", (9500, 9500)).save(tmp_path / "bomb.png")
    with pytest.raises(genart.DataError, match="too large"):
        load_dataset(tmp_path, 16)


def test_missing_data_says_what_is_needed(tmp_path):
    with pytest.raises(genart.DataError, match="neither a folder nor a zip"):
        load_dataset(tmp_path / "nowhere", 16)
    with pytest.raises(genart.DataError, match="contains no images"):
        load_dataset(tmp_path, 16)


TRANSFER = {
    "resolution": 16, "z_dim": 5, "w_dim": 7, "mapping_layers": 3, "channel_base": 64,
    "channel_max": 8, "batch": 2, "kimg": 0.002, "aug": "none",
}  # fmt: skip


def transfer(pictures, out, model, **settings):
    trainer = StyleGAN2Trainer(Settings(**{**TRANSFER, "transfer": str(model), **settings}))
    return trainer.fit(pictures, out)


@pytest.mark.parametrize("kind", ["safetensors", "pkl"])
def test_a_training_starts_from_the_weights_of_a_model(pictures, tmp_path, kind):
    model = tmp_path / f"model.{kind}"
    if kind == "pkl":
        stylegan2_files.nvidia(model, "16px", stylegan2_files.ada_kwargs("16px"))
    else:
        StyleGAN2.from_network(stylegan2_files.network("16px"), name="a").save(model)
    theirs = genart.load(model, "cpu")
    settings = {
        "z_dim": theirs.z_dim, "w_dim": theirs.w_dim, "resolution": theirs.resolution[0],
        "mapping_layers": theirs.config.mapping_layers, "channel_base": theirs.config.channel_base,
        "channel_max": theirs.config.channel_max, "glr": 1e-9, "dlr": 1e-9, "pl_weight": 0.0,
    }  # fmt: skip
    ours = genart.load(transfer(pictures, tmp_path / "run", model, **settings), "cpu")
    for name, weight in theirs.network.named_parameters():
        torch.testing.assert_close(ours.network.get_parameter(name), weight, atol=1e-4, rtol=0)
    assert ours.metadata["transfer"] == str(model)


def test_a_model_of_another_shape_names_the_options_that_fit(pictures, tmp_path):
    model = tmp_path / "model.safetensors"
    StyleGAN2.from_network(stylegan2_files.network("16px"), name="a").save(model)
    config = genart.load(model, "cpu").config
    with pytest.raises(genart.UsageError, match=f"use .*--z-dim {config.z_dim}") as error:
        transfer(pictures, tmp_path / "run", model, resolution=8)
    assert "--resolution 16" in str(error.value)
    with pytest.raises(genart.UsageError, match="is not a StyleGAN2"):
        transfer(pictures, tmp_path / "run", "plasma")
    assert not list((tmp_path / "run").glob("snapshot*"))


def test_a_gradient_that_is_not_finite_stops_the_training(pictures, tmp_path, monkeypatch):
    broken = Training.path_step

    def path_step(self):
        if self.steps == 2:
            self._descend(self.g_opt, self.generator.mapping.fc0.weight.sum() * float("nan"))
            return {}
        return broken(self)

    monkeypatch.setattr(Training, "path_step", path_step)
    with pytest.raises(genart.errors.TrainingError, match=r"gradient of g is nan.*--glr, --dlr"):
        fit(pictures, tmp_path, 6, aug="none", snapshot_kimg=0.004)
    assert newest(tmp_path)["steps"] == 2


def test_a_learning_rate_that_is_far_too_high_keeps_the_last_good_model(pictures, tmp_path):
    with pytest.raises(genart.errors.TrainingError, match="no snapshot yet; start again with a l"):
        fit(pictures, tmp_path, 9, aug="none", glr=3e38, snapshot_kimg=0.004)
    assert not (tmp_path / "model.safetensors").exists()
