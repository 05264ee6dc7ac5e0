"""Images of two domains, paired or not, from folders or zips.

Layouts: two folders or zips; one with `trainA` and `trainB` in it; or, for pairs, both images side
by side in one file. If a set of pairs has a folder `train`, only that is used, so that public data
sets work as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import genart

_WIDE = 1.5  # two images side by side are at least this wide, in heights
_BICUBIC = Image.Resampling.BICUBIC


@dataclass(frozen=True)
class Domains:
    """Square images of two domains, in memory.

    Args:
        a: uint8 (n, 3, side, side).
        b: uint8 (m, 3, side, side); for pairs m is n and the order is the same.
        report: which images are used and which are left out.
    """

    a: Tensor
    b: Tensor
    report: genart.training.ImageReport = field(default_factory=genart.training.ImageReport)

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def swapped(self) -> Domains:
        """Return the domains exchanged."""
        return Domains(self.b, self.a, self.report)


@dataclass(frozen=True)
class _Pair:
    """Two images of one pair, or the reason why there is none."""

    name: str
    images: tuple[Image.Image, Image.Image] | None
    reason: str = ""


def load_unpaired(path: str | Path, path_b: str, side: int) -> Domains:
    """Read two domains without pairs, as squares of `side` pixels.

    Args:
        path: a folder or zip of domain A, or of both if it has `trainA` and `trainB`.
        path_b: a folder or zip of domain B, or "".
        side: of the squares in pixels.

    Raises:
        DataError: no such path, or a domain without images.
    """
    sources = _two(path, path_b)
    if not sources:
        raise genart.DataError(
            f'"{path}" has no trainA and trainB; give the second domain by --data-b.'
        )
    a, b = (genart.training.load_squares(source, side, _BICUBIC) for source in sources)
    return Domains(a.images, b.images, a.report + b.report)


def load_paired(path: str | Path, path_b: str, side: int) -> Domains:
    """Read pairs: two folders with the same names, or both images side by side in one file.

    Args:
        path: a folder or zip of domain A, or of both domains.
        path_b: a folder or zip of domain B, or "".
        side: of the squares in pixels.

    Raises:
        DataError: no such path, or no pairs.
    """
    sources = _two(path, path_b)
    if not sources:
        source = genart.training.ImageSource(path)
        source = source.within("train") if source.within("train").names else source
        return _paired(_side_by_side(source), side, f'"{source.path}"', source.left_out)
    a, b = sources
    left_out = (*a.left_out, *b.left_out)
    return _paired(_by_name(a, b), side, f'"{a.path}" and "{b.path}"', left_out)


def _by_name(a: genart.training.ImageSource, b: genart.training.ImageSource) -> Iterator[_Pair]:
    """Pair the images of two sources whose names are the same but for the suffix."""
    partners = {_key(name): name for name in b.names}
    for name in a.names:
        partner = partners.get(_key(name))
        if partner is None:
            yield _Pair(name, None, "no image of that name in the second domain")
            continue
        try:
            yield _Pair(name, (a.open(name), b.open(partner)))
        except genart.training.UnreadableImage as error:
            yield _Pair(error.name, None, error.reason)


def _side_by_side(source: genart.training.ImageSource) -> Iterator[_Pair]:
    """Split images whose halves are a pair."""
    for name in source.names:
        try:
            whole = source.open(name)
        except genart.training.UnreadableImage as error:
            yield _Pair(error.name, None, error.reason)
            continue
        if whole.width < _WIDE * whole.height:
            yield _Pair(name, None, f"{whole.width}x{whole.height} is not a pair side by side")
            continue
        half = whole.width // 2
        left, right = (whole.crop((x, 0, x + half, whole.height)) for x in (0, half))
        yield _Pair(name, (left, right))


def _paired(
    pairs: Iterator[_Pair], side: int, where: str, others: Sequence[genart.training.LeftOut]
) -> Domains:
    a: list[np.ndarray[Any, Any]] = []
    b: list[np.ndarray[Any, Any]] = []
    left_out = [*others]
    for pair in pairs:
        if pair.images is None:
            left_out.append(genart.training.LeftOut(pair.name, pair.reason))
        else:
            for squares, image in zip((a, b), pair.images, strict=True):
                squares.append(genart.training.crop_square(image, side, _BICUBIC))
    if not a:
        reason = f" {len(left_out)} left out, the first: {left_out[0]}." if left_out else ""
        raise genart.DataError(
            f"{where}: no pairs. A pair is one file with both images side by side, or two files of "
            f"the same name in two folders (trainA and trainB, or --data-b).{reason}"
        )
    stacked_a, stacked_b = (torch.from_numpy(np.stack(squares)) for squares in (a, b))
    return Domains(stacked_a, stacked_b, genart.training.ImageReport(len(a), tuple(left_out)))


def _two(path: str | Path, path_b: str) -> list[genart.training.ImageSource]:
    """Return the sources of both domains; none if one path has no trainA and trainB."""
    first = genart.training.ImageSource(path)
    if path_b:
        return [first, genart.training.ImageSource(path_b)]
    a, b = first.within("trainA"), first.within("trainB")
    return [a, b] if a.names and b.names else []


def _key(name: str) -> str:
    """A name below trainA or trainB, without its suffix: the same for both images of a pair."""
    parts = PurePosixPath(name).with_suffix("").parts
    at = max((i for i, part in enumerate(parts) if part in ("trainA", "trainB")), default=-1)
    return "/".join(parts[at + 1 :])
