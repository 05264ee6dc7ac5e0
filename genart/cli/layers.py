"""`genart layers`: what a model's layers make."""

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
    "-o", "--output", type=click.Path(path_type=Path), help="A picture, or a film of a walk."
)
@click.option("--layer", help="Such as b16.conv1, 16.1 or 16; not given, all are listed.")
@click.option("--keys", default="1", show_default=True, help="Seeds and latent files.")
@click.option("--channels", default="all", show_default=True, help="0-15, 25% or cluster 2 of 5.")
@click.option("--clusters", type=int, help="Show channels that draw alike together, so many sets.")
@click.option("--bend", default="", help="Bends, such as 16:rotate@0.3, whose result is shown.")
@click.option(
    "--truncation", type=float, default=0.7, show_default=True,
    help="1 is the whole space, 0 the average picture.",
)  # fmt: skip
@click.option("--columns", type=int, help="Cells in a row.")
@click.option("--size", type=int, help="The longer side of a cell in pixels.")
@click.option("--seconds", type=float, default=8.0, show_default=True, help="Of a film.")
@click.option("--fps", default="30", show_default=True, help="Of a film.")
def command(device: str, progress: ProgressCallback, **options: Any) -> Any:
    """Show what a layer makes, each channel a cell.

    Without --layer the layers of MODEL are listed.
    """
    from genart.rendering.layer_view import layers

    return layers(device=device, progress=progress, **options)
