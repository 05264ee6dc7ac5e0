"""`genart directions`: find edit directions of a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.options import MODEL, class_option

if TYPE_CHECKING:
    from genart.progress import ProgressCallback


def show(made: dict[str, Any]) -> Iterator[str]:
    """What to print: one line per direction."""
    for name, value in zip(made["names"], made["values"], strict=True):
        yield f"{name}  {value:.4g}"
    yield f"{len(made['names'])} directions of {made['model']} in {made['output']}"


@declare("genart directions pomona --method sefa -o pomona.npz --sheet pomona.png", show,
         name="directions")  # fmt: skip
@click.argument("model", default=MODEL)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True,
    help="Output file, .npz.",
)  # fmt: skip
@click.option(
    "--method", type=click.Choice(("sefa", "pca", "contrast")), default="sefa", show_default=True,
    help="From the weights, from the variance of w, or from examples.",
)  # fmt: skip
@click.option("--count", type=int, help="Number of directions.  [10]")
@click.option(
    "--layers", help="Layers that they change: 0-3,8, coarse, middle, fine or all.  [all]"
)
@click.option("--layer", help="pca: use the activations of this layer, for example b16.conv1.")
@click.option("--samples", type=int, help="pca: number of sampled latents.  [10000]")
@click.option("--seed", type=int, help="Seed for the sampled latents.  [0]")
@class_option
@click.option("--positive", help="contrast: examples that show the attribute; seeds or an .npz.")
@click.option("--negative", help="contrast: examples that do not show it; seeds or an .npz.")
@click.option("--name", help="contrast: name of the direction.")
@click.option(
    "--keep", type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="File of directions that the new ones must not change.",
)  # fmt: skip
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Image file that shows each direction.",
)
@click.option("--seeds", default="1", show_default=True, help="Seeds of the rows of the sheet.")
@click.option(
    "--truncation", type=float, default=0.7, show_default=True, help="Truncation used when scaling."
)
def command(
    model: str, output: Path, device: str, progress: ProgressCallback, **options: Any
) -> dict[str, Any]:
    """Find edit directions in a model's latent space.

    Directions are scaled so that one unit changes the image by about the same visible amount.
    """
    from genart.editing.api import directions

    found = directions(model, output, device=device, progress=progress, **options)
    return {
        "output": output, "model": found.model, "method": found.method,
        "names": found.names, "values": found.values,
    }  # fmt: skip
