"""Generated image files: any mode, format, size, damage and suffix; the same for the same seed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageCms

SIZES = ((1, 1), (1, 40), (40, 1), (15, 16), (16, 16), (17, 33), (64, 48), (40, 40))
SUFFIXES = (".png", ".jpg", ".JPG", ".tif", ".gif", ".webp", ".bmp", ".heic", ".mp4", ".txt", "")
#: Modes, and the formats that hold them.
FORMATS: dict[str, tuple[str, ...]] = {
    "1": ("PNG", "TIFF", "BMP", "GIF", "PPM"),
    "L": ("PNG", "JPEG", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "WEBP"),
    "LA": ("PNG", "TIFF", "JPEG2000"),
    "P": ("PNG", "TIFF", "BMP", "GIF"),
    "RGB": ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "PPM", "JPEG2000", "AVIF"),
    "RGBA": ("PNG", "TIFF", "WEBP", "JPEG2000", "AVIF"),
    "CMYK": ("JPEG", "TIFF"),
    "YCbCr": ("JPEG", "JPEG2000"),
    "LAB": ("TIFF",),
    "I;16": ("PNG", "TIFF", "PPM"),
    "I": ("TIFF",),
    "F": ("TIFF",),
    "RGB;16": ("PNG",),
    "RGBA;16": ("PNG",),
}
NOT_IMAGES = (
    b"", b"text\n", b"\xef\xbb\xbf<!doctype html>", b"%PDF-1.4\n", b"PK\x03\x04" + bytes(40),
    b"\0\0\0\x18ftypisom\0\0\0\0isom", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(60),
    b"\0\0\0\x1cftypavif\0\0\0\0mif1avif" + bytes(60), b"<svg/>", b"8BPS\0\1" + bytes(30),
    b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08\xff\xff", b"\xff\xd8\xff", b"GIF89a", b"BM" + bytes(30),
    b"RIFF\x10\0\0\0WEBPVP8 ", b"\x1a\x45\xdf\xa3" + bytes(50), b"\0\0\0\x01\x67" + bytes(50),
    b"P6 99999 99999 255\n", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20), b"\x80\x81\x82" * 20,
)  # fmt: skip


def damaged_file(seed: int) -> tuple[str, bytes]:
    """Return the name and the content of a file.

    Args:
        seed: chooses mode, format, size, metadata, damage and suffix.
    """
    chance = random.Random(seed)
    if chance.random() < 0.1:
        data = chance.choice(NOT_IMAGES)
    else:
        mode = chance.choice(list(FORMATS))
        data = _encoded(mode, chance.choice(FORMATS[mode]), chance.choice(SIZES), chance)
    for _ in range(chance.choice((0, 0, 1, 1, 1, 2))):
        data = chance.choice(DAMAGES)(data, chance)
    return f"{seed:05d}{chance.choice(SUFFIXES)}", data


def _encoded(mode: str, kind: str, size: tuple[int, int], chance: random.Random) -> bytes:
    if mode.endswith(";16") and mode[0] == "R":
        return _png16(4 if mode.startswith("RGBA") else 3, size, chance)
    options = _metadata(kind, mode, chance)
    file = io.BytesIO()
    try:
        _picture(mode, size, chance).save(file, kind, **options)
    except Exception:  # a size or metadata that the format cannot hold
        file = io.BytesIO()
        _picture(mode, size, chance).save(file, "TIFF")
    return file.getvalue()


def _picture(mode: str, size: tuple[int, int], chance: random.Random) -> Image.Image:
    width, height = size
    noise = np.random.RandomState(chance.randrange(1 << 30))
    if mode in ("I", "F", "I;16"):
        kind = {"I": np.int32, "F": np.float32, "I;16": np.uint16}[mode]
        values = noise.rand(height, width) * chance.choice((1, 255, 4095, 65535))
        if mode == "F" and chance.random() < 0.2:
            values[0, 0] = chance.choice((np.nan, np.inf, 1e38))
        return Image.fromarray(values.astype(kind))
    colours = noise.randint(0, 256, (height, width, 4), np.uint8)
    picture = Image.fromarray(colours)
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(picture.convert("RGB"), srgb, lab, outputMode="LAB")
    return picture if mode == "RGBA" else picture.convert("RGB").convert(mode)


def _metadata(kind: str, mode: str, chance: random.Random) -> dict[str, Any]:
    """Options of Pillow: orientation, colour profile, transparency, animation."""
    options: dict[str, Any] = {}
    if kind in ("JPEG", "PNG", "WEBP", "TIFF") and chance.random() < 0.3:
        exif = Image.Exif()
        exif[0x0112] = chance.choice((0, 1, 2, 3, 5, 6, 8, 9, 255))
        options["exif"] = exif.tobytes()
    if kind in ("JPEG", "PNG", "WEBP", "TIFF") and chance.random() < 0.3:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        options["icc_profile"] = chance.choice((profile, profile[:99], b"none"))
    if kind in ("PNG", "GIF") and mode in ("1", "L", "P", "I;16") and chance.random() < 0.4:
        options["transparency"] = chance.randrange(256)
    if kind in ("GIF", "WEBP", "PNG") and mode in ("RGB", "RGBA", "P") and chance.random() < 0.2:
        options |= {"save_all": True, "append_images": [Image.new(mode, (16, 16))]}
    return options


def _png16(channels: int, size: tuple[int, int], chance: random.Random) -> bytes:
    """A PNG of 16 bits a channel, which Pillow cannot write."""
    width, height = size
    rows = b"".join(b"\0" + chance.randbytes(width * channels * 2) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 16, 6 if channels == 4 else 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 20) if data else 0):
        changed[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(changed)


def _flip_header(data: bytes, chance: random.Random) -> bytes:
    return _flip(data[:64], chance) + data[64:]


def _claim(data: bytes, chance: random.Random) -> bytes:
    """A PNG or BMP that claims another size."""
    at = 16 if data.startswith(b"\x89PNG") else 18
    claimed = struct.pack(">II", *(chance.choice((0, 1, 70_000, 2**31 - 1)) for _ in range(2)))
    return data[:at] + claimed + data[at + 8 :] if len(data) > at + 8 else data


def _empty_part(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    length = min(chance.randrange(200), len(data) - start)
    return data[:start] + bytes(length) + data[start + length :]


def _append(data: bytes, chance: random.Random) -> bytes:
    return data + chance.randbytes(chance.randrange(300))


def _without_part(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randrange(60) :]


Damage = Callable[[bytes, random.Random], bytes]
DAMAGES: tuple[Damage, ...] = (
    _cut, _flip, _flip_header, _claim, _empty_part, _append, _without_part,
)  # fmt: skip
