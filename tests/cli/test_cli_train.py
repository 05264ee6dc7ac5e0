"""`genart train`: a command for every trainer, an option for every setting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import genart
from genart.hooks import Spec
from genart.plugins import Entry, registry
from genart.progress import Progress
from genart.training.api import settings_of

Run = Callable[..., Any]


@dataclass(frozen=True)
class Settings:
    batch: int = field(default=16, metadata={"help": "images per step"})
    rate: float = 0.5
    mirror: bool = True
    pipe: str = "bgc"
    extra: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise genart.UsageError(f"batch is {self.batch}; allowed: 1 and more.")


class Trainer:
    """Writes down its settings."""

    def __init__(self, device: Any = None, **settings: Any) -> None:
        self.device, self.settings = device, Settings(**settings)

    def fit(
        self, dataset: Path, out: Path, *, resume: str | None = None, progress: Any = None
    ) -> Path:
        progress(Progress(1, 1, "kimg"))
        Path(out).mkdir(exist_ok=True)
        model = Path(out) / "model.safetensors"
        model.write_text(f"{self.settings} {resume} {self.device}")
        return model


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {
        **registry("trainer")._entries,
        "toy": Entry("toy", Spec(Trainer, settings=Settings), "test"),
    }
    monkeypatch.setattr(registry("trainer"), "_entries", entries)


def test_every_setting_is_an_option_with_its_default(genart_command: Run) -> None:
    told = " ".join(genart_command("train", "toy", "--help").out.split())
    assert "--batch INTEGER images per step [16]" in told
    assert "--rate FLOAT [0.5]" in told
    assert "--mirror / --no-mirror [True]" in told
    assert "--extra" not in told
    assert "toy" in genart_command("train", "--help").out


def test_what_is_given_reaches_the_trainer_and_the_rest_is_its_own(
    genart_command: Run, tmp_path: Path
) -> None:
    done = genart_command(
        "train", "toy", "--data", tmp_path, "--out", tmp_path / "run", "--batch", "4",
        "--no-mirror", "--resume", "auto", "--device", "cpu", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    told = Path(done.json["model"]).read_text()
    assert "batch=4, rate=0.5, mirror=False, pipe='bgc'" in told
    assert told.endswith("auto cpu")
    assert "1/1" in done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--batch", "0"], "allowed: 1 and more"),
        (["--batch", "many"], "not a valid int"),
        (["--bathc", "3"], "No such option"),
    ],
)
def test_a_wrong_setting_is_bad_usage(
    genart_command: Run, tmp_path: Path, words: list[str], says: str
) -> None:
    done = genart_command("train", "toy", "--data", tmp_path, "--out", tmp_path / "run", *words)
    assert done.code == 2
    assert says in done.err


def test_settings_are_read_with_their_types() -> None:
    kinds = {setting.name: setting.kind for setting in settings_of("toy")}
    assert kinds == {"batch": int, "rate": float, "mirror": bool, "pipe": str}


@pytest.mark.parametrize("kind", list(registry("trainer")))
def test_every_trainer_of_ours_has_settings_that_say_what_they_are(kind: str) -> None:
    assert settings_of(kind)
    assert all(setting.help for setting in settings_of(kind))


def test_an_unknown_kind_is_answered_with_the_known_ones(genart_command: Run) -> None:
    done = genart_command("train", "toi", "--data", "x", "--out", "y")
    assert done.code == 2
    assert 'No trainer named "toi". Did you mean "toy"?' in done.err
