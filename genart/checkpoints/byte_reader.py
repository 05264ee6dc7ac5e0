"""Reads bytes in order and never past the end."""

from __future__ import annotations

import struct

from genart.checkpoints.limits import TEXT, damaged, refuse

_LINE = 256


class ByteReader:
    """A position in a file's bytes.

    Args:
        view: the bytes, uint8.
    """

    __slots__ = ("pos", "view")

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.pos = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.view) - self.pos

    def byte(self) -> int:
        """One byte, 0..255."""
        pos = self.pos
        if pos >= len(self.view):
            damaged("ends in the middle")
        self.pos = pos + 1
        return self.view[pos]

    def take(self, length: int) -> memoryview:
        """The next `length` bytes, not copied; checked against the bytes left."""
        if not 0 <= length <= self.left:
            refuse(
                f"announces {length:,} bytes but only {self.left:,} are left: incomplete or forged"
            )
        start = self.pos
        self.pos = start + length
        return self.view[start : self.pos]

    def number(self, width: int, signed: bool = False) -> int:
        """A little-endian integer of `width` bytes."""
        return int.from_bytes(self.take(width), "little", signed=signed)

    def real(self) -> float:
        """A big-endian double, as pickles write them."""
        return float(struct.unpack(">d", self.take(8))[0])

    def text(self, length: int) -> str:
        """UTF-8 text of `length` bytes."""
        if length > TEXT:
            refuse(f"announces a text of {length:,} bytes; at most {TEXT:,} are read")
        try:
            return str(self.take(length), "utf-8")
        except UnicodeDecodeError:
            damaged("holds text that is not UTF-8")

    def line(self) -> str:
        """ASCII text up to the next newline."""
        window = bytes(self.view[self.pos : self.pos + _LINE])
        length = window.find(b"\n")
        if length < 0:
            refuse("names a global too long to be one")
        self.pos += length + 1
        return window[:length].decode("ascii", "backslashreplace")
