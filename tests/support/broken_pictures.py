"""A zip in which all that can be wrong with an image is wrong with one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

from PIL import Image

#: Files that cannot be read, in order.
BROKEN = ("bomb.png", "crushed.png", "locked.png", "text.png", "torn.png")


def broken_zip(path: Path, good: int = 2, side: tuple[int, int] = (40, 20)) -> Path:
    """Write a zip of `good` sound images, and all of BROKEN."""
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(good):
            archive.writestr(f"good{n}.png", _picture(side, n))
        archive.writestr("torn.png", _picture(side, 90) + b"the end")
        archive.writestr("locked.png", _picture(side, 91))
        archive.writestr("crushed.png", b"\0" * 4000, zipfile.ZIP_DEFLATED)
        archive.writestr("bomb.png", _bomb())
        archive.writestr("text.png", b"no image")
        starts = {i.filename: i.header_offset for i in archive.infolist()}
    data = bytearray(path.read_bytes())
    data[data.index(b"the end")] ^= 255  # its sum is wrong
    first = starts["crushed.png"] + 30 + len("crushed.png")
    data[first : first + 4] = b"\xff" * 4  # no such block of deflated data
    entry = data.index(b"PK\x01\x02")
    while not data[entry + 46 :].startswith(b"locked.png"):
        entry = data.index(b"PK\x01\x02", entry + 1)
    data[entry + 8] |= 1  # encrypted
    data[starts["locked.png"] + 6] |= 1
    path.write_bytes(data)
    return path


def _picture(side: tuple[int, int], n: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", side, (n, 200 - n, 100)).save(file, "PNG")
    return file.getvalue()


def _bomb() -> bytes:
    """The head of a PNG of 60000x60000 pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    end = b"IDAT"
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in (head, end)
    )
