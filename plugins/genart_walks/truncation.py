"""Walks in truncation: it oscillates, or goes from one side of the average to the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import torch

import genart


@dataclass(frozen=True)
class TruncationWalk:
    """Truncation oscillates between two factors while another walk moves the latent.

    The oscillation is a raised cosine. It multiplies the truncation of the keys.

    Args:
        base: the interpolator of the latent; a single key does not move.
        start: the factor on the truncation at phase 0.
        turn: the factor at the end of a swing.
        swings: swings there and back in the whole walk; 0 is one a key.
        there_only: an open walk ends at the other factor and does not return.

    Raises:
        UnknownName: no such base.
        UsageError: a base that breathes itself, factors that are not finite, negative swings.
    """

    base: str
    start: float
    turn: float
    swings: int
    there_only: bool = False
    _walker: genart.Interpolator = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.turn)):
            raise genart.UsageError(f"Factors must be finite, not {self.start} and {self.turn}.")
        if self.swings < 0:
            raise genart.UsageError(f"The number of pulses must be 0 or more, not {self.swings}.")
        walker = genart.registry("interpolator").create(self.base)
        if isinstance(walker, TruncationWalk):
            raise genart.UsageError(f'"{self.base}" changes truncation itself. Use another base.')
        object.__setattr__(self, "_walker", walker)

    def __call__(self, keys: genart.Latent, phase: float, loop: bool) -> genart.Latent:
        """One latent at phase 0..1, with its truncation set."""
        place = self._place(keys, phase, loop)
        factor = torch.full((1,), self._factor(len(keys), phase, loop), device=keys.values.device)
        own = 1.0 if place.truncation is None else place.truncation
        return replace(place, values=place.values.float(), truncation=factor * own)

    def _place(self, keys: genart.Latent, phase: float, loop: bool) -> genart.Latent:
        if len(keys) == 1:
            return keys
        return self._walker(keys, phase, loop)

    def _factor(self, count: int, phase: float, loop: bool) -> float:
        turns = 0.5 if self.there_only and not loop else self.swings or count
        away = 0.5 - 0.5 * math.cos(2 * math.pi * ((turns * phase) % 1 if loop else turns * phase))
        return self.start + (self.turn - self.start) * away
