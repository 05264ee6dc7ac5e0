"""The ways through the code on the page about it are those that the code takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.slow
def test_the_page_shows_the_ways_that_the_program_takes() -> None:
    script = ROOT / "docs" / "scripts" / "trace_paths.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, f"run {script.name}: {done.stdout}{done.stderr[-2000:]}"


@pytest.mark.parametrize("count", re.findall(r"(\d+) files of `genart/` are on the path", PAGE))
def test_no_way_is_longer_than_fourteen_files(count: str) -> None:
    assert int(count) <= 14
