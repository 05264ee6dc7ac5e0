"""OSC 1.0 and 1.1: packets in, packets out, and nothing a stranger sends can hurt.

The standards are "The Open Sound Control 1.0 Specification" (Wright, 2002) and "Features and
Future of Open Sound Control version 1.1" (Freed and Schmeder, NIME 2009).

| tag | Python                             | tag     | Python                      |
|-----|------------------------------------|---------|-----------------------------|
| i h | int                                | T F     | True, False                 |
| f d | float; NaN and infinity refused    | N I     | None, `BANG`                |
| s S | str, UTF-8 or else Latin-1         | r       | int, 0xRRGGBBAA             |
| b   | bytes                              | m       | bytes, port status data data |
| c   | str of one character               | t       | `TimeTag`                   |
| [ ] | list, 8 deep at most               |         |                             |
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from genart.errors import GenartError

#: No packet is longer, in bytes.
LARGEST = 65_536
#: Bundles in bundles, and lists in lists.
DEEPEST = 8
#: Seconds from 1900, where time tags count from, to 1970.
EPOCH = 2_208_988_800
_BUNDLE = b"#bundle\0"
_INT, _LONG = struct.Struct(">i"), struct.Struct(">q")
_FLOAT, _DOUBLE, _TAG = struct.Struct(">f"), struct.Struct(">d"), struct.Struct(">Q")
_UNSIGNED = struct.Struct(">I")


class OscError(GenartError, ValueError):
    """A packet that is no OSC, or that asks for more than it may."""


class TimeTag(int):
    """When: 64 bits, seconds since 1900 in the upper half; 0 and 1 mean at once."""

    @property
    def immediate(self) -> bool:
        """Whether it means at once."""
        return self <= 1

    @property
    def unix(self) -> float:
        """Seconds since 1970."""
        return self / 2**32 - EPOCH

    @classmethod
    def at(cls, unix: float) -> TimeTag:
        """The time tag of a time in seconds since 1970."""
        return cls(min(max(round((unix + EPOCH) * 2**32), 0), 2**64 - 1))


AT_ONCE = TimeTag(1)


class Bang:
    """What tag I carries: OSC 1.1's impulse."""

    def __repr__(self) -> str:
        return "BANG"


BANG = Bang()


@dataclass(frozen=True, slots=True)
class Message:
    """An address with its arguments."""

    address: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Messages that belong together, at a time."""

    time: TimeTag
    elements: tuple[Message | Bundle, ...]

    def messages(self) -> Iterator[Message]:
        """Every message in it and in its bundles, in order."""
        for element in self.elements:
            if isinstance(element, Bundle):
                yield from element.messages()
            else:
                yield element


Packet: TypeAlias = "Message | Bundle"


def decode(packet: bytes) -> Packet:
    """Read a packet.

    Raises:
        OscError: anything that is not OSC to the last byte; nothing else is ever raised.
    """
    if not packet or len(packet) > LARGEST:
        raise OscError(f"A packet has 1..{LARGEST} bytes, not {len(packet)}.")
    return _element(packet, 0, len(packet), 0)


def _element(data: bytes, start: int, end: int, depth: int) -> Packet:
    if (end - start) % 4:
        raise OscError(f"A size must be a multiple of 4, not {end - start}.")
    if data.startswith(_BUNDLE, start, end):
        return _bundle(data, start + 8, end, depth)
    return _message(data, start, end)


def _bundle(data: bytes, at: int, end: int, depth: int) -> Bundle:
    if depth >= DEEPEST:
        raise OscError(f"Bundles are nested {DEEPEST} deep at most.")
    if end - at < 8:
        raise OscError("A bundle is cut short before its time tag.")
    time = TimeTag(_TAG.unpack_from(data, at)[0])
    at += 8
    elements = []
    while at < end:
        (size,) = _INT.unpack_from(data, at)  # a multiple of 4 is left, so 4 bytes are there
        at += 4
        if size <= 0 or size % 4 or size > end - at:
            raise OscError(f"An element's size is {size}, with {end - at} bytes left.")
        elements.append(_element(data, at, at + size, depth + 1))
        at += size
    return Bundle(time, tuple(elements))


def _message(data: bytes, start: int, end: int) -> Message:
    address, at = _text(data, start, end)
    if not address.startswith("/") or not address.isprintable():
        raise OscError("A message starts with an address, and an address with a /.")
    if at == end:
        return Message(address)  # OSC 1.0 asks for this leniency to older senders
    tags, at = _text(data, at, end)
    if not tags.startswith(","):
        raise OscError(f"The type tags of {address} do not start with a comma.")
    args, at = _arguments(data, at, end, tags)
    if at != end:
        raise OscError(f"{address} has {end - at} bytes that no type tag tells of.")
    return Message(address, tuple(args))


def _arguments(data: bytes, at: int, end: int, tags: str) -> tuple[list[Any], int]:
    open_lists: list[list[Any]] = [[]]
    for tag in tags[1:]:
        if tag == "[":
            if len(open_lists) > DEEPEST:
                raise OscError(f"Lists are nested {DEEPEST} deep at most.")
            inner: list[Any] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif tag == "]":
            if len(open_lists) == 1:
                raise OscError("A ] closes a list that was never opened.")
            open_lists.pop()
        elif tag in _PLAIN:
            open_lists[-1].append(_PLAIN[tag])
        else:
            value, at = _value(tag, data, at, end)
            open_lists[-1].append(value)
    if len(open_lists) > 1:
        raise OscError("A [ opens a list that is never closed.")
    return open_lists[0], at


_PLAIN = {"T": True, "F": False, "N": None, "I": BANG}
_SIZES = {"i": 4, "f": 4, "r": 4, "c": 4, "m": 4, "h": 8, "d": 8, "t": 8}


def _value(tag: str, data: bytes, at: int, end: int) -> tuple[Any, int]:
    if tag in "sS":
        return _text(data, at, end)
    if tag == "b":
        return _blob(data, at, end)
    if tag not in _SIZES:
        raise OscError(f"{tag!r} is no type tag; known: i f h d s S b c r m t T F N I [ ].")
    if end - at < _SIZES[tag]:
        raise OscError(f"An argument of type {tag} is cut short.")
    return _fixed(tag, data, at), at + _SIZES[tag]


def _fixed(tag: str, data: bytes, at: int) -> Any:
    if tag == "f":
        return _finite(_FLOAT.unpack_from(data, at)[0])
    if tag == "i":
        return _INT.unpack_from(data, at)[0]
    if tag == "d":
        return _finite(_DOUBLE.unpack_from(data, at)[0])
    if tag == "h":
        return _LONG.unpack_from(data, at)[0]
    if tag == "t":
        return TimeTag(_TAG.unpack_from(data, at)[0])
    if tag == "r":
        return _UNSIGNED.unpack_from(data, at)[0]
    return data[at : at + 4] if tag == "m" else _character(_UNSIGNED.unpack_from(data, at)[0])


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise OscError(f"{number} is no number to turn anything to.")
    return number


def _character(code: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise OscError(f"{code:#x} is no character.")
    return chr(code)


def _text(data: bytes, at: int, end: int) -> tuple[str, int]:
    stop = data.find(b"\0", at, end)
    if stop < 0:
        raise OscError("A text is cut short: it ends with a zero byte.")
    after = at + (stop - at) // 4 * 4 + 4
    if after > end or data[stop:after].strip(b"\0"):
        raise OscError("A text is filled up with zero bytes to a multiple of 4.")
    raw = data[at:stop]
    try:
        return raw.decode("utf-8"), after
    except UnicodeDecodeError:
        return raw.decode("latin-1"), after


def _blob(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    if end - at < 4:
        raise OscError("A blob is cut short before its size.")
    (size,) = _INT.unpack_from(data, at)
    at += 4
    if not 0 <= size <= end - at:
        raise OscError(f"A blob's size is {size}, with {end - at} bytes left.")
    return data[at : at + size], at + (size + 3) // 4 * 4


def encode(packet: Packet) -> bytes:
    """Write a packet; what `decode` reads from it is equal, but for floats becoming 32 bits.

    A float is sent as f, an int as i or, if it is too large for that, h, and True, False, None,
    `BANG`, text, bytes, lists and time tags as what they are.

    Raises:
        OscError: something OSC cannot carry, or more than fits into a packet.
    """
    data = _encoded(packet, 0)
    if len(data) > LARGEST:
        raise OscError(f"A packet has {LARGEST} bytes at most, not {len(data)}.")
    return data


def _encoded(packet: Packet, depth: int) -> bytes:
    if isinstance(packet, Message):
        if not packet.address.startswith("/"):
            raise OscError(f'"{packet.address}" is no address: it starts with a /.')
        tags, body = _tagged(packet.args, 0)
        return _padded(packet.address) + _padded("," + tags) + body
    if depth >= DEEPEST:
        raise OscError(f"Bundles are nested {DEEPEST} deep at most.")
    parts = [_encoded(element, depth + 1) for element in packet.elements]
    return b"".join(
        [_BUNDLE, _TAG.pack(packet.time), *(_INT.pack(len(part)) + part for part in parts)]
    )


def _tagged(args: Sequence[Any], depth: int) -> tuple[str, bytes]:
    if depth > DEEPEST:
        raise OscError(f"Lists are nested {DEEPEST} deep at most.")
    tags, body = [], []
    for arg in args:
        if isinstance(arg, (list, tuple)):
            inner, data = _tagged(arg, depth + 1)
            tags.append(f"[{inner}]")
        else:
            tag, data = _argument(arg)
            tags.append(tag)
        body.append(data)
    return "".join(tags), b"".join(body)


def _argument(arg: Any) -> tuple[str, bytes]:
    for tag, plain in _PLAIN.items():
        if arg is plain:
            return tag, b""
    if isinstance(arg, TimeTag):
        return "t", _TAG.pack(arg)
    if isinstance(arg, int):
        return _whole(arg)
    if isinstance(arg, float):
        return _number(arg)
    if isinstance(arg, str):
        return "s", _padded(arg)
    if isinstance(arg, bytes):
        return "b", _INT.pack(len(arg)) + arg + b"\0" * (-len(arg) % 4)
    raise OscError(f"OSC cannot carry a {type(arg).__name__}.")


def _whole(number: int) -> tuple[str, bytes]:
    if -(2**31) <= number < 2**31:
        return "i", _INT.pack(number)
    if -(2**63) <= number < 2**63:
        return "h", _LONG.pack(number)
    raise OscError(f"{number} does not fit into 64 bits.")


def _number(number: float) -> tuple[str, bytes]:
    if not math.isfinite(number):
        raise OscError(f"{number} is not sent: only finite numbers are.")
    try:
        return "f", _FLOAT.pack(number)
    except OverflowError:
        return "d", _DOUBLE.pack(number)


def _padded(text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if b"\0" in raw:
        raise OscError("A text with a zero byte cannot be sent.")
    return raw + b"\0" * (4 - len(raw) % 4)
