"""What is no OSC, nearly OSC, and OSC that nobody should send; and which of it may change a Param.

A packet is made from a seed and a number, so any failure can be repeated. `may_turn` reads packets
by the OSC 1.0 specification, with nothing of genart's own reader.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from random import Random

EPOCH = 2_208_988_800  # seconds from 1900 to 1970
NUMBERS = (-4, -1, 0, 1, 3, 4, 5, 8, 255, 65_535, 65_536, 2**31 - 1, -(2**31))
TAGS = "ifsbhtdScrmTFNI[]"
SIGNS = "*?[]{}!-,/ab"


def text(value: str | bytes) -> bytes:
    """An OSC string."""
    raw = value.encode() if isinstance(value, str) else value
    return raw + b"\0" * (4 - len(raw) % 4)


def message(address: str, tags: str = "", *data: bytes) -> bytes:
    """An OSC message."""
    return text(address) + text("," + tags) + b"".join(data)


def bundle(*elements: bytes, tag: int = 1) -> bytes:
    """An OSC bundle."""
    sized = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", tag) + sized


def _deep(levels: int) -> bytes:
    inner = message("/genart/sketch/level", "f", struct.pack(">f", 0.5))
    for _ in range(levels):
        inner = bundle(inner)
    return inner


#: Each of these has hung, crashed or bloated some OSC library; the first two python-osc.
KILLERS = (
    b"#bundle\0" + struct.pack(">Qi", 1, -4),
    message("/" + "*" * 20 + "x"),
    message("/genart/" + "*a" * 20 + "b"),
    message("/" + "?*" * 100 + "!"),
    message("/genart/" + "{" * 90 + "/[" + "a-" * 80 + "]"),
    message("/genart/" + "{a,ab,abc,}" * 20),
    message("/" + "/" * 200 + "level"),
    message("/" + "//a" * 60),
    _deep(9),
    _deep(3000),
    bundle(*[bundle()] * 3200),
    bundle(*[message("/genart/*/*")] * 2000),
    bundle(*[message("/genart/status/*", "s", text("?"))] * 1000),
    message("/genart/sketch/level", "N" * 60_000),
    message("/genart/sketch/level", "[" * 30_000 + "]" * 30_000),
    message("/genart/sketch/level", "b", struct.pack(">i", 2**31 - 1)),
    message("/genart/sketch/level", "b", struct.pack(">i", -1)),
    message("/genart/cue/save", "s", text("x" * 60_000)),
    message("/genart/cue/save", "s", text("../../outside")),
    message("/genart/record/start", "s", text("../../outside.mkv")),
    text("/" + "a" * 65_000),
    b"#bundle\0" + b"\xff" * 64,
    b"\0" * 65_000,
    b"",
)


class Garbage:
    """Packets by number: the same seed, number and time give the same bytes.

    Args:
        seed: of everything.
        addresses: what well-formed messages are addressed to.
    """

    def __init__(self, seed: int, addresses: Sequence[str]) -> None:
        self.seed, self.addresses = seed, list(addresses)

    def packet(self, number: int, now: float) -> bytes:
        """One packet, at most 65,507 bytes; `now`, in seconds since 1970, is for time tags."""
        if number % 1000 < len(KILLERS):
            return KILLERS[number % 1000]
        chance = Random(self.seed * 1_000_003 + number)
        kind = chance.random()
        if kind < 0.1:
            return chance.randbytes(chance.choice((4, 8, 16, 40, 200)))
        whole = self._message(chance) if kind < 0.7 else self._bundle(chance, now, 0)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
            whole = chance.choice(MUTATIONS)(whole, chance)
        return whole[:65_507]

    def _message(self, chance: Random) -> bytes:
        address = chance.choice(self.addresses)
        if chance.random() < 0.1:
            address = _patterned(address, chance)
        tags = "".join(chance.choices(TAGS, k=chance.choice((0, 1, 1, 1, 2, 3, 8))))
        if chance.random() < 0.5:
            tags = chance.choice(("f", "i", "s", "T", "F", "ff", "sf", "d", "h"))
        return message(address, tags, *(_argument(tag, chance) for tag in tags))

    def _bundle(self, chance: Random, now: float, depth: int) -> bytes:
        elements = []
        for _ in range(chance.choice((0, 1, 2, 2, 5))):
            nested = depth < 10 and chance.random() < 0.3
            elements.append(
                self._bundle(chance, now, depth + 1) if nested else self._message(chance)
            )
        ahead = chance.choice((-1e9, -1.0, 0.0, 0.01, 0.1, 1.0, 4.9, 5.1, 1e9))
        at = round((max(now + ahead, 0.0) + EPOCH) * 2**32) % 2**64
        tag = chance.choice((1, 1, 0, at, at, 2**64 - 1, chance.getrandbits(64)))
        return bundle(*elements, tag=tag)


def _patterned(address: str, chance: Random) -> str:
    """An address with a few characters replaced by pattern characters."""
    letters = list(address)
    for _ in range(chance.choice((1, 2, 5, 20))):
        place = chance.randrange(8, len(letters)) if len(letters) > 8 else 0
        letters[place] = chance.choice(SIGNS)
    return "".join(letters)


def _argument(tag: str, chance: Random) -> bytes:
    if tag in "TFNI[]":
        return b""
    if tag in "sS":
        return text(chance.choice(("?", "+", "a", "calm", "wild", "", "\xe9", "x" * 300, "nan")))
    if tag == "b":
        size = chance.randrange(20)
        return struct.pack(">i", size) + bytes(size + -size % 4)
    if tag == "f":
        return struct.pack(">f", chance.choice((0.5, -1.0, 1e30, chance.random(), float("nan"))))
    if tag == "d":
        return struct.pack(">d", chance.choice((0.25, 1e300, float("-inf"), chance.random())))
    if tag in "ht":
        return struct.pack(">q", chance.choice((0, 1, -(2**63), 2**63 - 1)))
    return struct.pack(">i", chance.choice(NUMBERS))


def _flip(data: bytes, chance: Random) -> bytes:
    out = bytearray(data)
    if out:
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _renumber(data: bytes, chance: Random) -> bytes:
    """Any aligned four bytes, such as a size, become another number."""
    if len(data) < 4:
        return data
    at = 4 * chance.randrange(len(data) // 4)
    return data[:at] + struct.pack(">i", chance.choice(NUMBERS)) + data[at + 4 :]


def _repeat(data: bytes, chance: Random) -> bytes:
    a, b = sorted(chance.randrange(len(data) // 4 + 1) * 4 for _ in range(2))
    return data[:b] + data[a:b] * chance.choice((1, 2, 100)) + data[b:]


def _drop(data: bytes, chance: Random) -> bytes:
    a, b = sorted(chance.randrange(len(data) // 4 + 1) * 4 for _ in range(2))
    return data[:a] + data[b:]


def _retag(data: bytes, chance: Random) -> bytes:
    at = data.find(b",") + 1
    return data[:at] + chance.choice(TAGS + "xXk@").encode() + data[at + 1 :] if at else data


def _nest(data: bytes, chance: Random) -> bytes:
    for _ in range(chance.choice((1, 2, 7, 8, 9, 100))):
        data = bundle(data)
    return data


def _pour(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.choice((1, 4, 32))) + data[at:]


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip, _flip, _cut, _renumber, _renumber, _repeat, _drop, _retag, _nest, _pour,
)  # fmt: skip


class Malformed(Exception):
    """By the specification, this is no OSC."""


def may_turn(packet: bytes, addresses: Iterable[str]) -> set[str]:
    """The addresses that a packet may turn: those its well-formed messages reach with arguments."""
    try:
        reached = _addressed(packet)
    except (Malformed, struct.error):
        return set()
    return {address for address in addresses for pattern in reached if matches(pattern, address)}


def _addressed(data: bytes) -> set[str]:
    if not data or len(data) % 4:
        raise Malformed
    if data.startswith(b"#bundle\0"):
        return _in_bundle(data[16:]) if len(data) >= 16 else set()
    address, rest = _string(data)
    if not address.startswith("/") or not rest:
        return set()
    tags, rest = _string(rest)
    if not tags.startswith(","):
        raise Malformed
    for tag in tags[1:]:
        rest = _skip(tag, rest)
    if rest or tags.count("[") != tags.count("]"):
        raise Malformed
    return {address} if len(tags) > 1 else set()


def _in_bundle(data: bytes) -> set[str]:
    reached: set[str] = set()
    while data:
        (size,) = struct.unpack_from(">i", data)
        if size <= 0 or size > len(data) - 4:
            raise Malformed
        try:
            reached |= _addressed(data[4 : 4 + size])
        except RecursionError:
            raise Malformed from None
        data = data[4 + size :]
    return reached


def _string(data: bytes) -> tuple[str, bytes]:
    end = data.find(b"\0")
    after = end // 4 * 4 + 4
    if end < 0 or after > len(data) or data[end:after].strip(b"\0"):
        raise Malformed
    return data[:end].decode("utf-8", "replace"), data[after:]


def _skip(tag: str, data: bytes) -> bytes:
    if tag in "TFNI[]":
        return data
    if tag in "sS":
        return _string(data)[1]
    if tag == "b":
        (size,) = struct.unpack_from(">i", data)
        length = 4 + size + -size % 4
        if size < 0 or 4 + size > len(data):
            raise Malformed
    else:
        length = {"i": 4, "f": 4, "c": 4, "r": 4, "m": 4, "h": 8, "d": 8, "t": 8}.get(tag, 1 << 30)
        if length > len(data):
            raise Malformed
    return data[length:]


def matches(pattern: str, address: str) -> bool:
    """Whether an OSC pattern reaches an address, each rest of either looked at once."""
    if not set("*?[{") & set(pattern) and "//" not in pattern:
        return pattern == address
    if len(pattern) > 256:
        return False

    @cache
    def fits(p: int, a: int) -> bool:
        if p == len(pattern):
            return a == len(address)
        sign, left = pattern[p], address[a : a + 1]
        if pattern.startswith("//", p):
            slashes = [i for i in range(a, len(address)) if address[i] == "/"]
            return left == "/" and any(fits(p + 1, i) for i in slashes)
        if sign == "*":
            return fits(p + 1, a) or (left not in ("", "/") and fits(p, a + 1))
        if sign == "{":
            end = pattern.find("}", p)
            options = pattern[p + 1 : end].split(",") if end > 0 else []
            return any(fits(end + 1, a + len(o)) for o in options if address.startswith(o, a))
        if sign == "[":
            end = pattern.find("]", p)
            fine = end > 0 and left not in ("", "/") and _in_set(left, pattern[p + 1 : end])
            return fine and fits(end + 1, a + 1)
        return (sign == left or (sign == "?" and left not in ("", "/"))) and fits(p + 1, a + 1)

    return fits(0, 0)


def _in_set(letter: str, inside: str) -> bool:
    """Whether a letter is one of a pattern's [set]."""
    negated, inside = inside.startswith("!"), inside.removeprefix("!")
    found, at = False, 0
    while at < len(inside):
        spans = inside[at + 1 : at + 2] == "-" and at + 2 < len(inside)
        ends = (inside[at], inside[at + 2]) if spans else (inside[at],) * 2
        found = found or min(ends) <= letter <= max(ends)
        at += 3 if spans else 1
    return found != negated
