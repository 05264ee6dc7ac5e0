"""The rules of the repository, read from the source."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import genart
from genart.plugins import KINDS, registry

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "genart").rglob("*.py"))
GUESTS = sorted([*(ROOT / "plugins").rglob("*.py"), *(ROOT / "sketches").rglob("*.py")])
PROSE = "\n".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def called(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module a file imports, wherever in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno


def public(space: str) -> set[str]:
    """The public names of genart or of one of its namespaces, as "genart.training.LoopTrainer"."""
    return {f"{space}.{name}" for name in import_module(space).__all__}


NAMESPACES = {
    f"genart.{name}" for name in dir(genart) if isinstance(getattr(genart, name), ModuleType)
}
PUBLIC = set().union(*map(public, ["genart", *NAMESPACES])) | NAMESPACES


def chain(node: ast.AST) -> str:
    """The dotted name that an expression spells, or "" for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    inner = chain(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{inner}.{node.attr}" if inner and isinstance(node, ast.Attribute) else ""


def names_used(source: str) -> Iterator[tuple[str, int]]:
    """Every name of genart's that a source uses, with its line.

    Names are `genart.name`, `genart.space.name`, and those after `from genart.space import`.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "genart":
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (
                (alias.name, node.lineno)
                for alias in node.names
                if alias.name.startswith("genart.")
            )
        elif isinstance(node, ast.Attribute) and chain(node).startswith("genart."):
            first, second, *rest = chain(node).split(".")
            within = rest[:1] if f"{first}.{second}" in NAMESPACES else []
            yield ".".join([first, second, *within]), node.lineno


def hidden(source: str) -> list[str]:
    """The names of genart's that a source uses though they are not public."""
    return [f"line {line} uses {name}" for name, line in names_used(source) if name not in PUBLIC]


@pytest.mark.parametrize("path", GUESTS, ids=called)
def test_plugins_and_sketches_use_public_names_only(path: Path) -> None:
    assert hidden(path.read_text()) == []


def test_the_boundary_covers_the_namespaces() -> None:
    assert hidden("import genart\ngenart.training.LoopTrainer.fit; genart.Sketch.draw") == []
    assert hidden("from genart.training import LoopTrainer\nfrom genart import load") == []
    for wrong in (
        "import genart\ngenart.training.loop.LoopTrainer",
        "import genart\ngenart.training.Snapshot",
        "import genart\ngenart.LoopTrainer",
        "from genart.training import Snapshot",
        "from genart.training.loop import LoopTrainer",
        "from genart import params",
        "import genart.params",
    ):
        assert hidden(wrong), wrong


@pytest.mark.parametrize("path", CORE, ids=called)
def test_the_core_never_imports_a_plugin(path: Path) -> None:
    assert [name for name, _ in imports(path) if name.startswith("genart_")] == []


@pytest.mark.parametrize(
    "path", [path for path in CORE if "cli" not in path.relative_to(ROOT).parts], ids=called
)
def test_the_library_never_imports_click_and_never_prints(path: Path) -> None:
    tree = ast.parse(path.read_text())
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            assert "click" not in [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module != "click"
        elif isinstance(node, ast.Call):
            assert getattr(node.func, "id", "") != "print"


@pytest.mark.parametrize("path", sorted((ROOT / "sketches").glob("*.py")), ids=called)
def test_a_sketch_names_its_generator_by_string(path: Path) -> None:
    assert [name for name, _ in imports(path) if name.startswith("genart_")] == []


def test_the_folders_of_plugins_are_the_entry_points() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    points = set(project["project"]["entry-points"]["genart"].values())
    folders = {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")}
    assert points == folders | {"genart.cli"}
    assert not (ROOT / "plugins" / "__init__.py").exists()


@pytest.mark.parametrize("hook", KINDS)
def test_every_hook_is_documented(hook: str) -> None:
    assert hook in PROSE


@pytest.mark.parametrize("command", list(registry("command")))
def test_every_command_is_documented(command: str) -> None:
    assert f"genart {command}" in PROSE


def test_every_sketch_is_documented() -> None:
    from genart.playback.sketch import sketches

    page = (ROOT / "docs" / "sketches.md").read_text()
    assert [name for name in sketches() if f"## {name}" not in page] == []
    for name in sketches():
        assert f"(images/sketches/{name}.jpg)" in page
        assert (ROOT / "docs" / "images" / "sketches" / f"{name}.jpg").is_file()


def test_files_stay_short() -> None:
    long = {called(path): len(path.read_text().splitlines()) for path in [*CORE, *GUESTS]}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_nothing_names_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "*.py", "*.md", "*.toml", "Makefile", ".ci/*"],
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("no git checkout")
    home = "/" + "work/"  # spelt so that this line does not name it either
    found = [name for name in listed.stdout.split() if home in (ROOT / name).read_text()]
    assert found == []
