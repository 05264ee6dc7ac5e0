"""Training images: a folder or a zip of images, listed once and decoded one at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from genart.data.image_files import list_images
from genart.errors import DataError
from genart.media.file_names import normal_name
from genart.media.image_reader import decode_rgb
from genart.media.image_report import ImageReport, LeftOut, UnreadableImage, first_reason


class ImageSource:
    """The images in a folder, searched with its subfolders, or in a zip, read without unpacking.

    Args:
        path: the folder or zip.

    Attributes:
        path: the folder or zip.
        names: the images by their path within it, with slashes, in normal form, sorted. There may
            be none.
        left_out: the other files, with the reason.

    Raises:
        DataError: `path` is neither a folder nor a zip.
    """

    def __init__(self, path: str | Path) -> None:
        self._files = list_images(path)
        self.path = self._files.path
        self.names = list(self._files.images)
        self.left_out = self._files.left_out

    @property
    def files(self) -> list[str]:
        """The names of all files, images or not, sorted."""
        return sorted(self._files.entries)

    def within(self, folder: str) -> ImageSource:
        """Return the images that are in a folder of this name, at any depth."""
        part = copy.copy(self)
        part.names = [name for name in self.names if _is_within(name, folder)]
        part.left_out = tuple(each for each in self.left_out if _is_within(each.name, folder))
        return part

    def read(self, name: str) -> bytes:
        """Return the bytes of a file, by its path within the folder or zip.

        Raises:
            DataError: no such file, or one that cannot be read.
        """
        try:
            return self._files.read(normal_name(name))
        except KeyError:
            raise DataError(f'"{self.path}" has no file {name}.') from None

    def open(self, name: str, side: int = 0) -> Image.Image:
        """Decode an image: upright by its EXIF orientation, RGB, transparent parts black.

        Args:
            name: one of `names`.
            side: if given, a large JPEG is decoded smaller, to this side in pixels or more.

        Raises:
            UnreadableImage: a file that cannot be used as an image.
        """
        enough = (side, side) if side else None
        return decode_rgb(self._files.image(name), name, enough=enough)

    def report(self, used: int, left_out: Iterable[LeftOut] = ()) -> ImageReport:
        """Return the report of what is used.

        Args:
            used: how many images.
            left_out: images of `names` that are not used.
        """
        return ImageReport(used, (*self.left_out, *left_out))

    def no_images(self, left_out: Iterable[LeftOut] = ()) -> DataError:
        """Return the error for a source without a readable image.

        Args:
            left_out: images of `names` that cannot be used.
        """
        reason = first_reason([*left_out, *self.left_out])
        known = "images (JPEG, PNG, WebP, TIFF ...)"
        return DataError(f'"{self.path}" contains no {known} that can be used.{reason}')


def _is_within(name: str, folder: str) -> bool:
    return folder in PurePosixPath(name).parts[:-1]


@dataclass(frozen=True)
class Squares:
    """Square images in memory.

    Args:
        images: uint8 (n, 3, side, side).
        names: the n files they came from.
        report: which images are used and which are left out.
    """

    images: Tensor
    names: tuple[str, ...]
    report: ImageReport


def load_squares(source: ImageSource, side: int, resample: Image.Resampling) -> Squares:
    """Decode all images of a source as squares, cropped at the centre.

    Args:
        source: the images.
        side: of the squares in pixels.
        resample: the filter that resizes them.

    Raises:
        DataError: none of them is readable.
    """
    squares, names, left_out = [], [], []
    for name in source.names:
        try:
            squares.append(crop_square(source.open(name), side, resample))
            names.append(name)
        except UnreadableImage as error:
            left_out.append(LeftOut(name, error.reason))
    if not squares:
        raise source.no_images(left_out)
    report = source.report(len(names), left_out)
    return Squares(torch.from_numpy(np.stack(squares)), tuple(names), report)


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
