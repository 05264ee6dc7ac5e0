"""`genart stylize`: repaint images and films in a style."""

from __future__ import annotations

from collections.abc import Iterator
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

if TYPE_CHECKING:
    from genart.progress import ProgressCallback
    from genart.rendering.stylize_files import Painted


def show(painted: Painted) -> Iterator[str]:
    """What to print: one line per image or film."""
    for each in painted.results:
        if "output" in each:
            note = f" ({each['note']})" if "note" in each else ""
            yield f"{each['input']} -> {each['output']}{note}"
        else:
            yield f"{each['input']}: {each['error']}"
    if painted.failed:
        yield f"{painted.failed} of {len(painted.results)} failed"


@declare("genart stylize photo.jpg --style wave.jpg -o painted.jpg", show, name="stylize")
@click.argument("content", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--style", multiple=True, required=True, metavar="IMAGE or NAME",
    help="Style image, or name or file of a trained style; repeatable.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True,
    help="Output image, film, or folder.",
)  # fmt: skip
@click.option("--method", help="Stylizer.  [gatys for a style image, fast for a trained style]")
@click.option("--style-weight", type=float, help="Weight of the style.")
@click.option("--content-weight", type=float, help="Weight of the content.")
@click.option("--tv-weight", type=float, help="Weight of smoothness.")
@click.option("--layers", help="Style layers, comma-separated, each with an optional =weight.")
@repaint_size_option
@repaint_fps_option
@click.option("--steps", type=int, help="Optimisation steps.")
@click.option("--keep-color", is_flag=True, default=None, help="Keep the colours of the content.")
@extra_option
@preview_option("the current state")
def command(
    content: Path,
    style: tuple[str, ...],
    output: Path,
    device: str,
    progress: ProgressCallback,
    **options: Any,
) -> Any:
    """Repaint CONTENT (an image, a folder of images, or a film) in a style."""
    from genart.rendering.stylize import stylize

    return stylize(
        content, output, style=style[0] if len(style) == 1 else style, device=device,
        progress=progress, **chosen(options),
    )  # fmt: skip
