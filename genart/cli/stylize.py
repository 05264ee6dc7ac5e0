"""`genart stylize`: a picture or film in the manner of another picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.types import Option

if TYPE_CHECKING:
    from genart.contracts import ProgressCallback
    from genart.styling.paint import Painted


def show(painted: Painted) -> Iterator[str]:
    """What to print: a line a picture or film."""
    for each in painted.results:
        yield (
            f"{each['input']} -> {each['output']}"
            if "output" in each
            else (f"{each['input']}: {each['error']}")
        )
    if painted.failed:
        yield f"{painted.failed} of {len(painted.results)} failed"


@declare("genart stylize photo.jpg --style wave.jpg -o painted.jpg", show, name="stylize")
@click.argument("content", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--style", multiple=True, required=True, metavar="PICTURE or NAME",
    help="A picture, or a trained style's name or file; may be repeated.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True,
    help="A picture, a film, or a folder.",
)  # fmt: skip
@click.option("--method", help="A stylizer.  [gatys for pictures, fast for anything else]")
@click.option("--style-weight", type=float, help="How much the style counts.")
@click.option("--content-weight", type=float, help="How much the content counts.")
@click.option("--tv-weight", type=float, help="How much smoothness counts.")
@click.option("--layers", help="Style layers, comma-separated, each with an optional =weight.")
@click.option(
    "--size", metavar="N or WxH", help="At most N pixels on the longer side, or cover WxH."
)
@click.option("--steps", type=int, help="How long to optimise.")
@click.option("--keep-color", is_flag=True, default=None, help="Keep the content's colours.")
@click.option(
    "--option", "extra", type=Option(), multiple=True,
    help="Any other option of the stylizer; may be repeated.",
)  # fmt: skip
@click.option(
    "--preview", type=click.Path(dir_okay=False, path_type=Path),
    help="A picture, written anew every two seconds, that shows how it goes.",
)  # fmt: skip
def command(
    content: Path,
    style: tuple[str, ...],
    output: Path,
    extra: tuple[tuple[str, str], ...],
    device: str,
    progress: ProgressCallback,
    **options: Any,
) -> Any:
    """Repaint CONTENT, a picture, a folder of pictures or a film, in a style."""
    from genart.styling.stylize import stylize

    given = {name: value for name, value in options.items() if value is not None}
    return stylize(
        content, output, style=style[0] if len(style) == 1 else style, device=device,
        progress=progress, **given, **dict(extra),
    )  # fmt: skip
