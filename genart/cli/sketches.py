"""`genart sketches`: list the included sketches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from genart.cli.command import command as declare


def show(found: Mapping[str, Any]) -> Iterator[str]:
    """One line per sketch."""
    width = max((len(each.name) for each in found["sketches"]), default=0)
    for each in found["sketches"]:
        yield f"{each.name:<{width}}  {each.about}".rstrip()


@declare("genart sketches", show, name="sketches")
def command() -> Any:
    """List the included sketches.

    `genart render NAME` renders one, `genart live NAME` plays it, `genart
    params NAME` lists its Params.
    """
    from genart.playback.sketch import list_sketches

    return {"sketches": list_sketches()}
