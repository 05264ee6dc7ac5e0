"""The one reader of image files: everything that genart reads as an image is opened here.

Content, targets, styles, masks, stills, training images, in files, folders and zips: what a file is
is decided by its content, and its first image is decoded to RGB of 8 bits in sRGB (see
`genart.media.image_modes`). Only the decoder of that format is called.
"""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image as Pictures

from genart.errors import GenartError
from genart.media.image_kinds import HEAD, FileKind, decoders, kind_of_bytes, kind_of_file
from genart.media.image_modes import upright_rgb
from genart.media.image_report import UnreadableImage

MOST_MEGAPIXELS = 89  # as Pillow has it; a tiny file can claim gigabytes
MOST_BYTES = 1 << 30  # of one file
_SUBFILE = 254  # the TIFF tag; its first bit is set for a thumbnail, as in raw camera files
_HEIF_ADVICE = "install pillow-heif to read it: pip install 'genart[heif]'"
_AVIF_ADVICE = "install Pillow 11.3 or newer to read it"


@contextmanager
def opened_image(
    source: str | Path | bytes, name: object = "", least: int = 1
) -> Iterator[Pictures.Image]:
    """Open an image file; its header is read, and nothing is decoded yet.

    Args:
        source: a path, or the bytes of a file.
        name: for messages; the path unless given.
        least: pixels per side that it must have.

    Raises:
        UnreadableImage: no file, no image, a damaged image, or one that is too small or too large;
            also for whatever the decoder raises inside the `with` block.
    """
    name = name or source
    with _readable(name), _file(source, name) as file:
        kind = kind_of_bytes(file.read(HEAD))
        file.seek(0)
        with Pictures.open(file, formats=(_decoder(kind, name),)) as picture:
            _check(picture, name, least)
            yield picture


def decode_rgb(
    source: str | Path | bytes,
    name: object = "",
    *,
    least: int = 1,
    enough: tuple[int, int] | None = None,
) -> Pictures.Image:
    """Decode an image file: upright, RGB of 8 bits in sRGB, transparent parts black.

    Args:
        source: a path, or the bytes of a file.
        name: for messages; the path unless given.
        least: pixels per side that it must have.
        enough: (w, h) that is large enough: a larger JPEG is decoded smaller, to that or more.

    Raises:
        UnreadableImage: see `opened_image`.
    """
    with opened_image(source, name, least) as picture:
        if enough is not None:
            picture.draft("RGB", enough)
        return upright_rgb(picture)


def decode_pil(picture: Pictures.Image) -> Pictures.Image:
    """Convert a PIL image, which may be a file that is decoded only now, as `decode_rgb` does.

    Raises:
        UnreadableImage: the file is damaged, or the image has no mode that can be converted.
    """
    with _readable("the PIL image"):
        return upright_rgb(picture)


def is_still(path: str | Path) -> bool:
    """Whether a file is read as an image, not as a film.

    The content decides: films are films, and GIF and PNG animations, and what genart does not know
    but ffmpeg may; all else is an image, or refused as one.
    """
    path = Path(path)
    if not path.is_file():
        return True
    try:
        kind = kind_of_file(path)
        if kind.format in ("GIF", "PNG"):
            with opened_image(path) as picture:
                return getattr(picture, "n_frames", 1) == 1
    except (OSError, UnreadableImage):
        return True
    return kind.group not in ("film", "unknown")


def _decoder(kind: FileKind, name: object) -> str:
    """The name of Pillow's decoder for a kind of file."""
    if kind.group == "empty":
        raise UnreadableImage(name, "an empty file")
    if kind.group != "image":
        other = "of a known format" if kind.group == "unknown" else f"but {kind.name}"
        raise UnreadableImage(name, f"not an image {other}")
    if kind.format in decoders():
        return kind.format
    advice = {"HEIF": _HEIF_ADVICE, "AVIF": _AVIF_ADVICE}.get(kind.format, kind.advice)
    raise UnreadableImage(name, f"{kind.name}; {advice or 'this Pillow cannot read it'}")


@contextmanager
def _file(source: str | Path | bytes, name: object) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    path = Path(source)
    if not path.exists():
        raise UnreadableImage(name, "there is no such file")
    if not path.is_file():  # a pipe would be waited for
        what = "a folder" if path.is_dir() else "not a regular file"
        raise UnreadableImage(name, f"{what}, not an image")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST_BYTES:
            raise UnreadableImage(name, too_many_bytes(size))
        yield file


def too_many_bytes(size: int) -> str:
    """Return the reason for leaving out a file of so many bytes."""
    return f"{size >> 20} MiB is too large; {MOST_BYTES >> 20} MiB at most"


@contextmanager
def _readable(name: object) -> Iterator[None]:
    """Make every error of reading and decoding an UnreadableImage, and warnings silent."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about damaged metadata; sizes are checked
            yield
    except GenartError:
        raise
    except Pictures.DecompressionBombError as error:
        raise UnreadableImage(name, _too_large()) from error
    except MemoryError as error:
        raise UnreadableImage(name, "not enough memory to decode it") from error
    except PermissionError as error:
        raise UnreadableImage(name, "no permission to read it") from error
    except Exception as error:  # decoders raise errors of many types on damaged data
        raise UnreadableImage(name, f"damaged image ({_why(error)})") from error


def _why(error: Exception) -> str:
    """The text of an error without paths and addresses in memory."""
    text = re.sub(r"\s*['\"]?<[^<>]* at 0x[0-9a-f]+>['\"]?|\s*0x[0-9a-f]{6,}", "", str(error))
    text = " ".join(text.split())
    return text if text and not text.startswith("cannot identify") else "its header is not readable"


def _too_large(size: str = "") -> str:
    return f"{size + ' pixels is ' if size else ''}too large; {MOST_MEGAPIXELS} megapixels at most"


def _check(picture: Pictures.Image, name: object, least: int) -> None:
    width, height = picture.size
    if width * height > MOST_MEGAPIXELS * 1_000_000:
        raise UnreadableImage(name, _too_large(f"{width}x{height}"))
    if min(width, height) < least:
        needed = f"at least {least} per side are needed"
        raise UnreadableImage(name, f"{width}x{height} pixels is too small; {needed}")
    if picture.format == "TIFF" and _is_thumbnail(picture):
        raise UnreadableImage(name, "a raw camera file; export it as JPEG, PNG or TIFF")


def _is_thumbnail(picture: Pictures.Image) -> bool:
    """Whether the first image of a TIFF is only a thumbnail."""
    tags = getattr(picture, "tag_v2", {})
    found = tags.get(_SUBFILE, 0)
    return isinstance(found, int) and bool(found & 1)
