"""Find, load and check the library of kernels, at first use.

| `GENART_NATIVE`              | means                                                          |
|------------------------------|----------------------------------------------------------------|
| `auto`, or not set           | the library is used if it was built, at the processor's level  |
| `off`                        | it is not used                                                 |
| `baseline`, `avx2`, `avx512` | it is used at this level                                       |
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from genart.errors import UsageError
from genart.files import cache_folder
from genart.kernels.build import REBUILD, file_name, others
from genart.kernels.check import is_right
from genart.kernels.interface import LEVELS, VARIABLE, Library

__all__ = ["Library", "describe", "library", "package_folder", "user_folder"]

_log = logging.getLogger(__name__)


def library() -> Library | None:
    """The library, or None where `GENART_NATIVE` or the installation has none.

    Raises:
        UsageError: `GENART_NATIVE` is not valid, or names a level that cannot be used here.
    """
    wanted = _wanted()
    found = _opened(wanted)
    if found.library is None and wanted in LEVELS:
        raise UsageError(f"{VARIABLE}={wanted}: {found.reason}")
    return found.library


def describe() -> str:
    """One line: the level that is used; or why the kernels are not used, and how to get them.

    Raises:
        UsageError: `GENART_NATIVE` is not valid, or names a level that cannot be used here.
    """
    found = _opened(_wanted())
    if found.library is None:
        return f"not used: {found.reason}"
    return f"{found.library.level} ({found.library.path})"


def package_folder() -> Path:
    """Where `pip install` puts the library."""
    return Path(__file__).parent


def user_folder() -> Path:
    """Where it is built by a user who cannot write into the package."""
    return cache_folder() / "kernels"


@dataclass(frozen=True)
class _Found:
    """The library, or why there is none."""

    library: Library | None
    reason: str = ""


def _wanted() -> str:
    wanted = os.environ.get(VARIABLE, "").strip().lower() or "auto"
    allowed = ("auto", "off", *LEVELS)
    if wanted not in allowed:
        raise UsageError(f"{VARIABLE} is {', '.join(allowed)}; not {wanted}.")
    return wanted


@cache
def _opened(wanted: str) -> _Found:
    if wanted == "off":
        return _Found(None, f"{VARIABLE}=off")
    path = _path()
    if path is None:
        return _missing()
    try:
        found = Library(path, wanted if wanted in LEVELS else None)
        if is_right(found):
            return _Found(found)
        problem = f"{path} does not compute what torch computes; please report this"
    except OSError as error:
        problem = f"{error}"
    _log.warning("The compiled kernels are not used: %s", problem)
    return _Found(None, problem)


def _path() -> Path | None:
    """The library of these very sources, if it is built; one that others can write is not run."""
    inside, outside = (folder / file_name() for folder in (package_folder(), user_folder()))
    if inside.is_file():
        return inside
    return outside if outside.is_file() and _is_private(outside) else None


def _is_private(path: Path) -> bool:
    if not hasattr(os, "geteuid"):
        return True  # Windows: the folder belongs to the user's profile
    about = path.stat()
    return about.st_uid in (0, os.geteuid()) and not about.st_mode & 0o022


def _missing() -> _Found:
    if others(package_folder() / file_name()):
        problem = f"they were built from other sources; run: {REBUILD}"
        _log.warning("The compiled kernels are not used: %s", problem)
        return _Found(None, problem)
    return _Found(None, f"not built; with a C++ compiler (gcc or clang) run: {REBUILD}")
