"""`genart render`: a sketch becomes a film or loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.command import tell_profile
from genart.cli.options import Assignment, precision_option

if TYPE_CHECKING:
    from genart.progress import ProgressCallback
    from genart.rendering.report import Report


def show(report: Report) -> Iterator[str]:
    """What to print."""
    width, height = report.size
    seam = "" if report.seam is None else f", seam {report.seam:.2f}"
    length = f"{report.seconds:g} s at {report.fps:g} fps"
    yield f"{report.output}  {length}, {report.frames} frames of {width}x{height} px{seam}"


@declare(
    "genart render drift --model pomona --seconds 8 --size 512 -o loop.mp4", show, name="render"
)
@click.argument("sketch", required=False)
@click.option(
    "-o", "--output", metavar="PATH",
    help="The film; its suffix decides the format. A / at the end: a folder of PNG.  [genart.mp4]",
)  # fmt: skip
@click.option("--model", help="Name, file or URL.  [pomona]")
@click.option("--seeds", help="The keys of the walk, such as 1,2,5-9.")
@click.option("--keys", help="Latent files and seeds instead, such as apple.npz,7,pear.npz.")
@click.option("--walk", help="The kind of walk; `genart plugins` lists all.")
@click.option("--easing", help="How a step between two keys speeds up and slows down.")
@click.option("--even/--no-even", default=None, help="Change the picture at a constant rate.")
@click.option("--loop/--no-loop", default=None, help="Lead the last key back to the first.")
@click.option("--seconds", type=float, help="Length.  [8]")
@click.option("--beats", type=float, help="Length in beats instead of seconds.")
@click.option("--bpm", type=float, help="Beats a minute.")
@click.option("--fps", help="Frames a second, such as 30 or 30000/1001.  [30]")
@click.option("--size", metavar="N or WxH", help="Pixels, width first.")
@click.option("--truncation", type=float, help="1 is the whole space, 0 the average picture.")
@click.option(
    "--directions", type=click.Path(exists=True, dir_okay=False),
    help="A file of directions, each of which becomes a Param edit.<name>.",
)  # fmt: skip
@click.option(
    "--style", metavar="NAME[:TEXT]", multiple=True,
    help="Paint over the picture, such as fast:wave; may be repeated.",
)  # fmt: skip
@click.option("--class", "label", type=int, help="For models with classes.")
@precision_option
@click.option("--noise", type=click.Choice(("const", "random", "none", "walk")), help="Grain.")
@click.option("--grid", metavar="CxR", help="Several walks in one picture, columns x rows.")
@click.option(
    "--audio", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A sound track."
)
@click.option(
    "--map", "mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file that leads the sound track, and LFOs, onto Params.",
)  # fmt: skip
@click.option(
    "--title", "titles", multiple=True, help="A card before the film; a second one after it."
)
@click.option("--codec", help="One of the format's codecs, such as h265 or hap_alpha.")
@click.option(
    "--show", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A recorded show, made again at any size and rate.",
)  # fmt: skip
@click.option("--seed", type=int, help="What the sketch's own chance comes from.  [0]")
@click.option("--profile", is_flag=True, help="Say where the frames spent their time.")
@click.option(
    "-p", "params", type=Assignment(), multiple=True, help="Turn any Param; may be repeated."
)
def command(
    params: tuple[tuple[str, str], ...], device: str, progress: ProgressCallback, **options: Any
) -> Any:
    """Render a sketch to a film or loop.

    SKETCH is the name of a shipped sketch or a .py file; drift unless given.
    """
    from genart.rendering.render_film import render

    given = {name: value for name, value in options.items() if value not in (None, ())}
    report = render(params=dict(params), device=device, progress=progress, tell=_tell, **given)
    tell_profile(report.profile)
    return report


def _tell(line: str) -> None:
    click.echo(line, err=True)
