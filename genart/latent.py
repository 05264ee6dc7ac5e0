"""Latent: vectors of a generator's latent space, drawn by seed, labelled and joined."""

from __future__ import annotations

import html
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import torch

from genart.errors import UsageError

#: The latent spaces: the input, after the mapping network, and one w for each layer.
Space: TypeAlias = Literal["z", "w", "w+"]
_DIMENSIONS = {"z": 2, "w": 2, "w+": 3}
#: A latent can be mapped to the spaces after its own, not back.
SPACES: tuple[Space, ...] = ("z", "w", "w+")
_LIMIT = 2**32  # above every seed
_MOST = 100_000  # seeds of one range
_SHOWN = 8  # latents whose curves a notebook shows
_POINTS = 128  # of such a curve


@dataclass(frozen=True)
class Latent:
    """One latent of a generator or several: n points in its latent space.

    `latent[2]`, `latent[1:3]` and `latent[[0, 2]]` are Latents again, `len(latent)` is n. A
    notebook shows a curve of the values of each.

    Args:
        space: "z", "w" or "w+".
        values: torch float (n, z_dim), (n, w_dim) or (n, num_ws, w_dim).
        label: torch float (n, num_classes), one row for each latent, or None. A row may be a
            blend of classes.
        truncation: torch float (n,), a factor on the truncation that a generator is given, or
            None for 1. Walks that change the truncation set it.

    Raises:
        UsageError: an unknown space, or shapes that do not belong to it.
    """

    space: Space
    values: torch.Tensor
    label: torch.Tensor | None = None
    truncation: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if self.space not in _DIMENSIONS:
            raise UsageError(f'Latent space "{self.space}" is not one of {", ".join(_DIMENSIONS)}.')
        if self.values.ndim != _DIMENSIONS[self.space]:
            raise UsageError(
                f'A latent in "{self.space}" has {_DIMENSIONS[self.space]} dimensions, '
                f"these values have shape {tuple(self.values.shape)}."
            )
        for what, extra in (("label", self.label), ("truncation", self.truncation)):
            if extra is not None and len(extra) != len(self.values):
                raise UsageError(f"{len(self.values)} latents need as many rows of {what}.")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        size = "x".join(map(str, self.values.shape[1:]))
        label = "" if self.label is None else ", with label"
        truncation = "" if self.truncation is None else ", with truncation"
        return (
            f"<Latent: {len(self)} in {self.space}, {size} numbers each{label}{truncation}, "
            f"on {self.values.device}>"
        )

    def _repr_html_(self) -> str:
        curves = "".join(map(_curve, self.values[:_SHOWN].detach().float().flatten(1).cpu()))
        more = f"<br>and {len(self) - _SHOWN} more" if len(self) > _SHOWN else ""
        return f"<code>{html.escape(repr(self))}</code>{curves}{more}"

    def __getitem__(self, index: int | slice | Sequence[int]) -> Latent:
        """Return the latents at an index, a slice or a list of indices, as a Latent."""
        if isinstance(index, int):
            index = [index]
        return self._each(lambda rows: rows[index])

    def to(self, device: str | torch.device) -> Latent:
        """Return the same latents on another device."""
        return self._each(lambda rows: rows.to(device))

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Latent:
        optional: dict[str, Any] = {
            name: change(rows)
            for name in ("label", "truncation")
            if (rows := getattr(self, name)) is not None
        }
        return replace(self, values=change(self.values), **optional)


def _curve(values: torch.Tensor) -> str:
    """The first values of a latent (d,) as an SVG curve; the axis is 0, the edges are -3 and 3."""
    heights = values[:_POINTS].clamp(-3, 3).mul(-4).add(12).tolist()
    points = " ".join(f"{2 * x},{y:.1f}" for x, y in enumerate(heights))
    width = 2 * len(heights)
    return (
        f'<svg width="{width}" height="24" style="display:block">'
        f'<path d="M0 12H{width}" stroke="#999" stroke-width=".5"/>'
        f'<polyline points="{points}" fill="none" stroke="#36c"/></svg>'
    )


class LatentSpace(Protocol):
    """What of a generator decides how its latents are drawn; see `Generator`."""

    name: str
    z_dim: int
    num_classes: int
    device: torch.device


class MappedSpace(LatentSpace, Protocol):
    """A latent space with a mapping to w+; every `Generator` has one."""

    def map(self, latent: Latent, truncation: float = 1.0, cutoff: int | None = None) -> Latent:
        """Map a latent of any space to w+; see `Generator.map`."""
        ...


def sample_z(
    generator: LatentSpace, seeds: str | int | Iterable[int | str], label: Any = None
) -> Latent:
    """Draw latents in z by seed; see `Generator.sample`."""
    numbers = parse_seeds(seeds)
    rows = [np.random.RandomState(seed).randn(1, generator.z_dim) for seed in numbers]
    z = torch.from_numpy(np.concatenate(rows)).float().to(generator.device)
    return Latent("z", z, make_label(generator, label, len(numbers)))


def parse_seeds(seeds: str | int | Iterable[int | str]) -> list[int]:
    """Return the seeds of a text such as "1,2,5-9", in order; numbers are checked and kept.

    Raises:
        UsageError: no seed, something else than numbers and ranges, or a seed out of range.
    """
    if isinstance(seeds, str):
        found = [seed for part in seeds.split(",") for seed in _range(part.strip(), seeds)]
    else:
        given = list(seeds) if isinstance(seeds, Iterable) else [seeds]
        found = [seed for each in given for seed in _one_seed(each)]
    if not found:
        raise UsageError("No seeds given; write them like 1,2,5-9.")
    for seed in found:
        if not 0 <= seed < _LIMIT:
            raise UsageError(f"Seeds are 0..{_LIMIT - 1}, not {seed}.")
    return found


def _one_seed(seed: int | str) -> Sequence[int]:
    if isinstance(seed, str):
        return parse_seeds(seed)
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):  # no 1.5, numpy's integers
        raise UsageError(f"A seed is a whole number or a text such as 1,2,5-9, not {seed!r}.")
    return [operator.index(seed)]


def _range(part: str, text: str) -> range:
    match = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", part)
    if not match:
        raise UsageError(f'"{text}" names no seeds; write them like 1,2,5-9.')
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < first + _MOST:
        raise UsageError(f'"{part}" is not a range of seeds: first-last, at most {_MOST}.')
    return range(first, last + 1)


def format_seeds(seeds: Iterable[int]) -> str:
    """Return the shortest text that `parse_seeds` reads as these seeds."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


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
        raise UsageError(f"{n} latents need 1 or {n} classes, not {len(indices)}.")
    checked = [class_index(index, classes) for index in indices]
    return torch.eye(classes, device=generator.device)[checked]


def class_index(value: Any, classes: int) -> int:
    """Check a class of a model or dataset and return it as an index.

    Args:
        value: a whole number, as an int.
        classes: how many classes there are.

    Raises:
        UsageError: something else, or a number outside 0..classes - 1.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise UsageError(f"A class is a whole number from 0, not {value!r}.")
    if not 0 <= value < classes:
        raise UsageError(f"Class {value!r} is outside 0..{classes - 1}.")
    return int(value)


def parse_class(value: Any, classes: int) -> int:
    """Check a class as files and options have it, and return it as an index.

    Args:
        value: a whole number as an int, a float or text: 3, 3.0 or "3".
        classes: how many classes there are.

    Raises:
        UsageError: something else, or a number outside 0..classes - 1.
    """
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return class_index(value, classes)


def _is_list(label: Any) -> bool:
    return isinstance(label, Sequence) and not isinstance(label, str)


def _label_rows(label: torch.Tensor, classes: int, n: int) -> torch.Tensor:
    if label.ndim != 2 or label.shape[1] != classes or label.shape[0] not in (1, n):
        raise UsageError(
            f"A label has shape ({n}, {classes}) or (1, {classes}), not {tuple(label.shape)}."
        )
    return label.float().expand(n, classes)


def check_latent(latent: object) -> None:
    """Check that a generator was given a Latent, not seeds or a tensor.

    Raises:
        UsageError: something else; the message says how to make a Latent of it.
    """
    if not isinstance(latent, Latent):
        raise UsageError(
            f"A generator takes a Latent, not {type(latent).__name__}: draw one by seed with "
            "model.sample([1, 2, 3]), or make one of a tensor with genart.Latent(space, values)."
        )


def draw_in(latent: Latent, num_ws: int, truncation: float, cutoff: int | None) -> Latent:
    """A latent as w+ (n, num_ws, d), its first `cutoff` layers drawn towards 0 by truncation."""
    check_latent(latent)
    values = latent.values
    if latent.space != "w+":
        values = values[:, None].expand(-1, num_ws, -1)
    own = 1.0 if latent.truncation is None else latent.truncation[:, None, None]
    drawn = values * truncation * own
    if cutoff is not None:
        drawn = torch.cat([drawn[:, :cutoff], values[:, cutoff:]], 1)
    return Latent("w+", drawn, latent.label)


def join(latents: Sequence[Latent], model: MappedSpace | None = None) -> Latent:
    """Join latents into one, in order.

    Args:
        latents: one or more, each with n = 1 or more, all of one model.
        model: the generator of the latents; with it, latents of different spaces are mapped to
            the last of these spaces in the order z, w, w+, and those without label or truncation
            get the default. None joins latents of one space only.

    Returns:
        A Latent with the sum of their n.

    Raises:
        UsageError: none given, or sizes of different models; without a model, different spaces,
            or labels or truncations on some only.
    """
    if isinstance(latents, Latent) or isinstance(model, Latent):
        raise UsageError("Give the latents as a list: genart.join([first, second]).")
    spaces = {latent.space for latent in latents}
    if not spaces:
        raise UsageError("No latents to join; give at least one.")
    space = max(spaces, key=SPACES.index)
    if model is not None:
        latents = _completed(model, [in_space(model, latent, space) for latent in latents])
    elif len(spaces) > 1:
        raise UsageError(
            f"These latents are in the spaces {', '.join(sorted(spaces))}. Give their model, so "
            f"that all can be mapped to {space}: genart.join(latents, model)."
        )
    shapes = sorted({tuple(latent.values.shape[1:]) for latent in latents})
    if len(shapes) != 1:
        raise UsageError(f"Latents to join must be of one model; these have sizes {shapes}.")
    return Latent(
        space,
        torch.cat([latent.values for latent in latents]),
        _join([latent.label for latent in latents], "label"),
        _join([latent.truncation for latent in latents], "truncation"),
    )


def _join(rows: Sequence[torch.Tensor | None], what: str) -> torch.Tensor | None:
    present = [row for row in rows if row is not None]
    if present and len(present) != len(rows):
        raise UsageError(
            f"Some of these latents have a {what}, some have none. Give their model, so that all "
            "get one: genart.join(latents, model)."
        )
    return torch.cat(present) if present else None


def in_space(model: MappedSpace, latent: Latent, space: str) -> Latent:
    """Map a latent to a space after its own, in the order z, w, w+; in its own it is returned."""
    if latent.space == space:
        return latent
    mapped = replace(model.map(replace(latent, truncation=None)), truncation=latent.truncation)
    if space == "w+":
        return mapped
    return replace(mapped, space="w", values=mapped.values[:, 0])


def _completed(model: LatentSpace, parts: list[Latent]) -> list[Latent]:
    """Latents of one space that can be joined: in z all have labels or none, all truncations."""
    labels = [part.label for part in parts]
    if any(label is not None for label in labels):
        in_z = parts[0].space == "z"
        labels = [
            (make_label(model, None, len(part)) if label is None else label) if in_z else None
            for part, label in zip(parts, labels, strict=True)
        ]  # fmt: skip
    cuts = [part.truncation for part in parts]
    if any(cut is not None for cut in cuts):
        cuts = [
            torch.ones(len(part), device=part.values.device) if cut is None else cut
            for part, cut in zip(parts, cuts, strict=True)
        ]
    return [
        replace(part, label=label, truncation=cut)
        for part, label, cut in zip(parts, labels, cuts, strict=True)
    ]
