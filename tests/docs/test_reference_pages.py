"""The pages made from declarations name every option and every Param, and are up to date."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from genart.playback.param_list import list_params
from genart.playback.sketch import list_sketches
from genart.plugins import registry

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PROSE = "\n".join(path.read_text() for path in [ROOT / "README.md", *DOCS.rglob("*.md")])


def commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and those within it."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from commands(f"{path} {name}", inner)


EVERY = [
    pair
    for name in registry("command")
    for pair in commands(f"genart {name}", registry("command").create(name))
]


@pytest.mark.parametrize("page", ["options", "params"])
def test_a_made_page_is_up_to_date(page: str) -> None:
    script = DOCS / "scripts" / f"{page}_page.py"
    made = runpy.run_path(str(script), run_name="page")["page"]()
    again = f"run: python docs/scripts/{page}_page.py"
    assert (DOCS / f"{page}.md").read_text() == made, again


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[path for path, _ in EVERY])
def test_every_option_is_in_the_docs_and_explained(path: str, command: click.Command) -> None:
    text = (DOCS / "options.md").read_text()
    section = text.partition(f"## {path}\n")[2].partition("\n## ")[0]
    common = (DOCS / "commands.md").read_text()
    assert section, f"{path} is missing"
    for option in command.params:
        if isinstance(option, click.Option):
            names = [name for name in option.opts if name.startswith("--")] or option.opts
            assert all(name in section or f"`{name}" in common for name in names), option.name
            assert option.help, f"{path} {names[0]} has no help"


def test_every_param_is_in_the_docs() -> None:
    paths = {each.path for each in list_params()}
    for sketch in list_sketches():
        paths |= {each.path for each in list_params(sketch.path)}
    for name, entry in registry("stylizer").items():
        offers = entry.spec.offers() if entry.spec.offers else ()
        chains = [f"{name}:{each}" for each in offers][:1]
        for chain in chains:
            paths |= {each.path for each in list_params(None, {"style.chain": chain})}
    assert sorted(path for path in paths if f"`{path}`" not in PROSE) == []


def test_every_environment_variable_is_in_the_docs() -> None:
    import re

    code = [*(ROOT / "genart").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    names = {name for path in code for name in re.findall(r"\bGENART_[A-Z]+\b", path.read_text())}
    assert names
    assert sorted(name for name in names if name not in PROSE) == []
