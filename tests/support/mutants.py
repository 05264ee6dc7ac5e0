"""Mutation testing: breaks one line at a time and checks that a test of that file fails.

`make mutants` draws a seeded sample of lines from the files in `mutants.toml`, makes one change to
each (see `mutation_operators.py`) in a copy of the tree, and runs the tests named for that file. A
mutant is caught if a test fails, and survives if all pass. Mutants that no test can catch, because
nothing visible changes, are listed in `mutants.toml` with the reason; they are not drawn.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pytest
import torch  # noqa: F401  # once, not for every mutant
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from support.mutation_operators import OPERATORS

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("mutants.toml")
#: What a copy of the tree consists of.
COPIED = (
    "genart", "plugins", "sketches", "tests", "docs", "README.md", "CONTRIBUTING.md",
    "CHANGELOG.md", "Makefile", "pyproject.toml",
)  # fmt: skip
LONGEST = 300.0  # seconds for the tests of one mutant; an endless loop counts as caught


@dataclass(frozen=True)
class Mutant:
    """One change of one line; `code` is the whole file with it."""

    file: str
    line: int
    operator: str
    before: str
    after: str
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.operator}\n  - {self.before}\n  + {self.after}"


def draw(table: dict[str, Any], files: list[str], count: int, seed: int) -> list[Mutant]:
    """At most `count` mutants: a sample of lines, and for each line one change by chance.

    A line whose change is equivalent by the table is left out.
    """
    chance = random.Random(seed)
    lines = [(file, *line) for file in files for line in changes(ROOT / file).items()]
    chance.shuffle(lines)
    drawn = (mutant for line in lines if (mutant := one_of(*line, chance)))
    known = table["equivalent"]
    drawn = (mutant for mutant in drawn if not is_equivalent(mutant, known))
    return sorted(islice(drawn, count), key=lambda mutant: (mutant.file, mutant.line))


def one_of(
    file: str, line: int, found: list[tuple[str, int]], chance: random.Random
) -> Mutant | None:
    """A mutant of a line by chance, or None if none of them is Python."""
    for operator, number in chance.sample(found, len(found)):
        mutant = make(file, line, operator, number)
        with suppress(SyntaxError):
            compile(mutant.code, file, "exec")
            return mutant
    return None


def changes(file: Path) -> dict[int, list[tuple[str, int]]]:
    """What can be changed, by line: names of operators, each with the number of its position."""
    nodes, found = list(ast_nodes(get_ast(file.read_text()))), dict[int, list[tuple[str, int]]]()
    for name, operator in OPERATORS.items():
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for number, ((line, _), _) in enumerate(places):
            found.setdefault(line, []).append((name, number))
    return dict(sorted(found.items()))


def make(file: str, line: int, operator: str, number: int) -> Mutant:
    """The mutant that an operator makes of a file at its position with that number."""
    source = (ROOT / file).read_text()
    code = mutate_code(source, OPERATORS[operator], number)
    pairs = zip(source.splitlines(), code.splitlines(), strict=False)
    before, after = next((a.strip(), b.strip()) for a, b in pairs if a != b)
    return Mutant(file, line, operator, before, after, code)


def copy_tree(folder: Path) -> Path:
    """A copy of the tree, to break."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


def passes(tree: Path, tests: list[str], longest: float | None = LONGEST) -> bool:
    """Whether the tests of a tree pass, in a process that begins with torch imported."""
    process = multiprocessing.get_context("fork").Process(target=_run_tests, args=(tree, tests))
    process.start()
    process.join(longest)
    with suppress(ProcessLookupError):
        os.killpg(cast(int, process.pid), signal.SIGKILL)  # what the tests left running too
    process.join()
    return process.exitcode == 0


def _run_tests(tree: Path, tests: list[str]) -> None:
    os.setsid()
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    os.chdir(tree)
    places = [str(tree), str(tree / "plugins")]
    sys.path[:0] = places
    sys.dont_write_bytecode = True  # bytecode of the last mutant may look as new as this one
    os.environ |= {"PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"}
    raise SystemExit(pytest.main(["-x", "-p", "no:cacheprovider", "-m", "not slow", *tests]))


def survives(mutant: Mutant, tree: Path, tests: list[str]) -> bool:
    """Whether all tests pass though the line is broken."""
    file = tree / mutant.file
    whole = file.read_text()
    file.write_text(mutant.code)
    survived = passes(tree, tests)
    file.write_text(whole)
    return survived


def is_equivalent(mutant: Mutant, known: list[dict[str, str]]) -> bool:
    """Whether the table knows it; without "after", no change of a line can be noticed."""
    return any(
        (mutant.file, mutant.before) == (each["file"], each["before"])
        and mutant.after == each.get("after", mutant.after)
        for each in known
    )


def main(arguments: list[str] | None = None) -> int:
    """Draw mutants, run the tests of each, and print it; exit status 1 under 90 % caught."""
    table = tomllib.loads(TABLE.read_text())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="files of mutants.toml; without, all of them")
    parser.add_argument("--count", type=int, default=200, help="how many mutants (200)")
    parser.add_argument("--seed", type=int, default=12, help="which lines are drawn (12)")
    options = parser.parse_args(arguments)
    tests: dict[str, list[str]] = table["tests"]
    files = options.files or sorted(tests)
    mutants, caught = draw(table, files, options.count, options.seed), 0
    with tempfile.TemporaryDirectory() as folder:
        tree = copy_tree(Path(folder))
        if not passes(tree, sorted({test for file in files for test in tests[file]}), None):
            parser.error("the tests fail before anything is broken")
        for mutant in mutants:
            survived = survives(mutant, tree, tests[mutant.file])
            caught += not survived
            print("survived" if survived else "caught", mutant, flush=True)
    print(f"{caught} of {len(mutants)} mutants were caught.")
    return int(caught < 0.9 * len(mutants))


if __name__ == "__main__":
    sys.exit(main())
