"""`genart mix`: the style-mixing grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.generate import show
from genart.cli.options import model_options

if TYPE_CHECKING:
    from genart.progress import ProgressCallback


@declare("genart mix --rows 1-4 --cols 5-9 --styles coarse -o mix.png", show, name="mix")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Image or film file."
)
@click.option("--rows", default="1-4", show_default=True, help="Seeds and .npz of the rows.")
@click.option("--cols", default="5-9", show_default=True, help="Seeds and .npz of the columns.")
@click.option(
    "--styles",
    help="Layers taken from the columns: 0-3,8, coarse, middle or fine.  [coarse; a film: all]",
)  # fmt: skip
@click.option("--seconds", type=float, default=8.0, show_default=True, help="Length of a film.")
@click.option("--fps", default="30", show_default=True, help="Frames per second of a film.")
@model_options
def command(device: str, progress: ProgressCallback, **options: Any) -> Any:
    """Make a style-mixing grid.

    Each image is that of its row, with some layers taken from its column. In a film the number of
    these layers grows from none to all and back.
    """
    from genart.rendering.mixing_grid import mixing_grid

    return mixing_grid(device=device, progress=progress, **options)
