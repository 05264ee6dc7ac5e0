"""Constant perceptual speed: a walk paced by the distance its images travel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from genart.contracts import Generator, Image, Interpolator
from genart.errors import UsageError
from genart.latent import Latent
from genart.latents.walks import Walk, eased
from genart.progress import Progress, ProgressCallback

_COARSEST, _FINEST = 8, 64  # pixels on the longer side of the levels that are compared
_FLOOR = 1e-3  # slowest pace that is corrected, as a share of the mean pace


def even(
    walk: Walk,
    generator: Generator,
    *,
    samples: int = 96,
    truncation: float = 1.0,
    cutoff: int | None = None,
    features: Callable[[Image], torch.Tensor] | None = None,
    progress: ProgressCallback | None = None,
) -> Walk:
    """Return a walk along the same path at constant perceptual speed.

    The walk is sampled at equal steps of the phase, the distances between neighbouring images are
    added up, and the running sum is inverted by a monotone cubic, so that equal steps of the phase
    travel equal distances. Keys keep their order but not their phases, except the first (and the
    last of an open walk). A loop still closes bit for bit.

    Args:
        walk: the walk; its own easing has no effect any more.
        generator: makes the images, with constant noise.
        samples: number of images; 16 per key or more.
        truncation: the one that the film will use.
        cutoff: the one that the film will use.
        features: a function from images (n, c, h, w) to rows (n, d) whose Euclidean distance is
            measured; `pyramid` by default.
        progress: called after every batch, in "image".

    Returns:
        A Walk with the same keys and loop.

    Raises:
        UsageError: fewer than 4 samples.

    Reference: Fritsch, Butland, A Method for Constructing Local Monotone Piecewise Cubic
    Interpolants (1984).
    """
    clock = travel(
        walk, generator, samples=samples, truncation=truncation, cutoff=cutoff, features=features,
        progress=progress,
    )  # fmt: skip
    return replace(walk, interpolator=Paced(walk.interpolator, walk.easing, clock), easing="linear")


def travel(
    walk: Walk,
    generator: Generator,
    *,
    samples: int = 96,
    truncation: float = 1.0,
    cutoff: int | None = None,
    features: Callable[[Image], torch.Tensor] | None = None,
    batch: int = 8,
    progress: ProgressCallback | None = None,
) -> Clock:
    """The clock by which a walk travels equal distances in equal times.

    It takes what `even` takes, and how many images are made at a time, and raises what that raises.
    """
    if samples < 4:
        raise UsageError(f"Pacing a walk takes 4 samples or more, not {samples}.")
    phases = [k / samples for k in range(samples + 1)]
    rows: list[torch.Tensor] = []
    steps: list[torch.Tensor] = []
    for start in range(0, len(phases), batch):
        with torch.no_grad():
            latents = walk.at(phases[start : start + batch])
            image = generator(latents, truncation=truncation, cutoff=cutoff)
            rows = [*rows[-1:], *(features or pyramid)(image).cpu().double()]  # MPS has no float64
        steps += [(after - before).norm() for before, after in pairwise(rows)]
        if progress is not None:
            progress(Progress(min(start + batch, len(phases)), len(phases), "image"))
    return _clock(torch.stack(steps).numpy(), walk.loop)


def pyramid(image: Image) -> torch.Tensor:
    """Cheap features of images: colours and edges at four scales.

    Levels have 64, 32, 16 and 8 pixels on the longer side (fewer if the image is small), made by
    area averaging. Each gives its pixels and its horizontal and vertical differences, divided by
    the root of their number, so that every level counts the same and size does not matter.

    Args:
        image: (n, c, h, w) in -1..1.

    Returns:
        Rows (n, d); the distance of two images is the Euclidean distance of their rows.
    """
    parts: list[torch.Tensor] = []
    longest = _FINEST
    while longest >= _COARSEST:
        level = _shrunk(image, longest)
        right, down = level.diff(dim=3), level.diff(dim=2)
        parts += [part.flatten(1) / max(part[0].numel(), 1) ** 0.5 for part in (level, right, down)]
        longest //= 2
    return torch.cat(parts, dim=1)


def _shrunk(image: Image, longest: int) -> Image:
    height, width = image.shape[-2:]
    scale = min(longest / max(height, width), 1.0)
    image = image.cpu() if image.device.type == "mps" else image  # Metal pools even shares alone
    return F.adaptive_avg_pool2d(
        image, (max(round(height * scale), 1), max(round(width * scale), 1))
    )


@dataclass(frozen=True)
class Paced:
    """An interpolator that reads the phase off another clock."""

    interpolator: Interpolator
    easing: str
    clock: Clock

    def __call__(self, keys: Latent, phase: float, loop: bool) -> Latent:
        """One latent, n = 1, at this share of the distance that the walk travels."""
        phase = eased(self.clock(phase), len(keys), loop, self.easing)
        return self.interpolator(keys, phase % 1 if loop else phase, loop)


@dataclass(frozen=True)
class Clock:
    """A monotone cubic through (travelled, phase), both 0..1: distance goes in, phase comes out."""

    travelled: NDArray[np.float64]
    phase: NDArray[np.float64]
    slope: NDArray[np.float64]

    def __call__(self, travelled: float) -> float:
        """The phase at which this share of the way is behind us; 0 and 1 stay."""
        k = int(np.searchsorted(self.travelled, travelled, side="right")) - 1
        k = min(max(k, 0), len(self.travelled) - 2)
        width = self.travelled[k + 1] - self.travelled[k]
        t = (travelled - self.travelled[k]) / width
        start, rise = self.phase[k], self.phase[k + 1] - self.phase[k]
        leave, arrive = self.slope[k] * width, self.slope[k + 1] * width
        curve = t * t * (3 - 2 * t) * rise + t * (1 - t) * ((1 - t) * leave - t * arrive)
        return float(min(max(start + curve, 0.0), 1.0))


def _clock(steps: NDArray[np.float64], loop: bool) -> Clock:
    """The clock of a walk whose images travel `steps` between even phases."""
    phase = np.linspace(0, 1, len(steps) + 1)
    mean = steps.mean()
    steps = np.maximum(steps, _FLOOR * mean) if mean > 0 else np.ones_like(steps)
    travelled = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    travelled[-1] = 1.0
    pace = 1 / (steps * len(steps) / steps.sum())  # phase per distance in each interval
    before = pace[-1:] if loop else pace[:1]
    after = pace[:1] if loop else pace[-1:]
    left, right = np.concatenate([before, pace]), np.concatenate([pace, after])
    return Clock(travelled, phase, 2 * left * right / (left + right))
