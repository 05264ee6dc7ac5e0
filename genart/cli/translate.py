"""`genart translate`: translate images between domains with CycleGAN or pix2pix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.options import (
    chosen,
    extra_option,
    preview_option,
    repaint_fps_option,
    repaint_size_option,
)
from genart.cli.stylize import show

if TYPE_CHECKING:
    from genart.progress import ProgressCallback


@declare("genart translate photos/ --model fruit_net_G.pth -o paintings", show, name="translate")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", required=True, help="Name of an included model, or a model file.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True,
    help="Folder, or a file for a single input.",
)  # fmt: skip
@click.option("--method", help="Stylizer.  [cyclegan, which also loads pix2pix models]")
@repaint_size_option
@repaint_fps_option
@extra_option
@preview_option("the current state of a film")
def command(
    inputs: tuple[Path, ...],
    output: Path,
    device: str,
    progress: ProgressCallback,
    **options: Any,
) -> Any:
    """Translate INPUTS (images, folders of images, or films) with a trained model."""
    from genart.rendering.stylize import translate

    return translate(inputs, output, device=device, progress=progress, **chosen(options))
