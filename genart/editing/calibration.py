"""The scale of directions: one unit is one visible step."""

from __future__ import annotations

from dataclasses import replace

import torch

from genart.contracts import Generator
from genart.editing.directions import Directions
from genart.latent import Latent
from genart.perception.perceptual import perceptual_distance
from genart.progress import Progress, ProgressCallback

#: One unit changes an image by this share of the distance between two random ones.
SHARE = 0.25
_TRIES, _CLOSE = 8, 0.03


def visible(
    model: Generator,
    directions: Directions,
    *,
    share: float = SHARE,
    truncation: float = 0.7,
    count: int = 6,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Directions:
    """The same directions, each as long that one unit of it is equally visible.

    A unit is the step, forwards and backwards, that changes the images of some random latents by
    `share` of the mean perceptual distance between them.

    Args:
        model: whose directions these are.
        directions: of any length but 0.
        share: of the distance between random images.
        truncation: of the latents.
        count: number of compared images.
        seed: of the latents: seed and the following ones.
        progress: called for every direction.
    """
    with torch.no_grad():
        start = model.map(model.sample(range(seed, seed + count)), truncation)
        pictures = model(start)
        goal = share * float(perceptual_distance(pictures, pictures.roll(1, 0)).mean())
        spread = float((start.values - start.values.mean(0)).norm(dim=2).mean())
        steps = []
        for n, each in enumerate(directions, 1):
            steps.append(each.steps[0] * _unit(model, start, pictures, each, goal, spread))
            if progress:
                progress(Progress(n, len(directions), "direction"))
    return replace(directions, steps=torch.stack(steps))


def _unit(
    model: Generator,
    start: Latent,
    pictures: torch.Tensor,
    direction: Directions,
    goal: float,
    length: float,
) -> float:
    """The length at which the change is the goal, found by steps in proportion to what is left."""
    (name,), longest = direction.names, 64 * length
    for _ in range(_TRIES):
        change = 0.0
        for sign in (-1.0, 1.0):
            moved = model(direction.move(start, {name: sign * length}))
            change += 0.5 * float(perceptual_distance(moved, pictures).mean())
        if abs(change - goal) <= _CLOSE * goal or length >= longest:
            break
        length = min(length * min(max(goal / max(change, 1e-9), 0.25), 4.0), longest)
    return length
