"""Noise maps that are optimised too, and regularised to stay noise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

_SMALLEST = 8  # pixels a side of the last level


def fresh_maps(maps: Mapping[str, Tensor], n: int, draw: torch.Generator) -> dict[str, Tensor]:
    """Random maps (n, 1, h, w) of a generator's sizes, the same for each of the n images."""
    made = {}
    for name, like in maps.items():
        one = torch.randn(1, 1, *like.shape[-2:], generator=draw)
        made[name] = one.expand(n, -1, -1, -1).clone().to(like.device).requires_grad_()
    return made


def structure(maps: Iterable[Tensor]) -> Tensor:
    """How much maps (n, 1, h, w) look like images instead of noise, (n,).

    The squared correlation of neighbours, across and down, at every level of a pyramid to 8 px
    (Karras et al. 2020a, appendix D, equation 6).
    """
    found: list[Tensor] = []
    for level in maps:
        while True:
            for axis in (-1, -2):
                found.append((level * level.roll(1, axis)).mean((1, 2, 3)).square())
            if min(level.shape[-2:]) <= _SMALLEST:
                break
            level = F.avg_pool2d(level, 2) * 2  # the mean of four has half their deviation
    return torch.stack(found).sum(0)


@torch.no_grad()
def renormalise(maps: Iterable[Tensor]) -> None:
    """Set each map's mean to 0 and its standard deviation to 1, in place."""
    for level in maps:
        level -= level.mean((2, 3), keepdim=True)
        level *= level.square().mean((2, 3), keepdim=True).rsqrt()
