"""`genart info`: show what a file is, or what this computer has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from genart.cli.command import command as declare
from genart.cli.command import plain
from genart.errors import UsageError


def show(facts: Mapping[str, Any]) -> Iterator[str]:
    """One line per fact, longer ones indented."""
    for name, value in plain(facts).items():
        if isinstance(value, dict):
            yield f"{name}:"
            yield from (f"  {key}: {_short(each)}" for key, each in value.items())
        elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            yield f"{name}:"
            yield from (f"  {_row(each)}" for each in value)
        elif isinstance(value, str) and "\n" in value:
            yield f"{name}:"
            yield from (f"  {line}" for line in value.splitlines())
        else:
            yield f"{name}: {_short(value)}"


def _row(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_short(value)}" for key, value in facts.items())


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@declare("genart info network.pkl", show, name="info")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--system", is_flag=True,
    help="Show versions, processor, devices, and whether the compiled kernels are used.",
)  # fmt: skip
def command(file: Path | None, system: bool) -> Any:
    """Show what a file is.

    A model, a film or image with its recipe, or a latent file. Nothing in the file is executed and
    no network is built.
    """
    if system:
        from genart.data.system_info import system_info

        return system_info()
    if file is None:
        raise UsageError("Missing argument: name a file, or use --system.")
    from genart.data.file_info import info

    return info(file)
