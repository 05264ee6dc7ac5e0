"""Training images: a folder or a zip of images, listed once and decoded one at a time."""

from __future__ import annotations

import copy
import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from genart.errors import DataError
from genart.media.images import upright_rgb

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")  # the only decoders Pillow may use
_MAX_PIXELS = 64_000_000  # a tiny file can claim gigabytes: refused before it is decoded
_UNREADABLE = (  # what reading and decoding a file, or a part of a zip, may raise
    OSError, ValueError, SyntaxError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


class ImageSource:
    """The images in a folder, searched with its subfolders, or in a zip, read without unpacking.

    Args:
        path: the folder or zip.

    Attributes:
        path: the folder or zip.
        names: the image files by their path within it, with slashes, sorted. There may be none.

    Raises:
        DataError: `path` is neither a folder nor a zip.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.names, self._read = _listed(self.path)

    def within(self, folder: str) -> ImageSource:
        """Return the images that are in a folder of this name, at any depth."""
        part = copy.copy(self)
        part.names = [n for n in self.names if folder in PurePosixPath(n).parts[:-1]]
        return part

    def read(self, name: str) -> bytes:
        """Return the bytes of a file, by its path within the folder or zip.

        Raises:
            DataError: no such file, or one that cannot be read.
        """
        try:
            return self._read(name)
        except (KeyError, *_UNREADABLE) as error:
            raise DataError(f"{name} is not readable ({error})") from error

    def open(self, name: str, side: int = 0) -> Image.Image:
        """Decode an image: upright by its EXIF orientation, RGB, transparent parts black.

        Args:
            name: one of `names`.
            side: if given, a large JPEG is decoded smaller, to this side in pixels or more.

        Raises:
            DataError: a file that is not a readable image, or has more than 64 megapixels.
        """
        try:
            with Image.open(io.BytesIO(self._read(name)), formats=_FORMATS) as image:
                if image.width * image.height > _MAX_PIXELS:
                    raise DataError(f"{image.width}x{image.height} pixels is too large")
                if side:
                    image.draft("RGB", (side, side))
                return upright_rgb(image)
        except UnidentifiedImageError as error:  # its own text names an address in memory
            raise DataError("not an image of a known format") from error
        except _UNREADABLE as error:
            raise DataError(f"not a readable image ({error})") from error

    def no_images(self, skipped: Sequence[str] = ()) -> DataError:
        """The error for a source without a readable image.

        Args:
            skipped: "name: reason" of images that could not be read.
        """
        reason = f" {len(skipped)} were unreadable, the first: {skipped[0]}" if skipped else ""
        return DataError(f'"{self.path}" contains no images ({", ".join(SUFFIXES)}).{reason}')


@dataclass(frozen=True)
class Squares:
    """Square images in memory.

    Args:
        images: uint8 (n, 3, side, side).
        names: the n files they came from.
        skipped: "name: reason" of the files that could not be read.
    """

    images: Tensor
    names: tuple[str, ...]
    skipped: tuple[str, ...]


def load_squares(source: ImageSource, side: int, resample: Image.Resampling) -> Squares:
    """Decode all images of a source as squares, cropped at the centre.

    Args:
        source: the images.
        side: of the squares in pixels.
        resample: the filter that resizes them.

    Raises:
        DataError: none of them is readable.
    """
    squares, names, skipped = [], [], []
    for name in source.names:
        try:
            squares.append(crop_square(source.open(name), side, resample))
            names.append(name)
        except DataError as error:
            skipped.append(f"{name}: {error}")
    if not squares:
        raise source.no_images(skipped)
    return Squares(torch.from_numpy(np.stack(squares)), tuple(names), tuple(skipped))


def crop_square(image: Image.Image, side: int, resample: Image.Resampling) -> NDArray[np.uint8]:
    """Crop an image at the centre to a square and resize it.

    Args:
        image: in RGB, at any size.
        side: of the square in pixels.
        resample: the filter that resizes it.

    Returns:
        uint8 (3, side, side).
    """
    fitted = ImageOps.fit(image, (side, side), resample)
    return np.asarray(fitted).transpose(2, 0, 1).copy()


def _listed(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    if path.is_dir():
        files = (p for p in path.rglob("*") if _is_image(p.name) and p.is_file())
        names = sorted(p.relative_to(path).as_posix() for p in files)
        return names, lambda name: (path / name).read_bytes()
    if path.is_file() and zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        infos = (info for info in archive.infolist() if info.file_size <= _MAX_PIXELS)
        return sorted(i.filename for i in infos if _is_image(i.filename)), archive.read
    raise DataError(f'"{path}" is neither a folder nor a zip of images.')


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES
