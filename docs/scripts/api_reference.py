"""The API reference: one page for each public namespace, written from its `__all__`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_HOOKS_PAGE = """\
# Plug-in hooks

::: genart.hooks
    options:
      show_root_heading: false
      heading_level: 2
"""


def namespaces() -> list[str]:
    """The public namespaces: genart, and the modules that it offers."""
    import genart

    inner = [name for name in dir(genart) if inspect.ismodule(getattr(genart, name))]
    return ["genart", *(f"genart.{name}" for name in inner)]


def public_names(namespace: str) -> list[str]:
    """The names of a namespace's `__all__`, in its order."""
    return list(import_module(namespace).__all__)


def summary(thing: object) -> str:
    """The first sentence of an object's docstring, on one line; "" where there is none."""
    text = inspect.getdoc(thing) or ""
    return " ".join(text.split("\n\n")[0].split())


def write_reference(folder: Path) -> None:
    """Write the Markdown pages of the reference into a folder, for mkdocstrings to fill.

    Args:
        folder: an existing folder; `index.md` and one page for each namespace are written.
    """
    for namespace in namespaces():
        (folder / page_name(namespace)).write_text("\n".join(_namespace_page(namespace)))
    (folder / "hooks.md").write_text(_HOOKS_PAGE)


def page_name(namespace: str) -> str:
    """The file name of a namespace's page."""
    return "index.md" if namespace == "genart" else f"{namespace.removeprefix('genart.')}.md"


def _namespace_page(namespace: str) -> Iterator[str]:
    module = import_module(namespace)
    yield from (f"# {namespace}", "", inspect.getdoc(module) or "", "")
    yield from ("| name | is |", "|---|---|")
    for name in public_names(namespace):
        thing = getattr(module, name)
        cell = (comment(name) or summary(thing)).replace("|", "\\|")
        yield f"| [`{name}`][{namespace}.{name}] | {cell} |"
    yield ""
    for name in public_names(namespace):
        yield from (f"::: {namespace}.{name}", "")


def missing_docstrings() -> list[str]:
    """Public names, and public methods of public classes, that have no docstring."""
    missing = []
    for namespace in namespaces():
        module = import_module(namespace)
        for name in public_names(namespace):
            thing = getattr(module, name)
            if not comment(name) and not (_declared(thing) and inspect.getdoc(thing)):
                missing.append(f"{namespace}.{name}")
            if inspect.isclass(thing):
                missing += [f"{namespace}.{name}.{member}" for member in _bare_members(thing)]
    return missing


def _declared(thing: object) -> bool:
    """Whether a thing has a docstring of its own, which constants and aliases have not."""
    return inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing)


def comment(name: str) -> str:
    """The comment that starts with `#:` above the declaration of a constant or alias."""
    pattern = re.compile(rf"((?:^ *#: .*\n)+) *{name}\b", re.M)
    for file in sorted(ROOT.glob("genart/**/*.py")):
        if found := pattern.search(file.read_text(encoding="utf-8")):
            return " ".join(line.strip().removeprefix("#: ") for line in found[1].splitlines())
    return ""


def _bare_members(owner: type) -> Iterator[str]:
    """Public methods and properties that a class of genart's declares without a docstring."""
    for name in dir(owner):
        if name.startswith("_"):
            continue
        home = next((base for base in owner.__mro__ if name in vars(base)), owner)
        if not home.__module__.startswith("genart"):
            continue
        member = inspect.getattr_static(owner, name)
        if isinstance(member, (staticmethod, classmethod)):
            member = member.__func__
        declares = inspect.isfunction(member) or isinstance(member, property)
        if declares and not inspect.getdoc(member):
            yield name
