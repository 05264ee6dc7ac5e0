"""The trainer that docs/training.md shows, taken from the page and trained."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genart.plugins import Entry, registry

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Its two files as a package, and its hook called."""
    trainer, package = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "genart_auto").mkdir()
    (tmp_path / "genart_auto" / "trainer.py").write_text(trainer)
    (tmp_path / "genart_auto" / "__init__.py").write_text(package)
    monkeypatch.syspath_prepend(tmp_path)
    entries = dict(registry("trainer")._entries)
    importlib.import_module("genart_auto").register_trainers(
        lambda name, factory: entries.update({name: Entry(name, factory, "page")})
    )
    monkeypatch.setattr(registry("trainer"), "_entries", entries)
    yield
    for name in ("genart_auto", "genart_auto.trainer"):
        sys.modules.pop(name, None)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    for n in range(6):
        frame = np.full((24, 20, 3), (40 * n, 90, 250 - 40 * n), np.uint8)
        Image.fromarray(frame).save(tmp_path / "pictures" / f"{n}.png")
    return tmp_path / "pictures"


def test_the_trainer_on_the_page_learns_goes_on_exactly_and_shows_it(
    pictures: Path, tmp_path: Path, genart_command: Run
) -> None:
    def train(out: str, steps: int) -> Any:
        return genart_command(
            "train", "autoencoder", "--data", pictures, "--out", tmp_path / out, "--resume", "auto",
            "--side", 16, "--steps", steps, "--device", "cpu", "--json",
        )  # fmt: skip

    whole = train("whole", 60)
    assert whole.code == 0, whole.err
    train("parts", 20)
    parts = train("parts", 60)
    models = [Path(done.json["model"]) for done in (whole, parts)]
    assert models[0].read_bytes() == models[1].read_bytes()
    assert (tmp_path / "parts" / "sheet-00000060.png").exists()
    lines = (tmp_path / "parts" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    assert losses[1] < 0.8 * losses[0]
    changed = genart_command(
        "train", "autoencoder", "--data", pictures, "--out", tmp_path / "parts", "--side", 24,
        "--resume", "auto", "--device", "cpu",
    )  # fmt: skip
    assert changed.code == 2
    assert "side was 16, now 24" in changed.err


def test_its_settings_and_data_are_checked(
    pictures: Path, tmp_path: Path, genart_command: Run
) -> None:
    words = ("--out", tmp_path / "out", "--device", "cpu")
    wrong = genart_command("train", "autoencoder", "--data", pictures, *words, "--side", 17)
    assert wrong.code == 2
    assert "side is 17; allowed: 16 or more, a multiple of 8" in wrong.err
    (tmp_path / "empty").mkdir()
    none = genart_command("train", "autoencoder", "--data", tmp_path / "empty", *words)
    assert none.code == 1
    assert "contains no images" in none.err
    told = genart_command("train", "autoencoder", "--help").out
    assert told.index("--side") < told.index("--minutes") < told.index("--device")
