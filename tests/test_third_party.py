"""A stranger's plug-in, built from CONTRIBUTING.md, installed by pip, and used."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language in CONTRIBUTING.md, in order."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


class Installed:
    """The plug-in of CONTRIBUTING.md in a folder of its own, and this Python with it."""

    def __init__(self, source: Path, target: Path) -> None:
        (source / "genart_rings.py").write_text(blocks("python")[0])
        (source / "pyproject.toml").write_text(blocks("toml")[0])
        (source / "test_rings.py").write_text(blocks("python")[1])
        self.folder = source
        self.environment = {**os.environ, "PYTHONPATH": str(target)}
        self.python(
            "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation", "--no-deps",
            "--disable-pip-version-check", "--target", target, source,
        )  # fmt: skip

    def python(self, *words: object) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            capture_output=True, text=True, env=self.environment, cwd=self.folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def genart(self, *words: object) -> Any:
        return json.loads(self.python("-m", "genart", *words, "--json"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    pytest.importorskip("setuptools")
    pytest.importorskip("pip")
    return Installed(tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target"))


def test_it_is_listed_with_what_it_provides(stranger: Installed) -> None:
    listed = {plugin["name"]: plugin for plugin in stranger.genart("plugins")["plugins"]}
    assert listed["rings"]["distribution"] == "genart-rings 1.0"
    assert listed["rings"]["provides"] == {"generator": ["rings"], "interpolator": ["swing"]}
    assert listed["rings"]["error"] is None
    assert listed["plasma"]["error"] is None


def test_its_generator_and_walk_work_in_render(stranger: Installed) -> None:
    made = stranger.genart(
        "render", "--model", "rings", "--walk", "swing", "--seconds", "0.4", "--fps", "10",
        "--size", "64", "-o", "rings.gif",
    )  # fmt: skip
    assert (made["frames"], made["size"]) == (4, [64, 64])
    with Image.open(stranger.folder / "rings.gif") as film:
        assert (film.n_frames, film.size) == (4, (64, 64))


def test_it_passes_its_own_tests_as_the_page_has_them(stranger: Installed) -> None:
    stranger.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_rings.py")


def test_it_is_as_short_as_we_say() -> None:
    lines = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(lines) <= 20
