"""Walks: phase goes in, a latent comes out; loops close exactly."""

from __future__ import annotations

import html
import inspect
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from genart.contracts import Interpolator
from genart.errors import UnknownName, UsageError
from genart.latent import Latent, join
from genart.latents.easing import EASINGS
from genart.plugins import registry
from genart.profiling import span

_STEPS = 96  # of a path that a notebook shows
_BOX = 160  # pixels of it
_NEAR = 1e-9  # a phase this close to a key, in segments, is on it: 1/49 * 49 is not 1 in floats


@dataclass(frozen=True)
class Walk:
    """A path through latent space: `walk(phase)` is the latent at that phase.

    A notebook shows the path, projected on its two main directions; `genart.show(walk, model)`
    plays it.

    Args:
        keys: the latents it passes through or around, n = 1 or more.
        interpolator: computes a latent from keys and a phase 0..1.
        loop: the phase wraps, so that phases 0, 1 and 2 give the same latent bit for bit; without
            it the phase stops at 0 and at 1.
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
                f"An interpolator gives 1 latent in {self.keys.space}, "
                f"this one gave {len(first)} in {first.space}."
            )

    def __repr__(self) -> str:
        kind = getattr(self.interpolator, "__name__", type(self.interpolator).__name__)
        ends = "loop" if self.loop else "open"
        return f"<Walk: {kind.lower()}, {ends}, {self.easing} easing, keys {self.keys!r}>"

    def _repr_html_(self) -> str:
        path = self.at(n / _STEPS for n in range(_STEPS + 1)).values.detach().flatten(1).cpu()
        return f"<code>{html.escape(repr(self))}</code>{_drawing(path, self.keys)}"

    @property
    def segments(self) -> int:
        """The number of segments between keys."""
        return _segments(len(self.keys), self.loop)

    def __call__(self, phase: float) -> Latent:
        """Compute the latent at a phase, n = 1, on the device of the keys.

        Args:
            phase: 0..1 is the whole walk; beyond it a loop repeats and an open walk stops.

        Raises:
            UsageError: a phase that is not a finite number.
        """
        with span("walk"):
            phase = eased(self._inside(phase), len(self.keys), self.loop, self.easing)
            return self.interpolator(self.keys, phase, self.loop)

    def at(self, phases: Iterable[float]) -> Latent:
        """Compute the latents at several phases as one Latent, in order.

        Args:
            phases: one or more, see `__call__`.

        Raises:
            UsageError: no phase, or one that is not a finite number.
        """
        latents = [self(phase) for phase in phases]
        if not latents:
            raise UsageError("No phases given; give at least one, 0..1.")
        return join(latents)

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
    """Make a walk: a path through latent space.

    Args:
        keys: the latents it passes through or around, n = 1 or more, in z, w or w+.
        kind: the interpolator, by name: "linear", "slerp", "cubic", "circle", "noise" ...;
            `genart plugins` lists all.
        loop: whether the walk returns to its first key.
        easing: how the speed changes between two keys: "linear", "sine", "smoothstep", "hold" or
            "cut".
        **options: what this kind of walk takes, such as `seed` for "noise".

    Returns:
        A Walk; `walk(phase)` is a Latent, n = 1.

    Raises:
        UnknownName: no such kind or easing.
        UsageError: something else than a Latent as keys, options that the kind does not take, or
            keys that it cannot use.
    """
    if not isinstance(keys, Latent):
        raise UsageError(
            f"The keys of a walk are one Latent, not {type(keys).__name__}: draw them with "
            "model.sample([1, 2, 3]), or join several latents with genart.join([...])."
        )
    factory = registry("interpolator")[kind].factory
    _check_options(kind, inspect.signature(factory), options)
    return Walk(keys, factory(**options), loop, easing)


def segment(phase: float, count: int, loop: bool) -> tuple[int, int, float]:
    """Find the two keys that a phase lies between: a helper for interpolators.

    Args:
        phase: 0..1.
        count: how many keys the walk has, 1 or more.
        loop: whether the walk returns to its first key.

    Returns:
        The indices of both keys, and the position between them, 0..1. A phase on a key gives
        position 0 exactly, but the end of an open walk is position 1 of its last segment.
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


def _drawing(path: torch.Tensor, keys: Latent) -> str:
    """A path (m, d) as an SVG curve on its two main directions, with its keys as dots."""
    middle = path.mean(0)
    axes = torch.linalg.svd(path - middle, full_matrices=False)[2][:2]
    both = torch.cat([path, keys.values.detach().flatten(1).cpu()])
    flat = (both - middle) @ axes.T
    flat = torch.nn.functional.pad(flat, (0, 2 - flat.shape[1]))  # a space of one number
    flat = flat / flat.abs().max().clamp(min=1e-9) * (_BOX / 2 - 8) + _BOX / 2
    points = [f"{x:.1f},{y:.1f}" for x, y in flat.tolist()]
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#c33"/>'
        for x, y in flat[len(path) :].tolist()
    )
    return (
        f'<svg width="{_BOX}" height="{_BOX}" style="display:block">'
        f'<polyline points="{" ".join(points[: len(path)])}" fill="none" stroke="#36c"/>'
        f"{dots}</svg>"
    )


def _check_options(kind: str, signature: inspect.Signature, options: dict[str, Any]) -> None:
    try:
        signature.bind(**options)
    except TypeError as error:
        takes = ", ".join(signature.parameters) or "none"
        raise UsageError(f'Walk "{kind}": {error}; its options: {takes}.') from None
