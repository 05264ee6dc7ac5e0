"""`genart promo`: walks, films and pictures in a row, with titles and music."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.render import show

if TYPE_CHECKING:
    from genart.progress import ProgressCallback


@declare(
    'genart promo "drift seeds=1-4 seconds=6" poster.png --title Pomona --audio a.wav -o promo.mp4',
    show,
    name="promo",
)
@click.argument("scenes", nargs=-1, required=True)
@click.option("-o", "--output", metavar="PATH", help="The film.  [promo.mp4]")
@click.option(
    "--title", "titles", multiple=True,
    help="A card before the first scene; the next before the next; one more ends the film.",
)  # fmt: skip
@click.option(
    "--audio", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A sound track."
)
@click.option("--crossfade", type=float, help="Seconds in which neighbours blend.  [1]")
@click.option("--still", type=float, help="Seconds that a picture is shown.  [4]")
@click.option("--card", type=float, help="Seconds that a title is shown.  [2.5]")
@click.option("--fps", help="Frames a second.  [30]")
@click.option("--size", metavar="N or WxH", help="Pixels, width first.  [1280x720]")
@click.option("--codec", help="One of the format's codecs.")
def command(
    scenes: tuple[str, ...], device: str, progress: ProgressCallback, **options: Any
) -> Any:
    """Join walks, films and pictures into one film.

    A SCENE is a picture, a film, or a sketch with words of `genart render` in one pair of quotes.
    """
    from genart.rendering.promo import promo
    from genart.rendering.scenes import parse_scene

    given = {name: value for name, value in options.items() if value is not None}
    parts = [parse_scene(scene) for scene in scenes]
    return promo(parts, device=device, progress=progress, **given)
