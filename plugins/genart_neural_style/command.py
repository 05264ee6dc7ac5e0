"""`genart strokes`: a grid that shows what each layer contributes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

import genart

from .presets import STROKES

_EXAMPLE = "genart strokes wave.jpg photo.jpg -o strokes.png"


@click.command(name="strokes", epilog=f"Example: {_EXAMPLE}")
@click.argument("style", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("content", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Output image file."
)
@click.option(
    "--layers",
    default=",".join(STROKES),
    show_default=True,
    help="Layers in VGG-19's names, comma-separated.",
)
@click.option(
    "--network", default="auto", show_default=True,
    help="vgg19, vgg16, squeezenet, lite0, or auto: the best with local weights.",
)  # fmt: skip
@click.option("--weights", default="", help="File or URL of the network's weights.")
@click.option("--size", default=160, show_default=True, help="Longer side of each image.")
@click.option("--steps", default=60, show_default=True, help="Optimisation steps per image.")
@click.option("--seed", default=0, show_default=True, help="Seed of the noise at the start.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
@click.option(
    "--device", type=click.Choice(("auto", "cpu", "cuda", "mps")), default="auto",
    help="Device for the computation.  [auto]",
)  # fmt: skip
def command(
    style: Path, content: Path, output: Path, layers: str, network: str, as_json: bool, **facts: Any
) -> None:
    """Show what each layer alone takes from STYLE and preserves of CONTENT, in a grid."""
    from .strokes import save, strokes

    try:
        genart.media.check_writable(output)
        with click.progressbar(length=1000, file=sys.stderr, label="pictures") as bar:
            made = strokes(
                style, content, layers=layers.split(","), network_kind=network,
                progress=lambda at: bar.update(_thousandth(at) - bar.pos), **facts,
            )  # fmt: skip
        save(made, output)
    except genart.UsageError as error:
        raise click.UsageError(str(error)) from error
    found = {"output": str(output), "features": made.features, "layers": list(made.layers)}
    line = f"{output}: {', '.join(made.layers)} of {made.features}"
    click.echo(json.dumps(found) if as_json else line)


def _thousandth(at: genart.Progress) -> int:
    return round(1000 * at.done / (at.total or 1))
