"""`genart translate`: pictures from one domain in another, by CycleGAN or pix2pix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.stylize import show
from genart.cli.types import Option

if TYPE_CHECKING:
    from genart.contracts import ProgressCallback


@declare("genart translate photos/ --model fruit_net_G.pth -o paintings", show, name="translate")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", required=True, help="A shipped model's name, or its file.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True,
    help="A folder, or a file for a single input.",
)  # fmt: skip
@click.option("--method", help="A stylizer.  [cyclegan, which opens pix2pix too]")
@click.option(
    "--size", metavar="N or WxH", help="At most N pixels on the longer side, or cover WxH."
)
@click.option(
    "--option", "extra", type=Option(), multiple=True,
    help="Any other option of the stylizer; may be repeated.",
)  # fmt: skip
@click.option(
    "--preview", type=click.Path(dir_okay=False, path_type=Path),
    help="A picture, written anew every two seconds, that shows how a film goes.",
)  # fmt: skip
def command(
    inputs: tuple[Path, ...],
    output: Path,
    extra: tuple[tuple[str, str], ...],
    device: str,
    progress: ProgressCallback,
    **options: Any,
) -> Any:
    """Translate INPUTS, pictures, folders of them or films, with a trained model."""
    from genart.styling.stylize import translate

    given = {name: value for name, value in options.items() if value is not None}
    return translate(inputs, output, device=device, progress=progress, **given, **dict(extra))
