"""A film of searches: the target beside the current image, from the first latent to the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import torch

from genart.contracts import Frame, Generator, Image
from genart.errors import UsageError
from genart.inversion.store import beside
from genart.latent import Latent
from genart.media.film_spec import Film
from genart.media.frames import image_on_black, to_frames
from genart.progress import ProgressCallback
from genart.rendering.write import write_film

SHOWN_LATENTS = 90  # intermediate latents of each search that a film shows
_FPS, _HOLD = Fraction(30), 30  # frames per second; frames that show the last latent of a search
_LEAST = 256  # minimum side of each image in pixels


@dataclass(frozen=True)
class Scene:
    """One search, or one inverted film.

    Args:
        generator: makes the images.
        targets: target images, (1, 3, h, w) each: one for all latents or one per latent.
        latents: what to show beside it, one latent each.
        fps: of an inverted film; None for a search.
    """

    generator: Generator
    targets: Sequence[Image]
    latents: Sequence[Latent]
    fps: Fraction | None = None


def keep_film(
    output: str | Path,
    scenes: Sequence[Scene],
    size: tuple[int, int],
    progress: ProgressCallback | None = None,
) -> str:
    """Write the scenes one after the other; returns the film's path.

    Args:
        output: a film file; its suffix sets the format.
        scenes: in order; those without latents are skipped.
        size: (h, w) of the images.
        progress: called after every frame.

    Raises:
        UsageError: nothing to show, for example because every result existed before.
    """
    shown = [scene for scene in scenes if scene.latents]
    if not shown:
        raise UsageError(
            f"There is nothing to show in {output}: no search was made now, or the method does "
            "not store intermediate latents."
        )
    height, width = (side * max(1, -(-_LEAST // min(size))) for side in size)
    rates = {scene.fps for scene in shown if scene.fps}
    count = sum(len(scene.latents) + (0 if scene.fps else _HOLD) for scene in shown)
    film = Film(count, rates.pop() if len(rates) == 1 else _FPS, (height, 2 * width))
    frames = (frame for scene in shown for frame in _frames(scene, (height, width)))
    write_film(frames, film, output, progress)
    return str(output)


def _frames(scene: Scene, size: tuple[int, int]) -> Iterator[Frame]:
    frame: Frame | None = None
    for number, latent in enumerate(scene.latents):
        target = scene.targets[number if len(scene.targets) > 1 else 0]
        with torch.no_grad():
            image = image_on_black(scene.generator(latent)).cpu()
        frame = beside(*to_frames(torch.cat([target.cpu(), image]), size))
        yield frame
    if frame is not None and not scene.fps:
        yield from [frame] * _HOLD
