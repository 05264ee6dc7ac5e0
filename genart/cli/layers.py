"""`genart layers`: show what the layers of a model compute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.options import MODEL

if TYPE_CHECKING:
    from genart.progress import ProgressCallback
    from genart.rendering.layer_view import LayerView


def show(view: LayerView) -> Iterator[str]:
    """What to print: a line for each layer, and the file."""
    for layer in view.layers:
        width, height = layer.size
        yield f"{layer.name}  {layer.channels} channels of {width}x{height}"
    if view.output and view.size:
        yield f"{view.output}  {view.size[0]}x{view.size[1]} px"


@declare("genart layers pomona --layer 16.conv1 --clusters 5 -o layer.png", show, name="layers")
@click.argument("model", default=MODEL)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Image file, or film file for a walk."
)
@click.option(
    "--layer", help="Layer, for example b16.conv1, 16.1 or 16; without it all are listed."
)
@click.option("--keys", default="1", show_default=True, help="Seeds and latent files.")
@click.option(
    "--channels", default="all", show_default=True, help="Channels: 0-15, 25% or cluster 2 of 5."
)
@click.option("--clusters", type=int, help="Group similar channels in this many clusters.")
@click.option("--bend", default="", help="Apply these bends first, for example 16:rotate@0.3.")
@click.option(
    "--truncation", type=float, default=0.7, show_default=True,
    help="1 for the full variety, 0 for the average image.",
)  # fmt: skip
@click.option("--columns", type=int, help="Cells per row.")
@click.option("--size", type=int, help="Longer side of a cell in pixels.")
@click.option("--seconds", type=float, default=8.0, show_default=True, help="Length of a film.")
@click.option("--fps", default="30", show_default=True, help="Frames per second of a film.")
def command(device: str, progress: ProgressCallback, **options: Any) -> Any:
    """Show the channels of a layer, one cell per channel.

    Without --layer the layers of MODEL are listed.
    """
    from genart.rendering.layer_view import layers

    return layers(device=device, progress=progress, **options)
