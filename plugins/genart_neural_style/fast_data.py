"""The pictures that a fast style learns from: crops of a folder's or a zip's, drawn by chance."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

import genart

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_MAX_PIXELS = 64_000_000  # a tiny file can claim gigabytes: refuse before decoding
_UNREADABLE = (  # what reading and decoding a file, or a part of a zip, may raise
    OSError, ValueError, SyntaxError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
_SMALLEST_CROP = 0.5  # of the shorter side


class ContentPictures:
    """Square crops of pictures, decoded when they are drawn.

    A crop takes half to all of a picture's shorter side, at any place, mirrored or not, with its
    brightness, contrast and colours varied.

    Args:
        path: a folder, searched to its depths, or a zip.
        side: of the crops, in pixels.
        jitter: how much colours are varied, 0..1.

    Attributes:
        skipped: "file: reason" of pictures that could not be read.

    Raises:
        DataError: no such path, or no pictures.
    """

    def __init__(self, path: str | Path, side: int, jitter: float = 0.0) -> None:
        self.names, self._read = _open(Path(path))
        self.side, self.jitter = side, jitter
        self.skipped: dict[str, str] = {}
        if not self.names:
            raise genart.DataError(f'"{path}" holds no pictures ({", ".join(_SUFFIXES)}).')

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Crops (count, 3, side, side), float in -1..1; the generator decides all of them.

        Raises:
            DataError: none of the pictures can be read.
        """
        return torch.stack([self._one(random) for _ in range(count)])

    def _one(self, random: torch.Generator) -> Tensor:
        while len(self.skipped) < len(self.names):
            name = self.names[int(torch.randint(len(self.names), (), generator=random))]
            try:
                return self._varied(self._cropped(name, random), random)
            except genart.DataError as error:
                self.skipped[name] = str(error)
        name, reason = next(iter(self.skipped.items()))
        raise genart.DataError(f"None of the pictures can be read; the first: {name}: {reason}")

    def _cropped(self, name: str, random: torch.Generator) -> Tensor:
        picture = _decoded(name, self._read, self.side)
        share, left, top, turn = torch.rand(4, generator=random).tolist()
        width, height = picture.size
        side = min(width, height) * (_SMALLEST_CROP + (1 - _SMALLEST_CROP) * share)
        x, y = left * (width - side), top * (height - side)
        box = (x, y, x + side, y + side)
        crop = picture.resize((self.side, self.side), Image.Resampling.BICUBIC, box)
        crop = ImageOps.mirror(crop) if turn < 0.5 else crop
        return genart.to_image(np.array(crop))[0]

    def _varied(self, image: Tensor, random: torch.Generator) -> Tensor:
        draw = self.jitter * (2 * torch.rand(8, generator=random) - 1)
        grey = image.mean(0, keepdim=True)
        image = torch.lerp(grey, image, 1 + draw[0].item())  # saturation
        image = image * (1 + draw[1]) + draw[2] / 2  # contrast, brightness
        return (image * (1 + draw[3:6, None, None] / 3)).clamp_(-1, 1)


def _open(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    if path.is_dir():
        files = (p for p in path.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
        return sorted(str(p.relative_to(path)) for p in files), lambda n: (path / n).read_bytes()
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        infos = (i for i in archive.infolist() if i.file_size <= _MAX_PIXELS)
        names = (i.filename for i in infos if Path(i.filename).suffix.lower() in _SUFFIXES)
        return sorted(names), archive.read
    raise genart.DataError(f'"{path}" is neither a folder nor a zip of pictures.')


def _decoded(name: str, read: Callable[[str], bytes], side: int) -> Image.Image:
    try:
        with Image.open(io.BytesIO(read(name)), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise genart.DataError(f"{picture.width}x{picture.height} is too large.")
            picture.draft("RGB", (2 * side, 2 * side))  # a large JPEG is decoded smaller
            return ImageOps.exif_transpose(picture).convert("RGB")
    except _UNREADABLE as error:
        raise genart.DataError(f"not a readable picture ({error})") from error
