"""`genart generate`: stills and grids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.options import model_options, precision_option

if TYPE_CHECKING:
    from genart.progress import ProgressCallback
    from genart.rendering.still_files import Stills


def show(stills: Stills) -> Iterator[str]:
    """What to print: the files, or the folder if they are many."""
    size = "x".join(map(str, stills.size)) + " px" if stills.size else "latents"
    if len(stills.files) > 1:
        yield f"{len(stills.files)} images of {size} in {stills.files[0].parent}"
    else:
        yield f"{stills.files[0]}  {size}"


@declare("genart generate --seeds 1-12 --grid 4x3 -o fruit.png", show, name="generate")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True,
    help="A folder for one PNG per seed; an image file for a grid; .npz for the latents.",
)  # fmt: skip
@click.option("--seeds", help="Seeds, for example 1,2,5-9.  [1-9, or one per cell]")
@click.option("--keys", help="Latent files and seeds, for example apple.npz,7,latents/.")
@click.option(
    "--latent", type=click.Path(exists=True, dir_okay=False), help="Latent file, instead of seeds."
)
@model_options
@precision_option
@click.option(
    "--noise", type=click.Choice(("const", "random", "none")), default="const", show_default=True,
    help="Noise input.",
)  # fmt: skip
@click.option("--grid", metavar="CxR", help="Grid, columns x rows.")
def command(device: str, progress: ProgressCallback, **options: Any) -> Any:
    """Make still images.

    One file per seed in a folder, or one grid in a file. Each file contains its recipe.
    """
    from genart.rendering.stills import generate

    return generate(device=device, progress=progress, **options)
