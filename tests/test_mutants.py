"""The table of `make mutants` names files and lines that are there."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = tomllib.loads((ROOT / "tests" / "support" / "mutants.toml").read_text())


def test_every_file_that_is_broken_and_every_test_that_notices_is_there() -> None:
    named = {file for tests in TABLE["tests"].values() for file in tests} | set(TABLE["tests"])
    assert sorted(file for file in named if not (ROOT / file).is_file()) == []


def test_every_equivalent_mutant_says_why() -> None:
    for mutant in TABLE["equivalent"]:
        assert mutant.keys() | {"after"} == {"file", "before", "after", "why"}
        assert (ROOT / mutant["file"]).is_file(), mutant
        assert mutant.get("after") != mutant["before"]
