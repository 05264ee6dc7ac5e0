"""Easings: how a walk spends its time between two keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

_REST = 0.2  # the share of a segment that "hold" rests at either end


def linear(t: float) -> float:
    """The same speed all the way."""
    return t


def sine(t: float) -> float:
    """Slow at the keys, fastest half way: a raised cosine."""
    return 0.5 - 0.5 * math.cos(math.pi * t)


def smoothstep(t: float) -> float:
    """Nearly `sine`: the cubic 3t^2 - 2t^3."""
    return t * t * (3 - 2 * t)


def hold(t: float) -> float:
    """Rests on a key for two tenths of the way, glides, and rests on the next for two tenths."""
    return sine(min(max((t - _REST) / (1 - 2 * _REST), 0.0), 1.0))


def cut(t: float) -> float:
    """Stays on a key until the next is due, then jumps: no loop of cuts has an even seam."""
    return 0.0 if t < 1 else 1.0


#: Name to a function of t, 0..1 to 0..1, that keeps 0 and 1 and never decreases.
EASINGS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {ease.__name__: ease for ease in (linear, sine, smoothstep, hold, cut)}
)
