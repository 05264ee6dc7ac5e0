"""The structure of the core: no circle of imports, no import from a higher layer, few modules.

Imports for type checkers and imports inside functions count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

CORE = Path(__file__).parents[1] / "genart"
#: The layers, lowest first: a module imports from lower layers and from its own folder only.
LAYERS = [
    {"errors", "lazy_names", "progress", "interrupts", "realtime", "profiling"},
    {"latent", "files", "params", "osc"},
    {"checkpoints", "media", "kernels"},
    {"contracts", "perception"},
    {"param_groups", "hooks", "testing"},
    {"plugins"},
    {"models", "latents", "styling", "executors"},
    {"bending", "training", "editing", "data"},
    {"playback", "metrics"},
    {"mapping", "web"},
    {"live", "rendering", "explorer"},
    {"inversion", "benchmarks"},
    {"cli"},
    {"__main__"},
]
LAYER = {name: level for level, names in enumerate(LAYERS) for name in names}


def modules() -> dict[str, Path]:
    """Every module of the core by its dotted name; packages by that of their folder."""
    found = {}
    for path in CORE.rglob("*.py"):
        parts = path.relative_to(CORE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(name: str) -> Iterator[str]:
    """The modules of the core that one imports, wherever in it."""
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "genart":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


def is_facade(name: str) -> bool:
    """Whether a package only offers names of its modules to people: `genart`, `genart.live`."""
    return MODULES[name].name == "__init__.py" and "__all__" in MODULES[name].read_text()


GRAPH = {name: set(imported(name)) - {name} for name in MODULES if not is_facade(name)}


def test_no_circle_of_imports() -> None:
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("name", GRAPH)
def test_imports_come_from_lower_layers(name: str) -> None:
    if name == "genart":
        return
    folder = name.split(".")[1]
    wrong = [
        other
        for other in GRAPH[name]
        if is_facade(other)
        or (other.split(".")[1] != folder and LAYER[other.split(".")[1]] >= LAYER[folder])
    ]
    assert wrong == []


def test_live_and_rendering_never_import_each_other() -> None:
    between = {
        (name, other)
        for name, others in GRAPH.items()
        for other in others
        if {name.split(".")[1:2][0], other.split(".")[1:2][0]} == {"live", "rendering"}
    }
    assert between == set()


def test_few_modules_lie_at_the_root() -> None:
    assert len(list(CORE.glob("*.py"))) <= 16
