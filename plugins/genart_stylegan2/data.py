"""Pictures to train on: a folder or a zip, read in place.

The layout is the field's: pictures anywhere below the root, and an optional `dataset.json` whose
"labels" list holds [file name, class] pairs. Every picture is centre-cropped to a square, resized
and held as bytes, so an epoch reads no file.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

import genart

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_SHARE = 0.25  # of a GPU's free memory that pictures may take
_MAX_PIXELS = 64_000_000  # a tiny file can claim gigabytes: refuse before decoding
_UNREADABLE = (  # what reading and decoding a file, or a part of a zip, may raise
    OSError, ValueError, SyntaxError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


@dataclass(frozen=True)
class Dataset:
    """Square pictures in memory.

    Args:
        images: uint8 (n, 3, side, side).
        labels: class indices (n,), or None.
        num_classes: 0 without labels.
        skipped: "file: reason" of pictures that were left out.
    """

    images: Tensor
    labels: Tensor | None
    num_classes: int
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    @property
    def device(self) -> torch.device:
        """Where the pictures are; indices into them are there, too."""
        return self.images.device

    def batch(self, indices: Tensor, device: torch.device | None = None) -> Tensor:
        """Images (len(indices), 3, side, side), float in -1..1; bytes travel, and nobody waits."""
        chosen = sent(self.images[indices], device or self.device)
        return chosen.float().div_(127.5).sub_(1)

    def label(self, indices: Tensor, device: torch.device | None = None) -> Tensor | None:
        """One-hot labels (len(indices), num_classes), or None."""
        if self.labels is None:
            return None
        same = torch.eye(self.num_classes, device=self.device)
        return sent(same[self.labels[indices]], device or self.device)

    def near(self, device: torch.device) -> Dataset:
        """The same pictures on a device, or as they are where they would fill it."""
        room = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else math.inf
        if self.images.numel() > _SHARE * room:
            return self
        labels = None if self.labels is None else self.labels.to(device)
        return replace(self, images=self.images.to(device), labels=labels)


def sent(rows: Tensor, device: torch.device) -> Tensor:
    """Rows on a device; to a GPU they go through memory that it reads by itself."""
    if rows.device == device:
        return rows
    held = rows.pin_memory() if rows.is_cpu and device.type == "cuda" else rows
    return held.to(device, non_blocking=True)


def load_dataset(path: str | Path, side: int, *, labels: bool = False) -> Dataset:
    """Read all pictures of a folder or zip as squares of `side` pixels.

    Raises:
        DataError: no such path, no pictures, or labels asked for and not there.
    """
    path = Path(path)
    names, read = _open(path)
    pictures, kept, skipped = [], [], []
    for name in names:
        try:
            pictures.append(_square(name, read, side))
            kept.append(name)
        except genart.DataError as error:
            skipped.append(f"{name}: {error}")
    if not pictures:
        reason = f" {len(skipped)} were unreadable, the first: {skipped[0]}" if skipped else ""
        raise genart.DataError(f'"{path}" holds no pictures ({", ".join(SUFFIXES)}).{reason}')
    classes, count = _labels(path, read, kept) if labels else (None, 0)
    return Dataset(torch.from_numpy(np.stack(pictures)), classes, count, tuple(skipped))


def _open(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    if path.is_dir():
        files = (p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        names = sorted(str(p.relative_to(path)) for p in files)
        return names, lambda name: (path / name).read_bytes()
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        return sorted(_pictures(archive)), archive.read
    raise genart.DataError(f'"{path}" is neither a folder nor a zip of pictures.')


def _pictures(archive: zipfile.ZipFile) -> Iterator[str]:
    for info in archive.infolist():
        if Path(info.filename).suffix.lower() in SUFFIXES and info.file_size <= _MAX_PIXELS:
            yield info.filename


def _square(name: str, read: Callable[[str], bytes], side: int) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(read(name)), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise genart.DataError(f"{picture.width}x{picture.height} is too large.")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            square = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
    except UnidentifiedImageError as error:  # its text is about a piece of memory
        raise genart.DataError("no picture of a known format") from error
    except _UNREADABLE as error:
        raise genart.DataError(f"not a readable picture ({error})") from error
    return np.asarray(square).transpose(2, 0, 1).copy()


def _labels(path: Path, read: Callable[[str], bytes], names: list[str]) -> tuple[Tensor, int]:
    try:
        table = dict(json.loads(read("dataset.json"))["labels"] or [])
        indices = torch.tensor([int(table[name.replace("\\", "/")]) for name in names])
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise genart.DataError(
            f'"{path}" has no usable dataset.json; it needs "labels": [[file, class], ...] '
            f"for every picture ({error!r})."
        ) from error
    return indices, int(indices.max()) + 1
