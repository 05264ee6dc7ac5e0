"""Walks through keys: linear, spherical, Catmull-Rom, B-spline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

import genart

_TINY = 1e-7  # below it, the sine of an angle gives no direction


def linear(keys: genart.Latent, phase: float, loop: bool) -> genart.Latent:
    """Straight from key to key."""
    i, j, t = _between(keys, phase, loop, "linear")
    weights = [0.0] * len(keys)
    weights[i] += 1 - t
    weights[j] += t
    return genart.blend(keys, weights)


def slerp(keys: genart.Latent, phase: float, loop: bool) -> genart.Latent:
    """Along great circles (Shoemake 1985): direction by angle, length by proportion.

    Opposite keys go round through a fixed perpendicular; a key at the origin has no direction
    and is approached straight. In w and w+, which are no spheres, this is `linear`.
    """
    i, j, t = _between(keys, phase, loop, "slerp")
    straight = linear(keys, phase, loop)
    if keys.space != "z" or t in (0, 1):
        return straight
    start, end = (exact(keys.values[k]) for k in (i, j))
    return replace(straight, values=_arc(start, end, t)[None].float().to(keys.values.device))


def cubic(keys: genart.Latent, phase: float, loop: bool) -> genart.Latent:
    """A Catmull-Rom spline (1974), closed in a loop; open ends continue straight.

    Labels and truncation go straight from key to key, so that labels stay a convex blend.
    """
    i, _, t = _between(keys, phase, loop, "cubic")
    return _splined(keys, phase, loop, i, _catmull_rom(t), np.eye(len(keys)))


def bspline(keys: genart.Latent, phase: float, loop: bool) -> genart.Latent:
    """A uniform cubic B-spline that meets the keys (de Boor 1978): curvature never jumps.

    Labels and truncation go straight from key to key, so that labels stay a convex blend.
    """
    i, _, t = _between(keys, phase, loop, "bspline")
    if t in (0, 1):
        return linear(keys, phase, loop)
    return _splined(keys, phase, loop, i, _b_spline(t), _control(len(keys), loop))


def _between(keys: genart.Latent, phase: float, loop: bool, kind: str) -> tuple[int, int, float]:
    if len(keys) < 2:
        raise genart.UsageError(
            f'A "{kind}" walk goes from key to key and needs at least two keys, not {len(keys)}; '
            "circle, noise, pulse and traverse need only one."
        )
    return genart.latents.segment(phase, len(keys), loop)


def exact(rows: torch.Tensor) -> torch.Tensor:
    """Rows in float64, on their device where that has it."""
    return (rows.cpu() if rows.device.type == "mps" else rows).double()


def _arc(a: torch.Tensor, b: torch.Tensor, t: float) -> torch.Tensor:
    """The point t of the way from a (d,) to b (d,), without a branch on their values."""
    long_a, long_b = a.norm(), b.norm()
    u, v = a / long_a.clamp_min(_TINY), b / long_b.clamp_min(_TINY)
    along = u @ v
    rest = v - along * u
    across = rest.norm()
    beside = torch.where(across > _TINY, rest / across.clamp_min(_TINY), _perpendicular(u))
    angle = t * torch.atan2(across, along)
    bent = ((1 - t) * long_a + t * long_b) * (angle.cos() * u + angle.sin() * beside)
    return torch.where(torch.minimum(long_a, long_b) > _TINY, bent, (1 - t) * a + t * b)


def _perpendicular(u: torch.Tensor) -> torch.Tensor:
    """A fixed unit vector at right angles to u (d,)."""
    axis = torch.zeros_like(u).scatter(0, u.abs().argmin(0, keepdim=True), 1.0)
    beside = axis - (axis @ u) * u
    unit: torch.Tensor = beside / beside.norm().clamp_min(_TINY)
    return unit


def _splined(
    keys: genart.Latent,
    phase: float,
    loop: bool,
    i: int,
    basis: Sequence[float],
    control: NDArray[np.float64],
) -> genart.Latent:
    """Values by a spline over control points (rows of `control`, weights of keys)."""
    values = genart.blend(
        genart.Latent(keys.space, keys.values), _spread(basis, i, loop, len(keys)) @ control
    )
    return replace(linear(keys, phase, loop), values=values.values)


def _spread(basis: Sequence[float], i: int, loop: bool, count: int) -> NDArray[np.float64]:
    """Weights (count,) of control points from those of the four around segment i."""
    weights = np.zeros(count)
    for k, weight in zip(range(i - 1, i + 3), basis, strict=True):
        if loop:
            weights[k % count] += weight
        elif 0 <= k < count:
            weights[k] += weight
        else:  # beyond an open end lies its last step once more
            last, inner = (0, 1) if k < 0 else (count - 1, count - 2)
            weights[last] += 2 * weight
            weights[inner] -= weight
    return weights


def _catmull_rom(t: float) -> tuple[float, float, float, float]:
    return (
        t * (-0.5 + t * (1 - 0.5 * t)),
        1 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
    )


def _b_spline(t: float) -> tuple[float, float, float, float]:
    s = 1 - t
    return (
        s**3 / 6,
        (4 - 6 * t * t + 3 * t**3) / 6,
        (4 - 6 * s * s + 3 * s**3) / 6,
        t**3 / 6,
    )


@lru_cache(maxsize=32)
def _control(count: int, loop: bool) -> NDArray[np.float64]:
    """Control points (count, count) as weights of keys: the spline passes the keys."""
    at_key = _b_spline(0.0)
    met = np.stack([_spread(at_key, i, loop, count) for i in range(count)])
    return np.asarray(np.linalg.inv(met), np.float64)
