"""Latent: vectors of a generator's latent space, drawn by seed, labelled and joined."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import torch

from genart.errors import UsageError

Space: TypeAlias = Literal["z", "w", "w+"]
_DIMENSIONS = {"z": 2, "w": 2, "w+": 3}


@dataclass(frozen=True)
class Latent:
    """Places in a generator's latent space, n of them.

    Args:
        space: "z", "w" or "w+".
        values: torch float (n, z_dim), (n, w_dim) or (n, num_ws, w_dim).
        label: torch float (n, num_classes), one row a place, or None. Rows may be blends.
        truncation: torch float (n,), a factor on the truncation a generator is asked for, or
            None for 1. Walks that make truncation breathe set it.

    Raises:
        UsageError: an unknown space, or shapes that do not belong to it.
    """

    space: Space
    values: torch.Tensor
    label: torch.Tensor | None = None
    truncation: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if self.space not in _DIMENSIONS:
            raise UsageError(f'Latent space "{self.space}" is none of {", ".join(_DIMENSIONS)}.')
        if self.values.ndim != _DIMENSIONS[self.space]:
            raise UsageError(
                f'A latent in "{self.space}" has {_DIMENSIONS[self.space]} dimensions, '
                f"these values have shape {tuple(self.values.shape)}."
            )
        for what, extra in (("label", self.label), ("truncation", self.truncation)):
            if extra is not None and len(extra) != len(self.values):
                raise UsageError(f"{len(self.values)} places need as many rows of {what}.")

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int | slice | Sequence[int]) -> Latent:
        """The places at an index, a slice or a list of indices, still a Latent."""
        if isinstance(index, int):
            index = [index]
        return self._each(lambda rows: rows[index])

    def to(self, device: str | torch.device) -> Latent:
        """The same places on another device."""
        return self._each(lambda rows: rows.to(device))

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Latent:
        optional: dict[str, Any] = {
            name: change(rows)
            for name in ("label", "truncation")
            if (rows := getattr(self, name)) is not None
        }
        return replace(self, values=change(self.values), **optional)


class LatentSpace(Protocol):
    """What of a generator decides how its latents are drawn; see `Generator`."""

    name: str
    z_dim: int
    num_classes: int
    device: torch.device


def sample_z(generator: LatentSpace, seeds: int | Iterable[int], label: Any = None) -> Latent:
    """Draw places in z by seed; see `Generator.sample`."""
    numbers = [_seed(seed) for seed in (seeds if isinstance(seeds, Iterable) else [seeds])]
    if not numbers:
        raise UsageError("No seeds given; give at least one, such as 1 or 1,2,5-9.")
    rows = [np.random.RandomState(seed).randn(1, generator.z_dim) for seed in numbers]
    z = torch.from_numpy(np.concatenate(rows)).float().to(generator.device)
    return Latent("z", z, make_label(generator, label, len(numbers)))


def _seed(seed: Any) -> int:
    try:
        number = operator.index(seed)  # numpy's integers too, but no 1.5 and no "1"
    except TypeError:
        raise UsageError(f"A seed is a whole number, not {seed!r}.") from None
    if not 0 <= number < 2**32:
        raise UsageError(f"Seed {number} is outside 0..{2**32 - 1}.")
    return number


def make_label(generator: LatentSpace, label: Any, n: int) -> torch.Tensor | None:
    """The label rows (n, num_classes) for a class index, a list of them, a tensor, or None."""
    classes = generator.num_classes
    if not classes:
        if label is not None:
            raise UsageError(f'Model "{generator.name}" has no classes; leave the label out.')
        return None
    if isinstance(label, torch.Tensor):
        return _label_rows(label, classes, n).to(generator.device)
    indices = [0 if label is None else label] * n if not _is_list(label) else list(label)
    if len(indices) != n:
        raise UsageError(f"{n} places need 1 or {n} classes, not {len(indices)}.")
    for index in indices:
        if not (isinstance(index, int) and 0 <= index < classes):
            raise UsageError(f"Class {index!r} is outside 0..{classes - 1}.")
    return torch.eye(classes, device=generator.device)[indices]


def _is_list(label: Any) -> bool:
    return isinstance(label, Sequence) and not isinstance(label, str)


def _label_rows(label: torch.Tensor, classes: int, n: int) -> torch.Tensor:
    if label.ndim != 2 or label.shape[1] != classes or label.shape[0] not in (1, n):
        raise UsageError(
            f"A label has shape ({n}, {classes}) or (1, {classes}), not {tuple(label.shape)}."
        )
    return label.float().expand(n, classes)


def draw_in(latent: Latent, num_ws: int, truncation: float, cutoff: int | None) -> Latent:
    """A latent as w+ (n, num_ws, d), its first `cutoff` layers drawn towards 0 by truncation."""
    values = latent.values
    if latent.space != "w+":
        values = values[:, None].expand(-1, num_ws, -1)
    own = 1.0 if latent.truncation is None else latent.truncation[:, None, None]
    drawn = values * truncation * own
    if cutoff is not None:
        drawn = torch.cat([drawn[:, :cutoff], values[:, cutoff:]], 1)
    return Latent("w+", drawn, latent.label)


def join(latents: Sequence[Latent]) -> Latent:
    """Several latents of one space as one, in order.

    Raises:
        UsageError: none given, different spaces or sizes, or labels on some only.
    """
    spaces = sorted({latent.space for latent in latents})
    if len(spaces) != 1:
        given = ", ".join(spaces) or "none"
        raise UsageError(f"Latents to join must share one space, not {given}.")
    shapes = sorted({tuple(latent.values.shape[1:]) for latent in latents})
    if len(shapes) != 1:
        raise UsageError(f"Latents to join must be of one model; these have sizes {shapes}.")
    return Latent(
        latents[0].space,
        torch.cat([latent.values for latent in latents]),
        _join([latent.label for latent in latents], "label"),
        _join([latent.truncation for latent in latents], "truncation"),
    )


def _join(rows: Sequence[torch.Tensor | None], what: str) -> torch.Tensor | None:
    present = [row for row in rows if row is not None]
    if present and len(present) != len(rows):
        raise UsageError(f"Some of these latents have a {what}, some have none.")
    return torch.cat(present) if present else None
