"""The public names: few on top, the rest in namespaces, all documented, and cheap to import."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import genart

NAMESPACES = [name for name in dir(genart) if isinstance(getattr(genart, name), ModuleType)]
SPACES = ["genart", *(f"genart.{name}" for name in NAMESPACES)]
PUBLIC = [f"{space}.{name}" for space in SPACES for name in import_module(space).__all__]


def found(path: str) -> Any:
    """The thing of a public name, such as "genart.training.LoopTrainer"."""
    space, _, name = path.rpartition(".")
    return getattr(import_module(space), name)


def test_the_top_stays_small() -> None:
    assert len(genart.__all__) <= 60


@pytest.mark.parametrize("space", SPACES)
def test_all_is_sorted_the_way_ruff_sorts_it(space: str) -> None:
    names = import_module(space).__all__
    constants = [name for name in names if name.isupper()]
    classes = [name for name in names if name[0].isupper() and not name.isupper()]
    functions = [name for name in names if name[0].islower()]
    assert names == [*sorted(constants), *sorted(classes), *sorted(functions)]
    assert len(set(names)) == len(names)


def test_a_public_name_has_one_place() -> None:
    from genart import errors

    names = [path.rpartition(".")[2] for path in PUBLIC if not path.startswith("genart.errors.")]
    assert len(set(names)) == len(names)
    assert {"GenartError", "UsageError", "DataError"} == set(genart.__all__) & set(errors.__all__)


@pytest.mark.parametrize("path", PUBLIC)
def test_every_public_name_is_documented(path: str) -> None:
    thing = found(path)
    assert thing is not None
    if inspect.isclass(thing) and thing.__module__.startswith("genart"):
        assert thing.__doc__
        undocumented = [
            name
            for name, member in vars(thing).items()
            if not name.startswith("_")
            and (inspect.isfunction(member) or isinstance(member, (property, classmethod)))
            and not inspect.getdoc(member)
        ]
        assert undocumented == []
    elif callable(thing) and getattr(thing, "__module__", "").startswith("genart"):
        assert thing.__doc__


@pytest.mark.parametrize("path", [path for path in PUBLIC if inspect.isfunction(found(path))])
def test_a_public_function_explains_every_parameter(path: str) -> None:
    function = found(path)
    doc = inspect.getdoc(function) or ""
    parameters = [
        name for name in inspect.signature(function).parameters if not name.startswith("_")
    ]
    # one parameter may be explained by the sentence itself
    missing = [name for name in parameters if name not in doc] if len(parameters) > 1 else []
    assert missing == []


@pytest.mark.parametrize("space", SPACES)
def test_editors_find_the_names_that_load_on_first_use(space: str) -> None:
    module = import_module(space)
    source = Path(str(module.__file__))
    if source.name != "__init__.py":
        return
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("genart.")
        for alias in node.names
    }
    imported.pop("lazy_names")
    assert set(imported) == set(module.__all__)
    assert {name: found(path) for name, path in imported.items()} == {
        name: getattr(module, name) for name in imported
    }


@pytest.mark.parametrize("space", SPACES)
def test_dir_shows_public_names_only(space: str) -> None:
    module = import_module(space)
    if Path(str(module.__file__)).name != "__init__.py":
        return
    shown = {name for name in dir(module) if not name.startswith("__")}
    assert shown == {*module.__all__, *(NAMESPACES if space == "genart" else [])}


@pytest.mark.parametrize("space", SPACES)
def test_no_module_hides_a_public_name(space: str) -> None:
    # importing genart.walk would put the module where the function was
    module = import_module(space)
    folder = Path(str(module.__file__)).parent
    modules = {path.stem for path in folder.iterdir()} if hasattr(module, "__path__") else set()
    assert modules.isdisjoint(module.__all__)


@pytest.mark.parametrize("space", ["genart", "genart.training"])
def test_a_name_that_is_not_there_says_where_the_names_are(space: str) -> None:
    said = rf'^{space} has no "lod"; its names are in {space}\.__all__'
    with pytest.raises(AttributeError, match=said):
        _ = import_module(space).lod


def test_the_names_of_the_interface_are_there() -> None:
    promised = (
        "Latent Generator Inverter Interpolator Stylizer Trainer Sink Control Sketch Param "
        "hookimpl load walk render invert stylizer mix Walk Inversion Progress MemorySink"
    )
    assert set(promised.split()) <= set(genart.__all__)


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert genart.__version__ == version("genart")


@pytest.mark.parametrize("then", ["", "; genart.training; genart.live; genart.errors; dir(genart)"])
def test_importing_genart_loads_neither_torch_nor_numpy(tmp_path: Path, then: str) -> None:
    script = (
        f"import sys, genart{then}; print({{'torch', 'numpy', 'click', 'PIL'}} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "set()"


#: Names in signatures that need not be public: generic parameters, types that no caller makes, and
#: aliases that the docstring explains.
EXPLAINED = {
    "Amounts", "Brings", "Edited", "FeatureStep", "Figures", "Film", "Header", "Lane", "LaneTimes",
    "LiveClock", "MappedSpace", "Operation", "Pairs", "Saved", "T_co", "T_contra", "Transform",
    "Values",
}  # fmt: skip
#: Names from elsewhere: of Python, numpy, torch and PIL.
FOREIGN = {
    "AbstractContextManager", "Any", "BaseException", "Callable", "Collection", "Conv2d",
    "Fraction", "Hashable", "Iterable", "Iterator", "Literal", "MB", "Mapping", "Module", "NDArray",
    "NoReturn", "None", "Path", "PIL", "Pictures", "Resampling", "Self", "Sequence", "Structure",
    "Tensor", "Union",
}  # fmt: skip


def functions(thing: Any) -> list[Any]:
    """A function, or the public methods of a class, of genart."""
    if not str(getattr(thing, "__module__", "")).startswith("genart"):
        return []
    if not inspect.isclass(thing):
        return [thing] if inspect.isfunction(thing) else []
    members = [
        getattr(member, "__func__", getattr(member, "fget", member))
        for name, member in vars(thing).items()
        if not name.startswith("_") or name in ("__init__", "__call__")
    ]
    return [member for member in members if inspect.isfunction(member)]


@pytest.mark.parametrize("path", PUBLIC)
def test_types_in_a_public_signature_are_public(path: str) -> None:
    public = {each.rpartition(".")[2] for each in PUBLIC} | EXPLAINED | FOREIGN
    hidden = {
        name
        for function in functions(found(path))
        for annotation in function.__annotations__.values()
        for name in re.findall(r"[A-Z]\w+", str(annotation))
    }
    assert hidden - public == set()
