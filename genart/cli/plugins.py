"""`genart plugins`: list the plug-ins, and why one failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from genart.cli.command import command as declare


def show(found: Mapping[str, Any]) -> Iterator[str]:
    """A paragraph for each plug-in."""
    for plugin in found["plugins"]:
        yield f"{plugin['name']}  ({plugin['distribution'] or plugin['source']})"
        if plugin["error"]:
            yield f"  disabled: {plugin['error']}"
            yield from (f"  | {line}" for line in plugin["traceback"].splitlines())
        for kind, names in plugin["provides"].items():
            yield f"  {kind}: {', '.join(names)}"
    if any(plugin["error"] and not plugin["traceback"] for plugin in found["plugins"]):
        yield "`genart plugins --traceback` shows the traceback."


@declare("genart plugins --traceback", show, name="plugins")
@click.option("--traceback", is_flag=True, help="Show the tracebacks of failed plug-ins.")
def command(traceback: bool) -> Any:
    """List the plug-ins, what each provides, and why a plug-in was disabled."""
    from genart.plugins import overview

    return overview(traceback)
