"""`genart params`: list the Params of a sketch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from genart.cli.command import command as declare
from genart.cli.options import Assignment

_WIDEST = 30  # of what is allowed; longer lists have a line of their own


def show(found: Mapping[str, Any]) -> Iterator[str]:
    """One line per Param: path, default, what is allowed, help."""
    rows = [(each, _text(each.default)) for each in found["params"]]
    path, value = (
        max(map(len, column)) for column in zip(*((p.path, text) for p, text in rows), strict=True)
    )
    for each, text in rows:
        long = len(each.allowed) > _WIDEST
        allowed = "one of:" if long else each.allowed
        yield f"{each.path:<{path}}  {text:<{value}}  {allowed:<{_WIDEST}}  {each.help}".rstrip()
        if long:
            yield f"{'':<{path}}    {each.allowed}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return '""' if value == "" else f"{value:.10g}" if isinstance(value, float) else str(value)


@declare("genart params drift", show, name="params")
@click.argument("sketch", required=False)
@click.option(
    "-p", "params", type=Assignment(), multiple=True,
    help="Set a Param whose value adds Params; repeatable.",
)  # fmt: skip
def command(sketch: str | None, params: tuple[tuple[str, str], ...]) -> Any:
    """List the Params of a sketch: path, default, range, help.

    SKETCH is the name of an included sketch or a .py file; without it the
    Params that every sketch has are listed. Set a Param with -p
    owner.name=value, at /genart/owner/name over OSC, or on the page of
    `genart live`.

    A stylizer, bends and edit directions add Params: see them
    with -p style.chain=fast:great_wave, -p model.bend=PRESET, -p
    model.directions=FILE.
    """
    from genart.playback.param_list import list_params

    return {"sketch": sketch and Path(sketch).stem, "params": list_params(sketch, dict(params))}
