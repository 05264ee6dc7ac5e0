"""Operations on single values of activations x (n, c, h, w)."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


def multiply(x: Tensor, factor: float) -> Tensor:
    """Every value times a factor."""
    return x * factor


def ablate(x: Tensor, amount: float) -> Tensor:
    """Taken away: at 1 nothing is left."""
    return x * (1 - amount)


def invert(x: Tensor, amount: float) -> Tensor:
    """Inverted: at 1 every value v is 1 - v."""
    return x + amount * (1 - 2 * x)


def threshold(x: Tensor, amount: float, level: float) -> Tensor:
    """Black and white: at 1 every value is 1 from the level on, and 0 below."""
    return torch.lerp(x, (x >= level).to(x.dtype), amount)


def quantise(x: Tensor, amount: float, steps: float) -> Tensor:
    """In steps: at 1 every value is rounded to the nearest of so many steps a unit."""
    return torch.lerp(x, (x * steps).round() / steps, amount)


def noise(x: Tensor, amount: float, seed: float) -> Tensor:
    """A fixed normal noise added, one map a channel, the same in every image."""
    return x + amount * _maps(round(seed), *x.shape[1:]).to(x)


@lru_cache(maxsize=8)
def _maps(seed: int, channels: int, height: int, width: int) -> Tensor:
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(channels, height, width, generator=chance)
