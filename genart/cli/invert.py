"""`genart invert`: find the latents of images."""

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
    """What to print: one line per image."""
    for each in found.results:
        if each.error:
            yield each.error  # it names the image
        else:
            again = ", found before" if each.reused else ""
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
    help="Folder for latents, previews and the index.",
)  # fmt: skip
@click.option("--model", default=MODEL, show_default=True, help="Model name, file or URL.")
@click.option(
    "--method", default="projector", show_default=True, help="`genart plugins` lists the inverters."
)
@click.option("--steps", type=int, help="Number of steps.  [depends on the method]")
@click.option("--space", type=click.Choice(("w", "w+")), help="projector: latent space.  [w]")
@click.option(
    "--start", help="projector: start at auto, average, samples, encoder, or an .npz file."
)
@click.option("--encoder", help="encoder, projector: encoder file.  [found automatically]")
@click.option("--tuning", type=int, help="pivotal: steps of tuning.  [200]")
@click.option("--features", help="Feature network: lite0, vgg16, a file of VGG-16's, or auto.")
@click.option("--weight", type=float, help="semantic: weight of the classifier features.  [5]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random numbers.")
@click.option(
    "--fit", type=click.Choice(("crop", "pad", "stretch")), default="crop", show_default=True,
    help="How images are scaled to the model's size.",
)  # fmt: skip
@click.option("--batch", type=int, help="Images per batch.  [4; pivotal: all]")
@click.option("--film", type=click.Path(path_type=Path), help="Write a film of the search.")
@click.option(
    "--smooth", type=float, default=1.0, show_default=True,
    help="For a film as input: smooth the latents over this many frames; 0 for none.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Continue in a folder that contains inversions.")
def command(
    images: tuple[Path, ...], output: Path, device: str, progress: ProgressCallback, **options: Any
) -> Any:
    """Find the latents of images.

    IMAGES are image files, films, or folders of images. Each gets an .npz file that other commands
    accept; that of a film holds one latent per frame.
    """
    from genart.inversion.api import invert_all

    given = {name: value for name, value in options.items() if value is not None}
    return invert_all(_pictures(images), output, device=device, progress=progress, **given)


def _pictures(paths: tuple[Path, ...]) -> Iterator[Path]:
    from genart.data.image_files import list_images

    for path in paths:
        if path.is_dir():
            found = list_images(path)
            found.report().log()
            yield from found.paths()
        else:
            yield path
