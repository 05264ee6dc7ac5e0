"""A film of searches: what is asked for beside what is found, from the first place to the last."""

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
from genart.media.frames import to_frames
from genart.progress import ProgressCallback
from genart.rendering.write import write_film

PLACES = 90  # on the way of each search that a film shows
_FPS, _HOLD = Fraction(30), 30  # frames a second; how many the last place of a search stays
_LEAST = 256  # pixels a side of each picture, at least


@dataclass(frozen=True)
class Scene:
    """One search, or one film that was followed.

    Args:
        generator: makes the pictures.
        targets: what was asked for, (1, 3, h, w) each: one for all places or one a place.
        places: what to show beside it, one place each.
        fps: of a film that was followed; None for a search.
    """

    generator: Generator
    targets: Sequence[Image]
    places: Sequence[Latent]
    fps: Fraction | None = None


def keep_film(
    output: str | Path,
    scenes: Sequence[Scene],
    size: tuple[int, int],
    progress: ProgressCallback | None = None,
) -> str:
    """Write the scenes one after the other; returns the film's path.

    Args:
        output: a film file; its suffix decides the format.
        scenes: in order; those without places are left out.
        size: (h, w) of the pictures.
        progress: told after every frame.

    Raises:
        UsageError: nothing to show, such as when every place was found before.
    """
    shown = [scene for scene in scenes if scene.places]
    if not shown:
        raise UsageError(
            f"There is nothing to film for {output}: no search was made now, or none by a method "
            "that keeps its way."
        )
    height, width = (side * max(1, -(-_LEAST // min(size))) for side in size)
    rates = {scene.fps for scene in shown if scene.fps}
    count = sum(len(scene.places) + (0 if scene.fps else _HOLD) for scene in shown)
    film = Film(count, rates.pop() if len(rates) == 1 else _FPS, (height, 2 * width))
    frames = (frame for scene in shown for frame in _frames(scene, (height, width)))
    write_film(frames, film, output, progress)
    return str(output)


def _frames(scene: Scene, size: tuple[int, int]) -> Iterator[Frame]:
    frame: Frame | None = None
    for number, place in enumerate(scene.places):
        target = scene.targets[number if len(scene.targets) > 1 else 0]
        with torch.no_grad():
            image = scene.generator(place).cpu()
        frame = beside(*to_frames(torch.cat([target.cpu(), image]), size))
        yield frame
    if frame is not None and not scene.fps:
        yield from [frame] * _HOLD
