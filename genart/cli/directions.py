"""`genart directions`: handles on a model's latent space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.options import MODEL

if TYPE_CHECKING:
    from genart.progress import ProgressCallback


def show(made: dict[str, Any]) -> Iterator[str]:
    """What to print: a line for each."""
    for name, value in zip(made["names"], made["values"], strict=True):
        yield f"{name}  {value:.4g}"
    yield f"{len(made['names'])} directions of {made['model']} in {made['output']}"


@declare("genart directions pomona --method sefa -o pomona.npz --sheet pomona.png", show,
         name="directions")  # fmt: skip
@click.argument("model", default=MODEL)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True,
    help="The .npz file that keeps them.",
)  # fmt: skip
@click.option(
    "--method", type=click.Choice(("sefa", "pca", "contrast")), default="sefa", show_default=True,
    help="From the weights, from the spread of w, or from examples.",
)  # fmt: skip
@click.option("--count", type=int, help="How many.  [10]")
@click.option("--layers", help="Where they act: 0-3,8, coarse, middle, fine or all.  [all]")
@click.option("--layer", help="pca of what this layer makes, such as b16.conv1.")
@click.option("--samples", type=int, help="How many places pca looks at.  [10000]")
@click.option("--seed", type=int, help="Of these places.  [0]")
@click.option("--class", "label", type=int, help="For models with classes.")
@click.option("--positive", help="contrast: seeds or an .npz with more of it.")
@click.option("--negative", help="contrast: seeds or an .npz with less of it.")
@click.option("--name", help="contrast: what it is called.")
@click.option(
    "--keep", type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="A file of directions that these leave as they are.",
)  # fmt: skip
@click.option("--sheet", type=click.Path(path_type=Path, dir_okay=False), help="A picture of each.")
@click.option("--seeds", default="1", show_default=True, help="The rows of the sheet.")
@click.option(
    "--truncation", type=float, default=0.7, show_default=True, help="Of the pictures measured."
)
def command(
    model: str, output: Path, device: str, progress: ProgressCallback, **options: Any
) -> dict[str, Any]:
    """Find directions in a model's latent space.

    Each is as long that one unit of it is equally visible.
    """
    from genart.editing.api import directions

    found = directions(model, output, device=device, progress=progress, **options)
    return {
        "output": output, "model": found.model, "method": found.method,
        "names": found.names, "values": found.values,
    }  # fmt: skip
