"""`genart promo`: join walks, films and images, with titles and music."""

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
@click.option("-o", "--output", metavar="PATH", help="Output film.  [promo.mp4]")
@click.option(
    "--title", "titles", multiple=True,
    help="Title card before the next scene; one more ends the film.",
)  # fmt: skip
@click.option(
    "--font", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Font file for titles; bundled fonts have the letters that it lacks.",
)  # fmt: skip
@click.option(
    "--audio", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Sound track."
)
@click.option("--crossfade", type=float, help="Length of a cross-fade in seconds.  [1]")
@click.option("--still", type=float, help="Time that an image is shown, in seconds.  [4]")
@click.option("--card", type=float, help="Time that a title card is shown, in seconds.  [2.5]")
@click.option("--fps", help="Frames per second.  [30]")
@click.option("--size", metavar="N or WxH", help="Size in pixels, width first.  [1280x720]")
@click.option("--codec", help="Codec of the format.")
def command(
    scenes: tuple[str, ...], device: str, progress: ProgressCallback, **options: Any
) -> Any:
    """Join walks, films and images into one film.

    A SCENE is an image, a film, or a sketch with options of `genart render` in one pair of quotes.
    """
    from genart.rendering.promo import promo
    from genart.rendering.scenes import parse_scene

    given = {name: value for name, value in options.items() if value is not None}
    parts = [parse_scene(scene) for scene in scenes]
    return promo(parts, device=device, progress=progress, **given)
