"""The OSC codec: what it reads, what it writes, and what it refuses."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from genart.osc.codec import (
    BANG,
    DEEPEST,
    IMMEDIATE,
    LARGEST,
    Bundle,
    Message,
    OscError,
    TimeTag,
    decode,
    encode,
)


def padded(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return raw + b"\0" * (4 - len(raw) % 4)


def message(tags: str, body: bytes = b"", address: str = "/a") -> bytes:
    return padded(address) + padded("," + tags) + body


def bundle(*elements: bytes, tag: int = 1) -> bytes:
    sized = (struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(sized)


@pytest.mark.parametrize(
    ("tags", "body", "args"),
    [
        ("i", struct.pack(">i", -7), (-7,)),
        ("h", struct.pack(">q", 2**40), (2**40,)),
        ("f", struct.pack(">f", 0.5), (0.5,)),
        ("d", struct.pack(">d", 0.1), (0.1,)),
        ("s", padded("hello"), ("hello",)),
        ("S", padded("sym"), ("sym",)),
        ("b", struct.pack(">i", 3) + b"abc\0", (b"abc",)),
        ("b", struct.pack(">i", 0), (b"",)),
        ("TFNI", b"", (True, False, None, BANG)),
        ("c", struct.pack(">I", 0x1F3A8), ("🎨",)),
        ("r", b"\x11\x22\x33\x44", (0x11223344,)),
        ("m", b"\x00\x90\x3c\x7f", (b"\x00\x90\x3c\x7f",)),
        ("t", struct.pack(">Q", 2**33), (TimeTag(2**33),)),
        ("i[ff]s", struct.pack(">iff", 1, 2.0, 3.0) + padded("x"), (1, [2.0, 3.0], "x")),
        ("[[i]]", struct.pack(">i", 1), ([[1]],)),
    ],
)
def test_every_type_is_read_and_consumes_its_bytes(
    tags: str, body: bytes, args: tuple[Any, ...]
) -> None:
    after = decode(message(tags + "i", body + struct.pack(">i", 99)))
    assert after == Message("/a", (*args, 99))


def test_what_python_osc_writes_is_read() -> None:
    builder = OscMessageBuilder("/genart/model/truncation")
    sent = (0.25, 3, "red", True, False, None, b"blob", [1, 2.0])
    for arg in sent:
        builder.add_arg(arg)
    whole = OscBundleBuilder(TimeTag.at(1.0).unix)
    whole.add_content(builder.build())
    assert decode(builder.build().dgram) == Message("/genart/model/truncation", (*sent[:7], [1, 2]))
    assert isinstance(decode(whole.build().dgram), Bundle)


def test_what_is_written_python_osc_reads() -> None:
    sent = (0.25, 3, 2**40, "rød", True, False, None, b"blob")
    read = OscMessage(encode(Message("/x/y", sent)))
    assert (read.address, tuple(read.params)) == ("/x/y", sent)
    both = OscBundle(encode(Bundle(TimeTag(1), (Message("/a", (1,)), Message("/b", (2,))))))
    assert [element.address for element in both] == ["/a", "/b"]


def test_what_is_written_is_read_again() -> None:
    args = (1, 2**40, -(2**63), 0.5, "é", b"12345", True, False, None, [1, ["a"]], 1e300, (1, 2))
    at = TimeTag.at(1e9)
    packet = Bundle(at, (Message("/a", args), Bundle(IMMEDIATE, (Message("/b"),))))
    read = decode(encode(packet))
    assert isinstance(read, Bundle)
    assert read.time.unix == pytest.approx(at.unix, abs=1e-6)
    assert read.elements == (
        Message("/a", (*args[:-1], [1, 2])),
        Bundle(IMMEDIATE, (Message("/b"),)),
    )


def test_python_osc_decodes_what_this_decodes() -> None:
    """The differential test: two independent decoders on packets of another encoder."""
    chance, kinds, tags = random.Random(7), set[str](), set[str]()
    for _ in range(4000):
        whole = random_message(chance)
        if chance.random() < 0.5:  # half of the packets have one byte changed
            at = chance.randrange(len(whole))
            whole = whole[:at] + bytes([chance.choice((0, 1, 44, 102, 127))]) + whole[at + 1 :]
        try:
            ours = decode(whole)
        except OscError:
            kinds.add("refused")
            continue
        if not isinstance(ours, Message) or has_only_ours(whole):
            continue
        theirs = OscMessage(whole)
        assert (ours.address, plain(ours.args)) == (theirs.address, plain(theirs.params)), whole
        kinds.add("decoded")
        tags |= {type(arg).__name__ for arg in ours.args}
    assert kinds == {"refused", "decoded"}
    assert {"int", "float", "str", "bytes", "bool", "NoneType", "list"} <= tags


def test_what_was_decoded_can_be_encoded_again() -> None:
    chance = random.Random(8)
    for _ in range(1000):
        packet = random_message(chance, tags="ifhsbTFN[")
        read = decode(packet)
        assert isinstance(read, Message)
        assert decode(encode(read)) == read


def random_message(chance: random.Random, tags: str = "ifhdsbrTFN[") -> bytes:
    """A valid message of types that python-osc decodes too, written byte by byte."""
    kinds, body = "", b""
    for tag in chance.choices(tags, k=chance.randint(0, 6)):
        for each in "[" + "".join(chance.choices("if", k=2)) + "]" if tag == "[" else tag:
            kinds, body = kinds + each, body + argument(each, chance)
    address = "/" + "/".join(
        chance.choices(("genart", "model", "a", "x-1"), k=chance.randint(1, 4))
    )
    return message(kinds, body, address)


def argument(tag: str, chance: random.Random) -> bytes:
    if tag in "ihfdr":
        number = {
            "i": chance.choice((0, -1, 2**31 - 1, -(2**31), chance.getrandbits(20))),
            "h": chance.choice((0, -1, 2**63 - 1, -(2**63), chance.getrandbits(40))),
            "r": chance.getrandbits(32),
        }.get(tag, chance.choice((0.0, -1.5, 0.25, chance.gauss(0, 1e6))))
        return struct.pack({"i": ">i", "h": ">q", "f": ">f", "d": ">d", "r": ">I"}[tag], number)
    if tag == "s":
        return padded(chance.choice(("", "a", "abc", "abcd", "çok güzel", "x" * 31)))
    if tag == "b":
        blob = chance.randbytes(chance.choice((1, 3, 4, 17)))
        return struct.pack(">i", len(blob)) + blob + b"\0" * (-len(blob) % 4)
    return b""


def has_only_ours(packet: bytes) -> bool:
    """Whether it needs what python-osc does not decode: some types, Latin-1, no type tags."""
    start = packet.find(b"\0,") + 1
    tags = packet[start : packet.find(b"\0", start)]
    try:
        packet.decode("utf-8") if tags.count(b"s") else None
    except UnicodeDecodeError:
        return True
    return start == 0 or not set(tags.decode()) <= set(",ifhdsbrTFN[]")


def plain(args: Any) -> list[Any]:
    return [plain(arg) if isinstance(arg, (list, tuple)) else arg for arg in args]


def test_a_message_without_type_tags_has_no_arguments() -> None:
    assert decode(padded("/abc")) == Message("/abc")


def test_latin_1_text_is_read() -> None:
    assert decode(message("s", padded(b"caf\xe9"))) == Message("/a", ("café",))


@pytest.mark.parametrize(
    "packet",
    {
        "nothing": b"",
        "no address": padded("abc") + padded(","),
        "a size that is no multiple of 4": message("i", b"\0\0\0"),
        "a killer: element size -4": b"#bundle\0" + struct.pack(">Qi", 1, -4),
        "element size 0": b"#bundle\0" + struct.pack(">Qi", 1, 0),
        "an element size of 6": bundle() + struct.pack(">i", 6) + b"/abc\0\0\0\0",
        "an element larger than the packet": bundle() + struct.pack(">i", 64) + padded("/a"),
        "a bundle without time": b"#bundle\0\0\0\0\0",
        "an unknown tag": message("iZ", struct.pack(">ii", 1, 2)),
        "no comma": padded("/a") + padded("i") + b"\0\0\0\1",
        "NaN": message("f", struct.pack(">f", float("nan"))),
        "infinity": message("d", struct.pack(">d", float("inf"))),
        "a cut number": message("d", b"\0\0\0\0"),
        "a cut text": message("s", b"abcd"),
        "filling that is not zero": padded("/a") + b",s\0\0" + b"a\0x\0",
        "a blob of negative size": message("b", struct.pack(">i", -1)),
        "a blob beyond the end": message("b", struct.pack(">i", 8) + b"abcd"),
        "bytes left over": message("i", struct.pack(">ii", 1, 2)),
        "an open list": message("[i", struct.pack(">i", 1)),
        "a closed list": message("]i", struct.pack(">i", 1)),
        "deep lists": message("[" * 9 + "]" * 9),
        "no character": message("c", struct.pack(">I", 0x110000)),
        "half a character": message("c", struct.pack(">I", 0xD800)),
        "too long": padded("/a") + padded(",b") + struct.pack(">i", LARGEST) + b"\0" * LARGEST,
    }.items(),
    ids=lambda item: item[0],
)  # fmt: skip
def test_what_is_no_osc_is_refused(packet: tuple[str, bytes]) -> None:
    with pytest.raises(OscError):
        decode(packet[1])


def test_bundles_nest_so_deep_and_no_deeper() -> None:
    packet = message("i", struct.pack(">i", 1))
    for _ in range(DEEPEST):
        packet = bundle(packet)
    inner = decode(packet)
    assert isinstance(inner, Bundle)
    assert list(inner.messages()) == [Message("/a", (1,))]
    with pytest.raises(OscError, match="8 deep"):
        decode(bundle(packet))


@pytest.mark.parametrize(
    "args",
    [(float("nan"),), (2**64,), (object(),), ("a\0b",), (b"x" * LARGEST,), (BANG,), (TimeTag(9),)],
    ids=["NaN", "large number", "object", "text with NUL", "large blob", "bang", "time tag"],
)
def test_what_cannot_be_sent_is_refused(args: tuple[Any, ...]) -> None:
    with pytest.raises(OscError):
        encode(Message("/a", args))
    with pytest.raises(OscError, match="address"):
        encode(Message("a"))


def test_time_tags_are_seconds_since_1900() -> None:
    assert TimeTag(1).immediate
    assert not TimeTag(2).immediate
    assert TimeTag.at(0.0) == 2_208_988_800 << 32
    assert TimeTag.at(1e9).unix == pytest.approx(1e9, abs=1e-6)


def test_thousands_of_broken_packets_raise_nothing_else() -> None:
    chance = random.Random(1)
    whole = [
        encode(Bundle(TimeTag(1), (Message("/a/b", (0.5, "x", [1])), Message("/c", (b"12",))))),
        encode(Message("/genart/model/truncation", (0.5,))),
        message("cSrm", struct.pack(">I", 65) + padded("a") + b"abcdefgh"),
    ]  # fmt: skip
    read = 0
    for _ in range(5000):
        packet = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 6)):
            packet[chance.randrange(len(packet))] = chance.choice((0, 1, 0x2C, 0xFF, 0xC0, 0x5B, 4))
        packet = packet[: chance.choice((len(packet), chance.randrange(len(packet) + 1)))]
        try:
            decode(bytes(packet))
            read += 1
        except OscError:
            pass
    assert 0 < read < 5000
