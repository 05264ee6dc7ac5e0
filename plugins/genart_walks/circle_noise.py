"""Walks around keys: a circle, and a closed path of noise."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

import genart
from genart_walks.splines import exact, linear, slerp

_WAVES = 64  # harmonics a noise path may have
_TINY = 1e-12  # keeps divisions by the length of nothing finite


@dataclass(frozen=True)
class Circle:
    """A circle in a random plane, from the first key; labels blend on past all keys.

    In z the centre is the origin and every latent lies at radius sqrt(z_dim), where standard
    normal draws lie; phase 0 has the first key's direction. In w and w+ the centre is the mean of
    the keys and phase 0 is the first key itself, for radius 1. All layers of w+ share one
    direction, so that they stay one style if they were.

    Args:
        seed: which plane.
        radius: a factor on those radii.

    Raises:
        UsageError: a single key in w or w+, which has no centre; a negative radius.
    """

    seed: int
    radius: float

    def __post_init__(self) -> None:
        _check_radius(self.radius)

    def __call__(self, keys: genart.Latent, phase: float, loop: bool) -> genart.Latent:
        """One latent at phase 0..1; an open circle also covers the whole circle."""
        centre, start = self._spokes(exact(keys.values), keys.space)
        draw = torch.from_numpy(_normal(self.seed, 1, start.shape[-1])[0]).to(start.device)
        across = _square_to(start, draw.expand_as(start))
        turn = 2 * math.pi * (phase % 1)
        place = centre + self.radius * (math.cos(turn) * start + math.sin(turn) * across)
        return _placed(keys, place, phase, loop)

    def _spokes(self, values: torch.Tensor, space: str) -> tuple[torch.Tensor, torch.Tensor]:
        """The centre, and the way from it to phase 0 at radius 1."""
        if space != "z":
            _check_spread(values, "circle")
            centre = values.mean(0)
            return centre, values[0] - centre
        first = values[0] if values[0].any() else torch.ones_like(values[0])
        return torch.zeros_like(first), first * (math.sqrt(len(first)) / first.norm())


@dataclass(frozen=True)
class NoisePath:
    """A periodic Gaussian process around the keys.

    The process has MacKay's periodic kernel exp(-2 sin^2(pi d) / smoothness^2) ("Introduction to
    Gaussian Processes", 1998) without its constant part, by its Fourier series: the path closes
    by construction and every coordinate is standard normal at every phase. In z it is added to
    the key (several keys: to a slerp through them) so that latents stay standard normal; in w and
    w+ it is measured by the spread of the keys, one direction for all layers.

    Args:
        seed: which path.
        radius: deviation from the keys; 0 is the keys alone, 1 is as far as the keys are apart.
        smoothness: the kernel's length scale, 0.05..10.

    Raises:
        UsageError: a single key in w or w+, which has no spread; options out of range.
    """

    seed: int
    radius: float
    smoothness: float

    def __post_init__(self) -> None:
        _check_radius(self.radius)
        if not 0.05 <= self.smoothness <= 10:
            raise genart.UsageError(f"Smoothness {self.smoothness} is outside 0.05..10.")

    def __call__(self, keys: genart.Latent, phase: float, loop: bool) -> genart.Latent:
        """One latent at phase 0..1."""
        values = exact(keys.values)
        base = values[0] if len(keys) == 1 else exact(slerp(keys, phase, loop).values[0])
        path = _path(self.seed, self.smoothness, values.shape[-1], phase % 1)
        strayed = self.radius * torch.from_numpy(path).to(values.device)
        if keys.space == "z":
            place = (base + strayed) / math.sqrt(1 + self.radius**2)
        else:
            _check_spread(values, "noise")
            place = base + strayed * values.std(0, correction=0).square().mean(-1, True).sqrt()
        return _placed(keys, place, phase, loop)


def _placed(keys: genart.Latent, place: torch.Tensor, phase: float, loop: bool) -> genart.Latent:
    """A latent with the labels and truncation of a straight walk past the keys."""
    past = keys if len(keys) == 1 else linear(keys, phase, loop)
    return replace(past, values=place[None].float().to(keys.values.device))


def _square_to(start: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
    """The part of draw at right angles to start, as long as start, row by row (..., d)."""
    share = (draw * start).sum(-1, True) / start.square().sum(-1, True).clamp_min(_TINY)
    across = draw - share * start
    longer = start.norm(dim=-1, keepdim=True) / across.norm(dim=-1, keepdim=True).clamp_min(_TINY)
    return across.mul(longer)


@lru_cache(maxsize=8)
def _normal(seed: int, rows: int, size: int) -> NDArray[np.float64]:
    return np.random.RandomState(seed).randn(rows, size)


@lru_cache(maxsize=8)
def _spectrum(smoothness: float) -> NDArray[np.float64]:
    """Standard deviations (waves,) of harmonics 1, 2, ...; their squares sum to 1."""
    turns = np.arange(1024) / 1024
    kernel = np.exp(-2 * np.sin(np.pi * turns) ** 2 / smoothness**2)
    power = np.fft.rfft(kernel).real[1 : _WAVES + 1].clip(min=0)
    return np.asarray(np.sqrt(power / power.sum()))


def _path(seed: int, smoothness: float, size: int, phase: float) -> NDArray[np.float64]:
    """The process (size,) at a phase 0..1."""
    turns = 2 * math.pi * phase * np.arange(1, _WAVES + 1)
    spectrum = _spectrum(smoothness)
    waves = np.concatenate([np.cos(turns) * spectrum, np.sin(turns) * spectrum])
    return np.asarray(waves @ _normal(seed, 2 * _WAVES, size))


def _check_radius(radius: float) -> None:
    if not (math.isfinite(radius) and radius >= 0):
        raise genart.UsageError(f"The radius must be 0 or more, not {radius}.")


def _check_spread(values: torch.Tensor, kind: str) -> None:
    if len(values) < 2:
        raise genart.UsageError(
            f'In w and w+ a "{kind}" walk derives its scale from its keys and needs at least two; '
            "in z one key is enough."
        )
