"""A film as input: the latents of its frames, each found from the last, smoothed in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor

from genart.contracts import (
    Frame,
    Generator,
    Image,
    Inversion,
)
from genart.errors import DataError
from genart.latent import Latent, join
from genart.media.frames import frame_to_image, image_on_black
from genart.media.images import fit_frame
from genart.perception.perceptual import perceptual_distance
from genart.progress import Progress, ProgressCallback

_SHARE = 10  # a frame that starts at the latent before needs this share of the steps
_MOST = 20_000  # frames of one film
#: Finds the latent of an image from an optional start, in a number of steps.
Seek = Callable[[Image, "Latent | None", int], Inversion]


@dataclass(frozen=True)
class Followed:
    """The latents of a film.

    Args:
        latent: all of them, n.
        latents: one by one, smoothed.
        frames: the targets, (1, 3, h, w) each.
        fps: frames per second.
        loss: the searches' mean last loss.
        distance: the mean perceptual distance of frames and what was found, after smoothing.
        features: the network whose features were compared.
    """

    latent: Latent
    latents: Sequence[Latent]
    frames: Sequence[Image]
    fps: Fraction
    loss: float
    distance: float
    features: str


def follow(
    path: Path,
    generator: Generator,
    seek: Seek,
    steps: int,
    smooth: float,
    fit: str,
    progress: ProgressCallback | None = None,
) -> Followed:
    """Find the latents of a film's frames.

    The first frame gets `steps` steps; each of the others starts at the latent of the one before
    and gets a tenth of them. Then the latents are smoothed in time.

    Args:
        path: a film.
        generator: the model.
        seek: the search.
        steps: of the first frame; 0 estimates every frame independently.
        smooth: the standard deviation of a Gaussian over frames; 0 for none.
        fit: as for `read_image`.
        progress: called after every frame.

    Raises:
        DataError: not a film, or too long.
        UsageError: an unknown fit.
    """
    frames, fps = _read(path, generator.resolution, fit)
    found: list[Inversion] = []
    for number, frame in enumerate(frames):
        start = found[-1].latent if found else None
        each = seek(frame, start, steps if start is None else -(-steps // _SHARE))
        found.append(each)
        if progress:
            progress(Progress(number + 1, len(frames), "frame", f"{each.losses[-1]:.4f}"))
    latent = smoothed(join([each.latent for each in found]), smooth)
    latents = [latent[n] for n in range(len(latent))]
    with torch.no_grad():
        apart = [
            float(perceptual_distance(image_on_black(generator(each)).cpu(), frame))
            for each, frame in zip(latents, frames, strict=True)
        ]
    loss = sum(each.losses[-1] for each in found) / len(found)
    distance = sum(apart) / len(apart)
    return Followed(latent, latents, frames, fps, loss, distance, found[0].features)


def smoothed(latent: Latent, deviation: float) -> Latent:
    """Each latent as the Gaussian mean of those around it; the ends are mirrored."""
    reach = min(round(3 * deviation), len(latent) - 1)
    if reach < 1:
        return latent
    at = torch.arange(-reach, reach + 1, dtype=torch.float32)
    weight = torch.exp(-0.5 * (at / deviation) ** 2)
    values = _mirrored(latent.values, reach)
    windows = values.unfold(0, 2 * reach + 1, 1)  # (n, ..., window)
    mean = (windows * (weight / weight.sum()).to(values)).sum(-1)
    return Latent(latent.space, mean, latent.label)


def _mirrored(values: Tensor, reach: int) -> Tensor:
    before, after = values[1 : reach + 1].flip(0), values[-reach - 1 : -1].flip(0)
    return torch.cat([before, values, after])


def _read(path: Path, size: tuple[int, int], fit: str) -> tuple[list[Image], Fraction]:
    """A film's frames at the model's size, and their rate."""
    from genart.media.film_probe import probe_film
    from genart.media.video import read_film

    film = probe_film(path)
    if film.frames > _MOST:
        raise DataError(f"{path} has {film.frames} frames; at most {_MOST} are allowed. Cut it.")
    frames: list[Frame] = [
        fit_frame(frame, size, fit) for frame in read_film(film, film.size, film.fps)
    ]
    if not frames:
        raise DataError(f"{path} contains no readable frame.")
    return [frame_to_image(frame) for frame in frames], film.fps
