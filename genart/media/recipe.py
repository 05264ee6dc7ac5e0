"""Recipes: how a file was made; `genart.media.metadata` stores them in the file."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genart.files import file_hash


def make_recipe(command: Sequence[str], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe of a work, as JSON can hold it.

    Args:
        command: the words of the command line that makes the work again; () where none does.
        facts: what the work depends on and a person may ask for, by name.

    Returns:
        The version of genart, the command, the facts, and the versions of what genart runs on.
    """
    line = {"command": shlex.join(command)} if command else {}
    return {"genart": version("genart"), **line, **facts, "versions": versions()}


def model_facts(name: str, source: Path | None) -> dict[str, str | None]:
    """Return a model's name and the SHA-256 of its file, None where it has none."""
    return {"name": name, "sha256": file_hash(source)}


def file_facts(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each of these files that exists, by its path as it was given."""
    return {str(file): sha256 for file in files if (sha256 := file_hash(file))}


def versions() -> dict[str, str]:
    """Return the versions of Python, numpy and torch, which the pixels depend on."""
    import numpy
    import torch

    found = {"python": platform.python_version(), "numpy": numpy.__version__}
    return {**found, "torch": str(torch.__version__)}
