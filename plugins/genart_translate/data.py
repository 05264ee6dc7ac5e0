"""Pictures of two domains, paired or not, from folders or zips that are read in place.

Layouts: two folders or zips; one with `trainA` and `trainB` in it; or, for pairs, pictures side by
side. A folder `train` in a set of pairs is taken alone, so that public data sets fit as they are.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

import genart

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_MAX_PIXELS = 64_000_000  # a tiny file can claim gigabytes: refuse before decoding
_UNREADABLE = (  # what reading and decoding a file, or a part of a zip, may raise
    OSError, ValueError, SyntaxError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
_WIDE = 1.5  # two pictures side by side are at least this wide


@dataclass(frozen=True)
class Domains:
    """Square pictures of two domains, in memory.

    Args:
        a: uint8 (n, 3, side, side).
        b: uint8 (m, 3, side, side); for pairs m is n and the order is the same.
        skipped: "file: reason" of pictures that were left out.
    """

    a: Tensor
    b: Tensor
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def swapped(self) -> Domains:
        """The two exchanged."""
        return Domains(self.b, self.a, self.skipped)


@dataclass(frozen=True)
class _Shelf:
    """Where pictures lie: their names, sorted, with slashes, and what reads one."""

    path: Path
    names: Sequence[str]
    read: Callable[[str], bytes]

    def within(self, folder: str) -> _Shelf:
        """Only what lies in a folder of this name, wherever that is."""
        inside = [name for name in self.names if folder in PurePosixPath(name).parts[:-1]]
        return _Shelf(self.path, inside, self.read)


def load_unpaired(path: str | Path, path_b: str, side: int) -> Domains:
    """Two domains without pairs, as squares of `side` pixels.

    Raises:
        DataError: no such path, or a domain without pictures.
    """
    shelves = _two(path, path_b)
    if shelves is None:
        raise genart.DataError(
            f'"{path}" has no trainA and trainB; name the second domain by --data-b.'
        )
    skipped: list[str] = []
    a, b = (_stacked(shelf, side, skipped) for shelf in shelves)
    return Domains(a, b, tuple(skipped))


def load_paired(path: str | Path, path_b: str, side: int) -> Domains:
    """Pairs: two folders with the same names, or pictures side by side.

    Raises:
        DataError: no such path, or no pairs.
    """
    shelves = _two(path, path_b)
    if shelves is None:
        return _side_by_side(_shelf(path), side)
    one, other = shelves
    of = {str(PurePosixPath(_below(name)).with_suffix("")): name for name in other.names}
    skipped: list[str] = []
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for name in one.names:
        partner = of.get(str(PurePosixPath(_below(name)).with_suffix("")))
        if partner is None:
            skipped.append(f"{name}: nothing of that name in the second domain")
            continue
        try:
            pairs.append((_square(_open(one, name), side),
                          _square(_open(other, partner), side)))  # fmt: skip
        except genart.DataError as error:
            skipped.append(f"{name}: {error}")
    return _paired(pairs, skipped, f'"{one.path}" and "{other.path}"')


def _side_by_side(shelf: _Shelf, side: int) -> Domains:
    shelf = shelf.within("train") if shelf.within("train").names else shelf
    pairs, skipped = [], []
    for name in shelf.names:
        try:
            whole = _open(shelf, name)
            if whole.width < _WIDE * whole.height:
                raise genart.DataError(f"{whole.width}x{whole.height} is no pair side by side")
            half = whole.width // 2
            left, right = (whole.crop((x, 0, x + half, whole.height)) for x in (0, half))
            pairs.append((_square(left, side), _square(right, side)))
        except genart.DataError as error:
            skipped.append(f"{name}: {error}")
    return _paired(pairs, skipped, f'"{shelf.path}"')


def _paired(pairs: list[tuple[np.ndarray, np.ndarray]], skipped: list[str], where: str) -> Domains:
    if not pairs:
        reason = f" The first of {len(skipped)} left out: {skipped[0]}." if skipped else ""
        raise genart.DataError(
            f"{where}: no pairs. They are pictures side by side, or two folders with the same "
            f"names (trainA and trainB, or --data-b).{reason}"
        )
    a, b = (torch.from_numpy(np.stack(half)) for half in zip(*pairs, strict=True))
    return Domains(a, b, tuple(skipped))


def _two(path: str | Path, path_b: str) -> tuple[_Shelf, _Shelf] | None:
    """The two domains' shelves; None where one path holds no trainA and trainB."""
    first = _shelf(path)
    if path_b:
        return first, _shelf(path_b)
    a, b = first.within("trainA"), first.within("trainB")
    return (a, b) if a.names and b.names else None


def _below(name: str) -> str:
    """The name below trainA or trainB."""
    parts = PurePosixPath(name).parts
    at = max((i for i, part in enumerate(parts) if part in ("trainA", "trainB")), default=-1)
    return "/".join(parts[at + 1 :])


def _shelf(path: str | Path) -> _Shelf:
    path = Path(path)
    if path.is_dir():
        files = (p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        names = sorted(p.relative_to(path).as_posix() for p in files)
        return _Shelf(path, names, lambda name: (path / name).read_bytes())
    if path.is_file() and zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        names = sorted(
            info.filename
            for info in archive.infolist()
            if Path(info.filename).suffix.lower() in SUFFIXES and info.file_size <= _MAX_PIXELS
        )
        return _Shelf(path, names, archive.read)
    raise genart.DataError(f'"{path}" is neither a folder nor a zip of pictures.')


def _stacked(shelf: _Shelf, side: int, skipped: list[str]) -> Tensor:
    """All readable pictures, uint8 (n, 3, side, side)."""
    pictures = []
    for name in shelf.names:
        try:
            pictures.append(_square(_open(shelf, name), side))
        except genart.DataError as error:
            skipped.append(f"{name}: {error}")
    if not pictures:
        reason = f" {len(skipped)} were unreadable, the first: {skipped[0]}" if skipped else ""
        raise genart.DataError(f'"{shelf.path}" holds no pictures ({", ".join(SUFFIXES)}).{reason}')
    return torch.from_numpy(np.stack(pictures))


def _open(shelf: _Shelf, name: str) -> Image.Image:
    """A picture, upright, RGB; what is transparent lies on black."""
    try:
        with Image.open(io.BytesIO(shelf.read(name)), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise genart.DataError(f"{picture.width}x{picture.height} is too large")
            upright = ImageOps.exif_transpose(picture)
            if "A" in upright.getbands() or "transparency" in upright.info:
                ground = Image.new("RGBA", upright.size, "black")
                return Image.alpha_composite(ground, upright.convert("RGBA")).convert("RGB")
            return upright.convert("RGB")
    except _UNREADABLE as error:
        raise genart.DataError(f"not a readable picture ({error})") from error


def _square(picture: Image.Image, side: int) -> np.ndarray:
    square = ImageOps.fit(picture, (side, side), Image.Resampling.BICUBIC)
    return np.asarray(square).transpose(2, 0, 1).copy()
