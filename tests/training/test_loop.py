"""The loop that trainers share, with the smallest trainer there is."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import genart


@dataclass(frozen=True)
class Settings(genart.training.TrainingSettings):
    steps: int = genart.training.setting(6, "steps in all")
    every: int = genart.training.setting(100, "steps between snapshots")
    width: int = genart.training.setting(2, "of the network")
    path: tuple[str, ...] = ()


class Run(genart.training.TrainingRun):
    """Learns a colour, in steps that hang on chance and on all steps before them."""

    model = "model.pt"

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(0)
        self.settings = settings
        self.net = torch.nn.Linear(settings.width, 3)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=0.1)
        self.during: Callable[[int], None] = lambda _: None

    @property
    def total(self) -> float:
        return self.settings.steps

    @property
    def snapshot_every(self) -> float:
        return self.settings.every

    def step(self) -> dict[str, torch.Tensor]:
        loss = (self.net(torch.randn(4, self.settings.width)) - 0.5).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.during(self.steps)
        self.optimiser.step()
        self.steps += 1
        return {"loss": loss.detach()}

    def state(self) -> dict[str, Any]:
        return {
            "steps": self.steps, "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(), "rng": torch.get_rng_state(),
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["rng"])

    def save(self, folder: genart.training.RunFolder, figures: Mapping[str, float]) -> None:
        with genart.media.atomic(folder.path / self.model) as partial:
            torch.save(self.net.state_dict(), partial)
        colour = self.net(torch.ones(2, self.settings.width)).detach()[:, :, None, None]
        folder.sheet(f"sheet-{self.mark}.png", [colour.expand(-1, -1, 4, 4)])


class Toy(genart.training.LoopTrainer[Settings]):
    what, holds, fixed = "a toy", ("net",), ("width",)
    run: type[Run] = Run
    during: Callable[[int], None] = staticmethod(lambda _: None)

    def start(self, dataset: str | Path, folder: genart.training.RunFolder, resumed: bool) -> Run:
        made = self.run(self.settings)
        made.during = self.during
        return made


def fit(
    out: Path, resume: str | Path | None = "auto", *, trainer: type[Toy] = Toy, **words: Any
) -> Path:
    progress = words.pop("progress", None)
    during = words.pop("during", lambda _: None)
    made = trainer(Settings.from_options(words))
    made.during = during
    return made.fit("some/colours.zip", out, resume=resume, progress=progress)


def newest(folder: Path) -> Any:
    return genart.checkpoints.read_checkpoint(sorted(folder.glob("snapshot-*.pt"))[-1]).tree


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            assert_same(one[name], other[name])
    else:
        assert one == other


def log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def stopping(at: int) -> Callable[[genart.Progress], None]:
    def stop(progress: genart.Progress) -> None:
        if progress.done == at:
            raise KeyboardInterrupt

    return stop


def pressing(at: int, number: int) -> Callable[[int], None]:
    return lambda step: signal.raise_signal(number) if step == at else None


def test_a_run_in_parts_is_the_run_in_one(tmp_path: Path) -> None:
    outside = torch.get_rng_state()
    whole = fit(tmp_path / "whole")
    for at in (2, 3):
        with pytest.raises(KeyboardInterrupt, match=rf"kept .*-0000000{at}\.pt; .*--resume auto"):
            fit(tmp_path / "parts", progress=stopping(at))
    parts = fit(tmp_path / "parts")
    assert_same(newest(tmp_path / "whole"), newest(tmp_path / "parts"))
    assert whole.read_bytes() == parts.read_bytes()
    assert torch.equal(torch.get_rng_state(), outside), "a run's chance is its own"


def test_what_a_run_leaves_and_tells(tmp_path: Path) -> None:
    told: list[genart.Progress] = []
    model = fit(tmp_path, every=2, keep=2, progress=told.append)
    assert model == tmp_path / "model.pt"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "log.jsonl", "model.pt", "sheet-00000002.png", "sheet-00000004.png", "sheet-00000006.png",
        "snapshot-00000004.pt", "snapshot-00000006.pt",
    ]  # fmt: skip
    assert [line["step"] for line in log(tmp_path)] == [2, 4, 6], "the end adds nothing"
    assert set(log(tmp_path)[0]) == {"step", "steps_per_s", "loss"}
    assert [(each.done, each.total, each.unit) for each in told] == [
        (n, 6, "step") for n in range(1, 7)
    ]
    assert told[0].note.startswith("loss 0.")
    assert newest(tmp_path)["settings"]["keep"] == 2


def test_a_finished_run_is_left_alone_unless_its_end_is_always_written(tmp_path: Path) -> None:
    class Written(Run):
        ends_written = True

    class Again(Toy):
        run = Written

    fit(tmp_path)
    fit(tmp_path)
    assert len(log(tmp_path)) == 1
    fit(tmp_path, trainer=Again)
    assert len(log(tmp_path)) == 2
    (tmp_path / "model.pt").unlink()
    assert fit(tmp_path).exists()


def test_a_log_may_have_its_own_rhythm(tmp_path: Path) -> None:
    class Talking(Run):
        log_every = 2

        def record(self, rate: float, figures: Mapping[str, float]) -> dict[str, Any]:
            return {"n": self.steps, "of": self.dataset}

    class Talker(Toy):
        run = Talking

    fit(tmp_path, trainer=Talker, steps=5)
    assert log(tmp_path) == [{"n": n, "of": "colours.zip"} for n in (2, 4, 5)]


def test_figures_are_running_means(tmp_path: Path) -> None:
    class Counting(Run):
        def step(self) -> dict[str, Any]:
            super().step()
            now = float(self.steps)
            return {"float": now, "tensor": torch.tensor(now), "numpy": np.float32(now)}

    class Counter(Toy):
        run = Counting

    fit(tmp_path, trainer=Counter, steps=3)
    expected = 0.98 * (0.98 * 1 + 0.02 * 2) + 0.02 * 3
    for name in ("float", "tensor", "numpy"):
        assert log(tmp_path)[0][name] == pytest.approx(expected), name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_within_a_step_waits_for_its_end(tmp_path: Path, number: int) -> None:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as `genart` has it
    try:
        with pytest.raises(KeyboardInterrupt, match="--resume auto"):
            fit(tmp_path / "parts", during=pressing(3, number))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert newest(tmp_path / "parts")["steps"] == 4
    fit(tmp_path / "parts")
    fit(tmp_path / "whole")
    assert_same(newest(tmp_path / "whole"), newest(tmp_path / "parts"))


def test_a_second_signal_within_a_step_leaves_no_snapshot_of_half_of_it(tmp_path: Path) -> None:
    press = pressing(3, signal.SIGINT)

    def twice(step: int) -> None:
        press(step)
        press(step)

    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "parts", every=2, during=twice)
    assert newest(tmp_path / "parts")["steps"] == 2
    fit(tmp_path / "parts", every=2)
    fit(tmp_path / "whole", every=2)
    assert_same(newest(tmp_path / "whole"), newest(tmp_path / "parts"))


def test_a_step_that_fails_leaves_the_last_snapshot_whole(tmp_path: Path) -> None:
    def fail(step: int) -> None:
        if step == 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(tmp_path / "parts", every=2, during=fail)
    assert newest(tmp_path / "parts")["steps"] == 2
    assert not list((tmp_path / "parts").glob(".*"))
    fit(tmp_path / "parts", every=2)
    fit(tmp_path / "whole", every=2)
    assert_same(newest(tmp_path / "whole"), newest(tmp_path / "parts"))


def test_time_ends_a_sitting_and_brings_snapshots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("genart.training.loop.time.monotonic", lambda: now[0])

    def minute(progress: genart.Progress) -> None:
        now[0] += 60

    fit(tmp_path, steps=90, minutes=5.5, snapshot_minutes=2.0, keep=9, progress=minute)
    assert [line["step"] for line in log(tmp_path)] == [2, 4, 6]
    assert log(tmp_path)[0]["steps_per_s"] == pytest.approx(1 / 60)


def test_what_cannot_be_continued_is_refused(tmp_path: Path) -> None:
    class Other(Toy):
        what, holds = "another toy", ("more",)

    class Picky(Toy):
        def changes(self, state: Mapping[str, Any]) -> list[str]:
            return ["the mood was good"]

    fit(tmp_path)
    with pytest.raises(genart.UsageError, match="contains a training run"):
        fit(tmp_path, None)
    with pytest.raises(genart.UsageError, match="width was 2, now 3"):
        fit(tmp_path, width=3)
    with pytest.raises(genart.UsageError, match="cannot be continued: the mood was good"):
        fit(tmp_path, trainer=Picky)
    with pytest.raises(genart.errors.CheckpointError, match="not a snapshot of another toy"):
        fit(tmp_path, trainer=Other)
    (torn := tmp_path / "snapshot-00000007.pt").write_bytes(b"half a snap")
    with pytest.raises(genart.errors.CheckpointError, match=r"snapshot-00000007.pt. is damaged"):
        fit(tmp_path, torn)
    torn.unlink()
    fit(tmp_path, steps=7)


def test_settings_say_what_is_allowed() -> None:
    with pytest.raises(genart.UsageError, match="keep is 0; allowed: more than 0"):
        Settings(keep=0)
    with pytest.raises(genart.UsageError, match=r"minutes is -1\.0; allowed: 0 or more"):
        Settings(minutes=-1.0)
    with pytest.raises(genart.errors.UnknownName, match='Did you mean "width"'):
        Settings.from_options({"widht": 3})
    assert Settings(path=("a", "b")).to_dict()["path"] == ["a", "b"]


class Diverging(Run):
    """A run whose fourth step goes wrong, in the way that `how` names."""

    how = "loss"

    def step(self) -> dict[str, torch.Tensor]:
        figures = super().step()
        if self.steps == 4 and self.how == "weight":
            self.net.weight.data[0, 0] = math.inf
        return figures | {"loss": torch.tensor(math.nan)} if self._fails("loss") else figures

    def watched(self) -> dict[str, float]:
        return {"gradient of g": math.inf if self._fails("gradient") else 1.0}

    def _fails(self, how: str) -> bool:
        return self.how == how and self.steps == 4


@pytest.mark.parametrize(
    ("how", "term"),
    [
        ("loss", "loss is nan"),
        ("gradient", "gradient of g is inf"),
        ("weight", r"net\.weight holds values that are not finite"),
    ],
)
def test_a_training_that_diverges_stops_and_keeps_the_last_good_snapshot(
    tmp_path: Path, how: str, term: str
) -> None:
    run = type("Run", (Diverging,), {"how": how})
    trainer = type("Trainer", (Toy,), {"run": run})
    with pytest.raises(genart.errors.TrainingError, match=f"after 4 step: {term}") as stopped:
        fit(tmp_path, trainer=trainer, every=1, keep=1, steps=9)
    assert "snapshot-00000003.pt is the last good snapshot" in str(stopped.value)
    assert "--resume auto" in str(stopped.value)
    assert [path.name for path in tmp_path.glob("snapshot-*")] == ["snapshot-00000003.pt"]
    lines = (tmp_path / "log.jsonl").read_text()
    assert "NaN" not in lines, "the log is JSON"
    assert "stopped" in json.loads(lines.splitlines()[-1])
    weights = torch.load(tmp_path / "model.pt")
    assert all(weight.isfinite().all() for weight in weights.values())
    fit(tmp_path, every=1, steps=9)
    assert newest(tmp_path)["steps"] == 9


def test_a_training_that_diverges_at_once_leaves_no_snapshot(tmp_path: Path) -> None:
    trainer = type("Trainer", (Toy,), {"run": Diverging})
    with pytest.raises(genart.errors.TrainingError, match="There is no snapshot yet; start again"):
        fit(tmp_path, trainer=trainer, steps=9)
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


@pytest.mark.parametrize("damage", ["cut", "text", "nan"])
def test_resume_auto_takes_the_newest_snapshot_that_is_whole(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    fit(tmp_path / "whole", every=2, steps=8)
    fit(tmp_path / "parts", every=2, steps=6)
    last = tmp_path / "parts" / "snapshot-00000006.pt"
    if damage == "nan":
        state = newest(tmp_path / "parts")
        state["net"]["bias"][0] = math.nan
        torch.save(state, last)
    else:
        last.write_bytes(last.read_bytes()[:900] if damage == "cut" else b"half a snap")
    fit(tmp_path / "parts", every=2, steps=8, keep=2)
    (whole, parts) = (newest(tmp_path / name) for name in ("whole", "parts"))
    assert_same({**whole, "settings": {}}, {**parts, "settings": {}})
    assert "snapshot-00000006.pt" in caplog.text
    assert "is damaged" in caplog.text


def test_a_damaged_snapshot_never_costs_a_whole_one(tmp_path: Path) -> None:
    fit(tmp_path, every=2, steps=4, keep=2)
    (tmp_path / "snapshot-00000009.pt").write_bytes(b"half a snap")
    fit(tmp_path, every=1, steps=5, keep=1)
    assert (tmp_path / "snapshot-00000005.pt").is_file()


def test_without_any_whole_snapshot_a_resume_is_refused(tmp_path: Path) -> None:
    fit(tmp_path, every=2, keep=2)
    for path in tmp_path.glob("snapshot-*"):
        path.write_bytes(b"half a snap")
    with pytest.raises(
        genart.errors.CheckpointError, match=r"snapshot-00000006.pt. is damaged"
    ) as e:
        fit(tmp_path)
    assert "author" not in str(e.value), "it is the user's own file"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_settings_are_finite(value: float) -> None:
    with pytest.raises(genart.UsageError, match=r"minutes is (nan|inf); allowed: a finite number"):
        Settings(minutes=value)


def test_a_trainer_without_transfer_says_so(tmp_path: Path) -> None:
    with pytest.raises(genart.UsageError, match="leave --transfer out"):
        fit(tmp_path, transfer="model.pt")
