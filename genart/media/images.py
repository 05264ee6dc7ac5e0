"""Pictures of any kind as images of one size."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image as Pictures
from PIL import ImageOps, UnidentifiedImageError

from genart.errors import DataError, UsageError
from genart.media.frames import to_image
from genart.media.image_types import Frame, Image

FITS = ("crop", "pad", "stretch")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")  # the only decoders Pillow may use
_SMALLEST = 16  # pixels a side: there is nothing to see in less
_ORIENTATION = 0x0112  # the EXIF tag
_MOST = 89  # megapixels, as Pillow has it; a tiny file can claim gigabytes


def read_picture(path: str | Path, size: tuple[int, int] | None = None, fit: str = "crop") -> Image:
    """A picture as an image (1, 3, h, w) in -1..1, upright by its EXIF orientation, on black.

    Args:
        path: JPEG, PNG, WebP, BMP, TIFF, or a GIF's first frame; any colour mode.
        size: (h, w) to bring it to; None keeps its own.
        fit: "crop" covers the size and cuts what is over at the centre, "pad" shows all of it
            with black around, "stretch" gives up its aspect.

    Raises:
        UsageError: no such fit.
        DataError: no such file, no readable picture, one below 16 pixels a side, or one so large
            that it must be made smaller first.
    """
    _check_fit(fit)
    if Path(path).suffix.lower() == ".npz":
        raise DataError(f"{path} is a latent, no picture: commands take it with --latent.")
    with _opened(path) as picture:
        if size is not None:  # a large JPEG is decoded smaller
            picture.draft("RGB", (2 * size[1], 2 * size[0]))
        frame = _on_black(ImageOps.exif_transpose(picture))
        frame = frame if size is None else _fitted(frame, size, fit)
    return to_image(np.array(frame))


def picture_size(path: str | Path) -> tuple[int, int]:
    """The (h, w) of a picture, upright, without decoding it; DataError as for `read_picture`."""
    with _opened(path) as picture:
        width, height = picture.size
        sideways = picture.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    return (width, height) if sideways else (height, width)


@contextmanager
def _opened(path: str | Path) -> Iterator[Pictures.Image]:
    """A picture's file, open; what is wrong with it becomes a DataError."""
    try:
        with _calm(), Pictures.open(path, formats=_FORMATS) as picture:
            _check(picture, path)
            yield picture
    except (Pictures.DecompressionBombError, Pictures.DecompressionBombWarning):
        raise DataError(
            f"{path} is too large; make it smaller first, {_MOST} megapixels at most."
        ) from None
    except FileNotFoundError:
        raise DataError(f'There is no picture "{path}".') from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path} is no readable picture: {error}") from error


def fit_frame(frame: Frame, size: tuple[int, int], fit: str = "crop") -> Frame:
    """A frame, uint8 (h, w, 3), brought to size (h, w) as `read_picture` does.

    Raises:
        UsageError: no such fit.
    """
    _check_fit(fit)
    return np.array(_fitted(Pictures.fromarray(frame), size, fit))


def _check_fit(fit: str) -> None:
    if fit not in FITS:
        raise UsageError(f'A picture is fitted by {", ".join(FITS)}, not "{fit}".')


def _check(picture: Pictures.Image, path: str | Path) -> None:
    width, height = picture.size
    if min(width, height) < _SMALLEST:
        raise DataError(f"{path} is {width}x{height} pixels; {_SMALLEST} a side are needed.")


@contextmanager
def _calm() -> Iterator[None]:
    """Pillow's warning of a picture that claims too much is an error here, before it is decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Pictures.DecompressionBombWarning)
        yield


def _on_black(picture: Pictures.Image) -> Pictures.Image:
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    ground = Pictures.new("RGBA", picture.size, "black")
    return Pictures.alpha_composite(ground, picture).convert("RGB")


def _fitted(picture: Pictures.Image, size: tuple[int, int], fit: str) -> Pictures.Image:
    wanted, how = (size[1], size[0]), Pictures.Resampling.LANCZOS
    if fit == "crop":
        return ImageOps.fit(picture, wanted, how)
    if fit == "pad":
        return ImageOps.pad(picture, wanted, how)
    return picture.resize(wanted, how)
