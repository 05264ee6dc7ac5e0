"""`genart invert`: from pictures to their places in latent space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.options import MODEL

if TYPE_CHECKING:
    from genart.inversion.store import Inversions
    from genart.progress import ProgressCallback


def show(found: Inversions) -> Iterator[str]:
    """What to print: a line a picture."""
    for each in found.results:
        if each.error:
            yield each.error  # it names the picture
        else:
            again = ", kept from before" if each.reused else ""
            with_model = f" with {each.model}" if each.model else ""
            yield (
                f"{each.image} -> {each.latent}{with_model}  distance {each.distance:.3f}{again}"
            )
    if found.film:
        yield f"Film: {found.film}"
    if found.failed:
        yield f"{found.failed} of {len(found.results)} failed"


@declare("genart invert apple.jpg pear.jpg --space w+ -o latents", show, name="invert")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="The folder for latents, previews and the index.",
)  # fmt: skip
@click.option("--model", default=MODEL, show_default=True, help="Name, file or URL.")
@click.option(
    "--method", default="projector", show_default=True, help="`genart plugins` lists the inverters."
)
@click.option("--steps", type=int, help="How long to search.  [what suits the method]")
@click.option("--space", type=click.Choice(("w", "w+")), help="projector: where to search.  [w]")
@click.option("--start", help="projector: auto, average, samples, encoder, or an .npz file.")
@click.option("--encoder", help="encoder, projector: its file.  [found by itself]")
@click.option("--tuning", type=int, help="pivotal: steps of tuning.  [200]")
@click.option("--features", help="lite0, vgg16, a file of VGG16's weights, or auto.")
@click.option("--weight", type=float, help="semantic: of what is seen, beside the pixels.  [5]")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the search's own chance.")
@click.option(
    "--fit", type=click.Choice(("crop", "pad", "stretch")), default="crop", show_default=True,
    help="How pictures are brought to the model's size.",
)  # fmt: skip
@click.option("--batch", type=int, help="How many at once.  [4; pivotal: all]")
@click.option("--film", type=click.Path(path_type=Path), help="A film of the search.")
@click.option(
    "--smooth", type=float, default=1.0, show_default=True,
    help="Frames over which a filmed input is smoothed; 0 for none.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on in a folder; nothing is searched for twice.")
def command(
    images: tuple[Path, ...], output: Path, device: str, progress: ProgressCallback, **options: Any
) -> Any:
    """Find the places of pictures in a model's latent space.

    IMAGES are picture files, films, or folders of pictures. Each gets an .npz that other commands
    take; a film's holds a place a frame.
    """
    from genart.inversion.api import invert_all

    given = {name: value for name, value in options.items() if value is not None}
    return invert_all(_pictures(images), output, device=device, progress=progress, **given)


def _pictures(paths: tuple[Path, ...]) -> Iterator[Path]:
    from genart.media.images import SUFFIXES

    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
        else:
            yield path
