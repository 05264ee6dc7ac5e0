"""Recipes: how an image or film was made, kept inside its file.

A recipe is a dict that JSON can hold. Its first key is "genart", the version that made the file,
and "command" remakes the film. Where it sits:

| file                | where                                                        |
|---------------------|--------------------------------------------------------------|
| mp4, mov, webm, mkv | the comment tag                                              |
| png, apng           | a tEXt chunk, keyword Comment (PNG 3rd edition, 11.3.3)      |
| gif                 | a comment extension (GIF89a, section 24)                     |
| jpeg                | a comment segment (ITU-T T.81, B.2.4.5)                      |
| webp                | an XMP chunk, as dc:description (WebP container, XMP part 1) |
| a folder            | its first image                                            |
"""

from __future__ import annotations

import html
import json
import mmap
import re
import struct
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from genart.errors import DataError
from genart.media.file_names import is_junk
from genart.media.image_kinds import kind_of_file

_MARK = b'{"genart"'
_MOST = 1 << 20  # no recipe is longer than this
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax'
    '-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>'
    '<rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description></rdf:Description>'
    "</rdf:RDF></x:xmpmeta>"
)


def recipe_text(recipe: Mapping[str, Any]) -> str:
    """Return a recipe as one line of ASCII that starts with its "genart" key.

    Args:
        recipe: JSON-ready.
    """
    ordered = {"genart": recipe.get("genart", ""), **recipe}
    return json.dumps(ordered, ensure_ascii=True, separators=(",", ":"))


def write_recipe(path: str | Path, recipe: Mapping[str, Any]) -> None:
    """Write a recipe into a finished image file, in place; the pixels stay as they are.

    Args:
        path: a PNG, APNG, GIF, WebP or JPEG file.
        recipe: what makes the image again, JSON-ready.

    Raises:
        DataError: a file of another kind, or one that is cut short.
    """
    text = recipe_text(recipe).encode("ascii")
    with Path(path).open("r+b") as file:
        _WRITERS[_kind(file, path)](file, text)


def read_recipe(path: str | Path) -> dict[str, Any] | None:
    """Read the recipe in a file.

    Args:
        path: a film, an image, or a folder, whose first PNG file is read.

    Returns:
        The recipe, or None if there is none.

    Raises:
        DataError: no such file.
    """
    path = Path(path)
    if path.is_dir():
        pictures = sorted(each for each in path.glob("*.png") if not is_junk(each.name))
        return read_recipe(pictures[0]) if pictures else None
    if not path.is_file():
        raise DataError(f'There is no file "{path}".')
    text = _read_film(path) if kind_of_file(path).group == "film" else _read_bytes(path)
    return None if text is None else _parsed(text)


def _parsed(text: str) -> dict[str, Any] | None:
    if not text.startswith(_MARK.decode()):
        return None
    try:
        recipe, _ = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None
    return dict(recipe)


def _kind(file: IO[bytes], path: str | Path) -> str:
    head = file.read(12)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "webp"
    if head.startswith(b"\xff\xd8"):
        return "jpeg"
    raise DataError(f"{path} is not a PNG, GIF, WebP or JPEG; a recipe can be added only to these.")


def _write_png(file: IO[bytes], text: bytes) -> None:
    file.seek(-12, 2)
    end = file.read(12)
    if end[4:8] != b"IEND":
        raise DataError("This PNG file is incomplete.")
    body = b"tEXt" + b"Comment\0" + text
    file.seek(-12, 2)
    file.write(struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + end)


def _write_gif(file: IO[bytes], text: bytes) -> None:
    file.seek(-1, 2)
    if file.read(1) != b";":
        raise DataError("This GIF file is incomplete.")
    blocks = (text[i : i + 255] for i in range(0, len(text), 255))
    file.seek(-1, 2)
    file.write(b"!\xfe" + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0;")


def _write_jpeg(file: IO[bytes], text: bytes) -> None:
    if len(text) > 65_533:
        raise DataError("A JPEG can contain a recipe of at most 65533 bytes.")
    file.seek(2)
    rest = file.read()
    file.seek(2)
    file.write(b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + rest)


def _write_webp(file: IO[bytes], text: bytes) -> None:
    file.seek(12)
    if file.read(4) != b"VP8X":
        _extend_webp(file)
    file.seek(20)
    flags = file.read(1)[0]
    file.seek(20)
    file.write(bytes([flags | 0x04]))  # the chunk's own bit in VP8X
    body = _XMP.format(html.escape(text.decode("ascii"))).encode("ascii")
    file.seek(0, 2)
    file.write(b"XMP " + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2))
    size = file.tell() - 8
    file.seek(4)
    file.write(struct.pack("<I", size))


def _extend_webp(file: IO[bytes]) -> None:
    """Give a plain WebP, which holds one still, the VP8X header that metadata needs."""
    from PIL import Image

    file.seek(0)
    with Image.open(file) as picture:
        (width, height), alpha = picture.size, picture.mode == "RGBA"
    file.seek(12)
    chunks = file.read()
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    file.seek(12)
    file.write(b"VP8X" + struct.pack("<I", 10) + bytes([0x10 * alpha, 0, 0, 0]) + sides + chunks)


_WRITERS = {"png": _write_png, "gif": _write_gif, "webp": _write_webp, "jpeg": _write_jpeg}


def _read_bytes(path: Path) -> str | None:
    with path.open("rb") as file:
        try:
            kind = _kind(file, path)
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (DataError, ValueError):
            return None
        with data:
            return _read_webp(data) if kind == "webp" else _find(data, kind)


def _find(data: mmap.mmap, kind: str) -> str | None:
    start = data.rfind(_MARK)
    if start < 3:
        return None
    if kind == "gif":
        return b"".join(_sub_blocks(data, start - 1)).decode("ascii", "replace")
    return data[start : start + _MOST].decode("latin-1")


def _sub_blocks(data: mmap.mmap, at: int) -> Iterator[bytes]:
    while at < len(data) and data[at]:
        yield data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]


def _read_webp(data: mmap.mmap) -> str | None:
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"XMP ":
            packet = data[at + 8 : at + 8 + min(size, _MOST)].decode("utf-8", "replace")
            found = re.search(r'<rdf:li xml:lang="x-default">(.*?)</rdf:li>', packet, re.S)
            return html.unescape(found[1]) if found else None
        at += 8 + size + size % 2
    return None


def _read_film(path: Path) -> str | None:
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-v", "error", "-i", f"file:{path}", "-f", "ffmetadata", "-"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    found = re.search(rb"^comment=((?:\\.|[^\\\n])*)", done.stdout, re.I | re.M | re.S)
    return re.sub(r"\\(.)", r"\1", found[1].decode("utf-8", "replace")) if found else None
