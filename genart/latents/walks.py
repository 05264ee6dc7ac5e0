"""Walks: phase goes in, a latent comes out; loops close exactly."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from genart.contracts import Interpolator
from genart.errors import UnknownName, UsageError
from genart.latent import Latent, join
from genart.latents.easing import EASINGS
from genart.plugins import registry
from genart.profiling import span

_NEAR = 1e-9  # a phase this close to a key, in segments, is on it: 1/49 * 49 is not 1 in floats


@dataclass(frozen=True)
class Walk:
    """A path through latent space: `walk(phase)` is the place at that phase.

    Args:
        keys: the places it goes through or around, at least one.
        interpolator: turns keys and a phase 0..1 into a latent.
        loop: the phase wraps, so that 0, 1 and 2 are the same place bit for bit; without it the
            phase stops at 0 and at 1.
        easing: a name in `EASINGS`, applied between any two keys.

    Raises:
        UsageError: no keys, an unknown easing, or keys that the interpolator cannot use.
    """

    keys: Latent
    interpolator: Interpolator
    loop: bool = True
    easing: str = "linear"

    def __post_init__(self) -> None:
        if self.easing not in EASINGS:
            hint = f"Easings are {', '.join(EASINGS)}."
            raise UnknownName("easing", self.easing, EASINGS, hint)
        if not len(self.keys):
            raise UsageError("A walk needs at least one key.")
        first = self(0.0)
        if len(first) != 1 or first.space != self.keys.space:
            raise UsageError(
                f"An interpolator gives 1 place in {self.keys.space}, "
                f"this one gave {len(first)} in {first.space}."
            )

    @property
    def segments(self) -> int:
        """How many stretches lie between keys."""
        return _segments(len(self.keys), self.loop)

    def __call__(self, phase: float) -> Latent:
        """The place at a phase, n = 1, on the keys' device.

        Args:
            phase: 0..1 is the whole walk; beyond, a loop goes round and an open walk stays.

        Raises:
            UsageError: a phase that is no finite number.
        """
        with span("walk"):
            phase = eased(self._inside(phase), len(self.keys), self.loop, self.easing)
            return self.interpolator(self.keys, phase, self.loop)

    def at(self, phases: Iterable[float]) -> Latent:
        """The places at several phases as one Latent, in order."""
        places = [self(phase) for phase in phases]
        if not places:
            raise UsageError("No phases given; give at least one, 0..1.")
        return join(places)

    def _inside(self, phase: float) -> float:
        if not math.isfinite(phase):
            raise UsageError(f"A phase is a finite number, not {phase}.")
        if not self.loop:
            return min(max(float(phase), 0.0), 1.0)
        wrapped = phase - math.floor(phase)
        return float(wrapped) if wrapped < 1 else 0.0  # -1e-18 wraps to 1.0 in floats


def walk(
    keys: Latent,
    kind: str = "slerp",
    *,
    loop: bool = True,
    easing: str = "linear",
    **options: Any,
) -> Walk:
    """A walk by the name of its interpolator.

    Args:
        keys: the places it goes through or around, in z, w or w+.
        kind: "linear", "slerp", "cubic", "circle", "noise" ...; `genart plugins` lists all.
        loop: whether the walk leads back to its first key.
        easing: "linear", "sine", "smoothstep", "hold" or "cut".
        **options: what this kind of walk takes, such as `seed` for "noise".

    Raises:
        UnknownName: no such kind or easing.
        UsageError: options the kind does not take, or keys it cannot use.
    """
    factory = registry("interpolator")[kind].factory
    _check_options(kind, inspect.signature(factory), options)
    return Walk(keys, factory(**options), loop, easing)


def segment(phase: float, count: int, loop: bool) -> tuple[int, int, float]:
    """The two keys a phase lies between, and how far it is from the first to the second.

    Args:
        phase: 0..1.
        count: how many keys the walk has, at least 1.
        loop: whether the last key leads to the first.

    Returns:
        The indices of both keys, and t, 0..1. A phase on a key gives t = 0 exactly, but the end
        of an open walk is t = 1 of its last segment.
    """
    segments = _segments(count, loop)
    position = phase * segments
    if abs(position - round(position)) < _NEAR:
        position = round(position)
    if loop:
        index = int(position) % segments
        return index, (index + 1) % count, position - int(position)
    index = min(int(position), segments - 1)
    return index, min(index + 1, count - 1), position - index


def eased(phase: float, count: int, loop: bool, easing: str) -> float:
    """The phase 0..1 that an easing makes of a phase 0..1 of a walk with `count` keys."""
    if easing == "linear":
        return phase
    index, _, t = segment(phase, count, loop)
    return (index + EASINGS[easing](t)) / _segments(count, loop)


def _segments(count: int, loop: bool) -> int:
    return count if loop else max(count - 1, 1)


def _check_options(kind: str, signature: inspect.Signature, options: dict[str, Any]) -> None:
    try:
        signature.bind(**options)
    except TypeError as error:
        takes = ", ".join(signature.parameters) or "none"
        raise UsageError(f'Walk "{kind}": {error}; its options: {takes}.') from None
