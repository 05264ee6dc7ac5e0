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
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="A picture or film file."
)
@click.option("--rows", default="1-4", show_default=True, help="Seeds and .npz down the left.")
@click.option("--cols", default="5-9", show_default=True, help="Seeds and .npz along the top.")
@click.option(
    "--styles",
    help="Layers that come from the top: 0-3,8, coarse, middle or fine.  [coarse; a film: all]",
)  # fmt: skip
@click.option("--seconds", type=float, default=8.0, show_default=True, help="Of a film.")
@click.option("--fps", default="30", show_default=True, help="Of a film.")
@model_options
def command(device: str, progress: ProgressCallback, **options: Any) -> Any:
    """Make a style-mixing grid.

    Each picture is that of its row, with some layers taken from its column's. In a film these
    layers sweep from none to all of them and back.
    """
    from genart.rendering.mixing_grid import mixing_grid

    return mixing_grid(device=device, progress=progress, **options)
