"""Names of a package that are imported when they are first used (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], namespaces: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the `__getattr__` and `__dir__` of a package whose names load on first use.

    The package lists the same names in `__all__`, and imports them under `TYPE_CHECKING`, so that
    editors and type checkers find them.

    Args:
        package: the `__name__` of the package.
        homes: module to the names that come from it, separated by spaces.
        namespaces: packages and modules within the package that are public too.

    Returns:
        The functions to assign to `__getattr__` and `__dir__`. The first raises AttributeError
        for a name that is not public.
    """
    home = {name: module for module, names in homes.items() for name in names.split()}
    inner = tuple(namespaces)

    def __getattr__(name: str) -> Any:
        if name in inner:
            return import_module(f"{package}.{name}")
        if name not in home:
            raise AttributeError(f'{package} has no "{name}"; its names are in {package}.__all__.')
        value = getattr(import_module(home[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        dunders = [name for name in vars(sys.modules[package]) if name.startswith("__")]
        return sorted([*home, *inner, *dunders])

    return __getattr__, __dir__
