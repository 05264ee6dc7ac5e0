"""OSC 1.0 and 1.1: decodes packets from the network and encodes packets for it.

`decode` is genart's own: it reads every type of both versions, and any malformed packet raises
`OscError` and nothing else. `encode` uses python-osc.

The standards are "The Open Sound Control 1.0 Specification" (Wright, 2002) and "Features and
Future of Open Sound Control version 1.1" (Freed and Schmeder, NIME 2009).

| tag | Python                             | tag     | Python                      |
|-----|------------------------------------|---------|-----------------------------|
| i h | int                                | T F     | True, False                 |
| f d | float; NaN and infinity refused    | N I     | None, `BANG`                |
| s S | str, UTF-8 or else Latin-1         | r       | int, 0xRRGGBBAA             |
| b   | bytes                              | m       | bytes: port, status, 2 data |
| c   | str of one character               | t       | `TimeTag`                   |
| [ ] | list, nested at most 8 deep        |         |                             |

I, c, r, m and t are only decoded; genart sends none of them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_bundle_builder import BuildError as BundleError
from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError as MessageError
from pythonosc.osc_message_builder import OscMessageBuilder

from genart.errors import GenartError

#: The largest packet accepted or sent, in bytes.
LARGEST = 65_536
#: How deep bundles may be nested in bundles, and lists in lists.
DEEPEST = 8
#: Seconds from 1900, where time tags begin, to 1970.
EPOCH = 2_208_988_800
_BUNDLE = b"#bundle\0"
_INT, _LONG = struct.Struct(">i"), struct.Struct(">q")
_FLOAT, _DOUBLE, _TAG = struct.Struct(">f"), struct.Struct(">d"), struct.Struct(">Q")
_UNSIGNED = struct.Struct(">I")
_FLOAT_OVERFLOWS = 3.4028235677973366e38  # rounds to infinity as a 32-bit float


class OscError(GenartError, ValueError):
    """A packet that is not valid OSC, or that is larger or deeper than allowed."""


class TimeTag(int):
    """A time: 64 bits, seconds since 1900 in the upper half; 0 and 1 mean immediately."""

    @property
    def immediate(self) -> bool:
        """Whether it means immediately."""
        return self <= 1

    @property
    def unix(self) -> float:
        """Seconds since 1970."""
        return self / 2**32 - EPOCH

    @classmethod
    def at(cls, unix: float) -> TimeTag:
        """The time tag of a time in seconds since 1970."""
        return cls(min(max(round((unix + EPOCH) * 2**32), 0), 2**64 - 1))


IMMEDIATE = TimeTag(1)


class Bang:
    """The value of tag I, the impulse of OSC 1.1."""

    def __repr__(self) -> str:
        return "BANG"


BANG = Bang()


@dataclass(frozen=True, slots=True)
class Message:
    """An address and its arguments."""

    address: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Messages that are applied together, at a time."""

    time: TimeTag
    elements: tuple[Message | Bundle, ...]

    def messages(self) -> Iterator[Message]:
        """Every message of this bundle and of the bundles inside it, in order."""
        for element in self.elements:
            if isinstance(element, Bundle):
                yield from element.messages()
            else:
                yield element


Packet: TypeAlias = "Message | Bundle"


def decode(packet: bytes) -> Packet:
    """Decode a packet.

    Raises:
        OscError: a packet that is not valid OSC to its last byte. Nothing else is ever raised.
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
        raise OscError(f"Bundles may be nested at most {DEEPEST} deep.")
    if end - at < 8:
        raise OscError("A bundle ends before its time tag.")
    time = TimeTag(_TAG.unpack_from(data, at)[0])
    at += 8
    elements = []
    while at < end:
        (size,) = _INT.unpack_from(data, at)  # the rest is a multiple of 4 bytes, so 4 are there
        at += 4
        if size <= 0 or size % 4 or size > end - at:
            raise OscError(f"A bundle element has size {size}, but {end - at} bytes are left.")
        elements.append(_element(data, at, at + size, depth + 1))
        at += size
    return Bundle(time, tuple(elements))


def _message(data: bytes, start: int, end: int) -> Message:
    address, at = _text(data, start, end)
    if not address.startswith("/") or not address.isprintable():
        raise OscError("A message must start with an address, and an address with /.")
    if at == end:
        return Message(address)  # OSC 1.0 accepts this from older senders
    tags, at = _text(data, at, end)
    if not tags.startswith(","):
        raise OscError(f"The type tags of {address} must start with a comma.")
    args, at = _arguments(data, at, end, tags)
    if at != end:
        raise OscError(f"{address} has {end - at} bytes more than its type tags describe.")
    return Message(address, tuple(args))


def _arguments(data: bytes, at: int, end: int, tags: str) -> tuple[list[Any], int]:
    open_lists: list[list[Any]] = [[]]
    for tag in tags[1:]:
        if tag == "[":
            if len(open_lists) > DEEPEST:
                raise OscError(f"Lists may be nested at most {DEEPEST} deep.")
            inner: list[Any] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif tag == "]":
            if len(open_lists) == 1:
                raise OscError("A type tag ] has no opening [.")
            open_lists.pop()
        elif tag in _PLAIN:
            open_lists[-1].append(_PLAIN[tag])
        else:
            value, at = _value(tag, data, at, end)
            open_lists[-1].append(value)
    if len(open_lists) > 1:
        raise OscError("A type tag [ has no closing ].")
    return open_lists[0], at


_PLAIN = {"T": True, "F": False, "N": None, "I": BANG}
_SIZES = {"i": 4, "f": 4, "r": 4, "c": 4, "m": 4, "h": 8, "d": 8, "t": 8}


def _value(tag: str, data: bytes, at: int, end: int) -> tuple[Any, int]:
    if tag in "sS":
        return _text(data, at, end)
    if tag == "b":
        return _blob(data, at, end)
    if tag not in _SIZES:
        raise OscError(f"{tag!r} is not a type tag; known: i f h d s S b c r m t T F N I [ ].")
    if end - at < _SIZES[tag]:
        raise OscError(f"An argument of type {tag} is incomplete.")
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
        raise OscError(f"{number} is not a finite number.")
    return number


def _character(code: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise OscError(f"{code:#x} is not a Unicode character.")
    return chr(code)


def _text(data: bytes, at: int, end: int) -> tuple[str, int]:
    stop = data.find(b"\0", at, end)
    if stop < 0:
        raise OscError("A text has no closing zero byte.")
    after = at + (stop - at) // 4 * 4 + 4
    if after > end or data[stop:after].strip(b"\0"):
        raise OscError("A text must be padded with zero bytes to a multiple of 4.")
    raw = data[at:stop]
    try:
        return raw.decode("utf-8"), after
    except UnicodeDecodeError:
        return raw.decode("latin-1"), after


def _blob(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    if end - at < 4:
        raise OscError("A blob ends before its size.")
    (size,) = _INT.unpack_from(data, at)
    at += 4
    if not 0 <= size <= end - at:
        raise OscError(f"A blob has size {size}, but {end - at} bytes are left.")
    return data[at : at + size], at + (size + 3) // 4 * 4


def encode(packet: Packet) -> bytes:
    """Encode a packet with python-osc; `decode` of the result is equal, apart from float rounding.

    A float is sent as f, or as d where 32 bits overflow; an int as i, or as h where 32 bits
    overflow; True, False, None, text, bytes and lists as their own types.

    Raises:
        OscError: an argument that OSC cannot carry, an address without /, a packet above 65,536
            bytes, or lists nested deeper than 8.
    """
    try:
        data = _built(packet).dgram
    except (MessageError, BundleError, ParseError, OverflowError, struct.error) as error:
        raise OscError(f"This packet cannot be encoded: {error}") from error
    if len(data) > LARGEST:
        raise OscError(f"A packet has at most {LARGEST} bytes, not {len(data)}.")
    return data


def _built(packet: Packet) -> OscMessage | OscBundle:
    if isinstance(packet, Bundle):
        at: Any = IMMEDIATELY if packet.time.immediate else packet.time.unix
        bundle = OscBundleBuilder(at)
        for element in packet.elements:
            bundle.add_content(_built(element))
        return bundle.build()
    if not packet.address.startswith("/"):
        raise OscError(f'"{packet.address}" is not an OSC address: it must start with /.')
    message = OscMessageBuilder(_sendable(packet.address))
    for arg in packet.args:
        value, tag = _argument(arg, 1)
        message.add_arg(value, tag)
    return message.build()


def _argument(arg: Any, depth: int) -> tuple[Any, Any]:
    """An argument as python-osc takes it, and its type tag or the tags of a list."""
    if isinstance(arg, (list, tuple)):
        if depth > DEEPEST:
            raise OscError(f"Lists may be nested at most {DEEPEST} deep.")
        pairs = [_argument(each, depth + 1) for each in arg]
        return [value for value, _ in pairs], [tag for _, tag in pairs]
    if arg is None or isinstance(arg, bool):
        return arg, {True: "T", False: "F", None: "N"}[arg]
    if isinstance(arg, int) and not isinstance(arg, TimeTag):
        return arg, "i" if -(2**31) <= arg < 2**31 else "h"
    if isinstance(arg, float):
        return arg, _float_tag(arg)
    if isinstance(arg, str):
        return _sendable(arg), "s"
    if isinstance(arg, bytes):
        return arg, "b"
    raise OscError(f"OSC messages of genart do not carry a {type(arg).__name__}.")


def _float_tag(number: float) -> str:
    if not math.isfinite(number):
        raise OscError(f"{number} is not finite and cannot be sent.")
    return "f" if abs(number) < _FLOAT_OVERFLOWS else "d"


def _sendable(text: str) -> str:
    """Text without what UTF-8 cannot encode; OscError for a zero byte, which would end it."""
    if "\0" in text:
        raise OscError("Text with a zero byte cannot be sent.")
    return text.encode("utf-8", "replace").decode("utf-8")
