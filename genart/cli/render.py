"""`genart render`: render a sketch to a film or loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.command import tell_profile
from genart.cli.options import Assignment, class_option, precision_option

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
    help="Output file; the suffix sets the format, a final / makes PNG files.  [genart.mp4]",
)  # fmt: skip
@click.option("--model", help="Model name, file or URL.  [pomona]")
@click.option("--seeds", help="Seeds of the keys, for example 1,2,5-9.")
@click.option("--keys", help="Latent files and seeds, for example apple.npz,7,pear.npz.")
@click.option("--walk", help="Kind of walk; `genart plugins` lists them.")
@click.option("--easing", help="Change of speed between two keys.")
@click.option("--even/--no-even", default=None, help="Constant perceptual speed.")
@click.option("--loop/--no-loop", default=None, help="Close the walk to a loop.")
@click.option("--seconds", type=float, help="Length in seconds.  [8]")
@click.option("--beats", type=float, help="Length in beats instead of seconds.")
@click.option("--bpm", type=float, help="Beats per minute.")
@click.option("--fps", help="Frames per second, for example 30 or 30000/1001.  [30]")
@click.option("--size", metavar="N or WxH", help="Size in pixels, width first.")
@click.option("--truncation", type=float, help="1 for the full variety, 0 for the average image.")
@click.option(
    "--directions", type=click.Path(exists=True, dir_okay=False),
    help="File of edit directions; each becomes a Param edit.<name>.",
)  # fmt: skip
@click.option(
    "--style", metavar="NAME[:TEXT]", multiple=True,
    help="Repaint every frame, for example fast:great_wave; repeatable.",
)  # fmt: skip
@class_option
@precision_option
@click.option(
    "--noise",
    type=click.Choice(("const", "random", "none", "walk")),
    help="Noise input; walk moves it with the loop.",
)
@click.option("--grid", metavar="CxR", help="Several walks in one frame, columns x rows.")
@click.option(
    "--audio", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Sound track."
)
@click.option(
    "--map", "mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file that maps the sound track and LFOs to Params.",
)  # fmt: skip
@click.option(
    "--title",
    "titles",
    multiple=True,
    help="Title card before the film; the second one is shown after it.",
)
@click.option(
    "--font", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Font file for titles; bundled fonts have the letters that it lacks.",
)  # fmt: skip
@click.option("--codec", help="Codec of the format, for example h265 or hap_alpha.")
@click.option(
    "--show", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Recorded show to render, at any size and rate.",
)  # fmt: skip
@click.option("--seed", type=int, help="Seed of the sketch's random numbers.  [0]")
@click.option("--profile", is_flag=True, help="Report where the time of the frames goes.")
@click.option("-p", "params", type=Assignment(), multiple=True, help="Set a Param; repeatable.")
def command(
    params: tuple[tuple[str, str], ...], device: str, progress: ProgressCallback, **options: Any
) -> Any:
    """Render a sketch to a film or loop.

    SKETCH is the name of an included sketch or a .py file; the default is drift.
    """
    from genart.rendering.render_film import render

    given = {name: value for name, value in options.items() if value not in (None, ())}
    report = render(params=dict(params), device=device, progress=progress, tell=_tell, **given)
    tell_profile(report.profile)
    return report


def _tell(line: str) -> None:
    click.echo(line, err=True)
