"""`genart models`: list the models that load by name; `genart models convert`: convert a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from genart.cli.command import command as declare

_USES = {
    "generator": "Generators, for --model:",
    "stylizer": "Stylizers, for --style:",
    "inverter": "Inverters, for `genart invert --method`, with the model that each is for:",
}


def show(found: Mapping[str, Any]) -> Iterator[str]:
    """One line per model, by what it is for."""
    width = max((len(model.name) for model in found["models"]), default=0)
    for kind, use in _USES.items():
        of_kind = [model for model in found["models"] if model.kind == kind]
        if of_kind:
            yield use
        for model in of_kind:
            yield f"  {model.name:<{width}}  {model.about}".rstrip()


def _list() -> Mapping[str, Any]:
    """List the models that are included or come with a plug-in.

    A path or an http(s) URL of a model file works wherever a name does;
    `genart info FILE` shows what a file is.
    """
    from genart.models.loading import models

    return {"models": models()}


command: click.Group = declare(  # type: ignore[assignment]  # cls makes it a group
    "genart models convert network.pkl network.safetensors",
    show,
    name="models",
    cls=click.Group,
    invoke_without_command=True,
)(_list)
command.add_command(declare("genart models list --json", show, name="list")(_list))


def show_converted(made: Mapping[str, Any]) -> Iterator[str]:
    """What to print."""
    width, height = made["model"]["resolution"]
    yield f"{made['output']}  {width}x{height} px, {made['bytes'] / 1e6:.1f} MB"


@command.add_command
@declare("genart models convert network.pkl network.safetensors", show_converted, name="convert")
@click.argument("source", metavar="IN")
@click.argument("output", metavar="OUT", type=click.Path(path_type=Path))
def _convert(source: str, output: Path, device: str) -> Any:
    """Load IN (file, URL or name) and save it as OUT.safetensors."""
    from genart.models.loading import convert

    return convert(source, output, device)
