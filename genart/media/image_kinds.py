"""What a file contains, by its first bytes: an image of some format, a film, a document, text.

The suffix of a file name is never asked: a JPEG that is called `photo.png` is a JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

#: Bytes from the start of a file that decide what it is.
HEAD = 512

#: Suffixes of image files; they count only where there is no content yet.
SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".avif", ".jp2",
)  # fmt: skip

Group: TypeAlias = Literal["image", "film", "text", "other", "empty", "unknown"]


@dataclass(frozen=True)
class FileKind:
    """What a file contains.

    Args:
        group: "image", "film", "text", "other" for anything known, "empty" or "unknown".
        name: a phrase for messages: "a PNG image", "a PDF document".
        format: of an image, the name of Pillow's decoder; "" if genart does not read it.
        advice: of an image without a decoder, what to do, or "".
    """

    group: Group
    name: str
    format: str = ""
    advice: str = ""


_EXPORT = "export it as JPEG, PNG or TIFF"
_RAW = FileKind("image", "a raw camera file", advice=_EXPORT)
_JPEG_2000 = FileKind("image", "a JPEG 2000 image", "JPEG2000")
_JPEG_XL = FileKind("image", "a JPEG XL image", advice=_EXPORT)
_HEIC = FileKind("image", "a HEIC image", "HEIF")
_AVIF = FileKind("image", "an AVIF image", "AVIF")
_TIFF = FileKind("image", "a TIFF image", "TIFF")
_WEBP = FileKind("image", "a WebP image", "WEBP")
_FILM = FileKind("film", "a film")
_SOUND = FileKind("other", "a sound file")
_ARCHIVE = FileKind("other", "a packed archive")
_MODEL = FileKind("other", "a model file")

#: Signatures at the start of a file.
_STARTS: tuple[tuple[bytes, FileKind], ...] = (
    (b"\xff\xd8\xff", FileKind("image", "a JPEG image", "JPEG")),
    (b"\x89PNG\r\n\x1a\n", FileKind("image", "a PNG image", "PNG")),
    (b"GIF87a", FileKind("image", "a GIF image", "GIF")),
    (b"GIF89a", FileKind("image", "a GIF image", "GIF")),
    (b"II*\0\x10\0\0\0CR", _RAW),
    (b"II*\0", _TIFF), (b"MM\0*", _TIFF), (b"II+\0", _TIFF), (b"MM\0+", _TIFF),
    (b"IIRO", _RAW), (b"IIRS", _RAW), (b"IIU\0", _RAW), (b"FUJIFILMCCD-RAW", _RAW),
    (b"\0\0\0\x0cjP  \r\n\x87\n", _JPEG_2000), (b"\xff\x4f\xff\x51", _JPEG_2000),
    (b"\0\0\0\x0cJXL \r\n\x87\n", _JPEG_XL), (b"\xff\x0a", _JPEG_XL),
    (b"8BPS", FileKind("image", "a Photoshop image", advice=_EXPORT)),
    (b"v/1\x01", FileKind("image", "an OpenEXR image", advice=_EXPORT)),
    (b"#?RADIANCE", FileKind("image", "a Radiance HDR image", advice=_EXPORT)),
    (b"gimp xcf", FileKind("image", "a GIMP image", advice=_EXPORT)),
    (b"DDS ", FileKind("image", "a DDS texture", advice=_EXPORT)),
    (b"\0\0\x01\0", FileKind("image", "an icon", advice=_EXPORT)),
    (b"\x1a\x45\xdf\xa3", _FILM), (b"FLV\x01", _FILM), (b"\0\0\x01\xba", _FILM),
    (b"\0\0\x01\xb3", _FILM), (b"\0\0\0\x01\x67", _FILM), (b"\0\0\0\x01\x09", _FILM),
    (b"\0\0\0\x01\x40", _FILM),
    (b"0&\xb2u\x8ef\xcf\x11", _FILM), (b"YUV4MPEG2", _FILM),
    (b"OggS", FileKind("film", "an Ogg film or sound")),
    (b"ID3", _SOUND), (b"fLaC", _SOUND), (b"MThd", FileKind("other", "a MIDI file")),
    (b"%PDF", FileKind("other", "a PDF document")),
    (b"PK\x03\x04", FileKind("other", "a zip archive")),
    (b"\x1f\x8b", _ARCHIVE), (b"7z\xbc\xaf", _ARCHIVE), (b"Rar!", _ARCHIVE),
    (b"\xfd7zXZ", _ARCHIVE),
    (b"\x93NUMPY", FileKind("other", "a NumPy array")),
    (b"\xd0\xcf\x11\xe0", FileKind("other", "an Office document")),
    (b"SQLite format 3", FileKind("other", "a database")),
)  # fmt: skip
#: The second word of a RIFF file.
_RIFF = {b"WEBP": _WEBP, b"AVI ": _FILM, b"WAVE": _SOUND}
#: Brands of ISO base media files (ISO/IEC 14496-12) that are images.
_BRANDS = {
    b"avif": _AVIF, b"avis": _AVIF, b"heic": _HEIC, b"heix": _HEIC, b"hevc": _HEIC,
    b"hevx": _HEIC, b"heim": _HEIC, b"heis": _HEIC, b"crx ": _RAW,
}  # fmt: skip
_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # sizes of the header that follows
#: How texts begin that are not what their name says.
_TEXTS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself; run `git lfs pull`"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
)


def kind_of_bytes(head: bytes) -> FileKind:
    """Return what a file contains.

    Args:
        head: its first bytes, `HEAD` of them if it has as many.
    """
    if not head:
        return FileKind("empty", "an empty file")
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], FileKind("unknown", "an unknown RIFF file"))
    if head[4:8] in _ATOMS:
        return _base_media(head)
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return FileKind("image", "a BMP image", "BMP")
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return FileKind("image", "a PNM image", "PPM")
    if head[:1] == b"G" and head[188:189] == b"G" and head[376:377] == b"G":
        return _FILM  # MPEG transport stream: packets of 188 bytes
    if head[8:10] == b'{"':
        return _MODEL  # safetensors
    return _text(head)


def kind_of_file(path: str | Path) -> FileKind:
    """Return what a file contains.

    Raises:
        OSError: it cannot be opened.
    """
    with Path(path).open("rb") as file:
        return kind_of_bytes(file.read(HEAD))


def is_film_file(path: str | Path) -> bool:
    """Whether a file contains a film, which an animated image is not."""
    try:
        return Path(path).is_file() and kind_of_file(path).group == "film"
    except OSError:
        return False


def is_image_file(path: str | Path) -> bool:
    """Whether a file contains an image, of any format; if there is no file, by its suffix."""
    path = Path(path)
    try:
        if path.is_file():
            return kind_of_file(path).group == "image"
    except OSError:  # it cannot be opened: the reader will say why
        pass
    return path.suffix.lower() in SUFFIXES


def _base_media(head: bytes) -> FileKind:
    """A file of ISO base media: HEIC, AVIF, or a film."""
    if head[4:8] != b"ftyp":
        return _FILM
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    if brands[0] not in (b"mif1", b"msf1", *_BRANDS):
        return _FILM
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), _HEIC)


def _text(head: bytes) -> FileKind:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for text, name in _TEXTS:
        if start[: len(text)].lower() == text:
            return FileKind("text", name)
    if b"<svg" in head:
        return FileKind("image", "an SVG drawing", advice=_EXPORT)
    if b"\0" not in head and _is_utf8(head):
        return FileKind("text", "a text file")
    return FileKind("unknown", "a file of an unknown format")


def _is_utf8(head: bytes) -> bool:
    """Whether bytes are UTF-8; the last character may be cut."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == HEAD and error.start > HEAD - 4
    return True


@lru_cache(maxsize=1)
def decoders() -> frozenset[str]:
    """The names of Pillow's decoders that may be used; HEIF if pillow-heif is installed."""
    from PIL import features

    found = {"JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"}
    if features.check("jpg_2000"):
        found.add("JPEG2000")
    if "avif" in features.modules and features.check("avif"):
        found.add("AVIF")
    return frozenset(found | _heif())


def _heif() -> set[str]:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return set()
    register_heif_opener()
    return {"HEIF"}
