"""Twenty thousand bad packets over real sockets; benchmarks/osc_fuzz.py sends a million."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from pythonosc import slip
from support.osc_garbage import KILLERS, Garbage, may_turn, message, text

from genart.live.osc.service import OscService
from genart.live.store import Store
from genart.params import Param
from genart.playback.settings import Settings
from genart.playback.sketch import Sketch

WINDOW = 50
AIMS = [
    *(f"/genart/sketch/{name}{norm}" for name in ("level", "count") for norm in ("", "/norm")),
    *("/genart/sketch/on", "/genart/sketch/look", "/genart/tempo/bpm", "/genart/tempo/tap"),
    *("/genart/cue/save", "/genart/cue/recall", "/genart/cue/next", "/genart/status/osc/late"),
    *("/genart/nothing", "/1/fader"),
]


class Aimed(Sketch):
    """What most packets are addressed to, and a probe that none is."""

    level = Param(0.5, 0.0, 1.0)
    count = Param(3, 0, 9)
    on = Param(False)
    look = Param("calm", choices=("calm", "wild"))
    probe = Param(0, 0, 1_000_000)

    def draw(self, t: float, dt: float) -> Any:
        raise NotImplementedError


@pytest.fixture
def control() -> Iterator[OscService]:
    made = OscService(Store(Settings().tree(Aimed())), port=0, rate=None)
    made.start()
    yield made
    made.close()


class Line:
    """A connection of one kind, to send garbage and to see that a good message still turns."""

    def __init__(self, control: OscService, kind: str) -> None:
        udp = kind == "udp"
        self._socket = socket.socket(type=socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
        self._socket.settimeout(20)
        self._socket.connect(control.address)
        self._framed: Callable[[bytes], bytes] = {
            "udp": bytes,
            "slip": slip.encode,
            "prefixed": lambda packet: struct.pack(">i", len(packet)) + packet,
        }[kind]
        self.send(message("/genart/tempo/bpm"))  # over TCP the first bytes tell the framing

    def send(self, packet: bytes) -> None:
        self._socket.sendall(self._framed(packet))

    def probe(self, number: int) -> None:
        """Turn the probe, ask for it, and wait for just this answer."""
        value = struct.pack(">i", number)
        self._empty()
        self.send(message("/genart/sketch/probe", "i", value))
        self.send(message("/genart/sketch/probe", "s", text("?")))
        held = b""
        while message("/genart/sketch/probe", "i", value) not in held:
            held = held[-1000:] + self._socket.recv(1 << 20)

    def _empty(self) -> None:
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while self._socket.recv(1 << 20):
                pass
        self._socket.settimeout(20)

    def close(self) -> None:
        self._socket.close()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "packets"), [("udp", 16_000), ("slip", 2000), ("prefixed", 2000)])
def test_garbage_turns_nothing_and_hinders_nobody(
    control: OscService, kind: str, packets: int
) -> None:
    guarded = {p: v for p, v in control.store.values().items() if not p.startswith("sketch.")}
    guarded = {p: v for p, v in guarded.items() if not p.startswith("tempo.")}
    addresses = ["/genart/" + path.replace(".", "/") + n for path in guarded for n in ("", "/norm")]
    probe = ["/genart/sketch/probe", "/genart/sketch/probe/norm"]
    garbage, line = Garbage(11, AIMS), Line(control, kind)
    for first in range(0, packets, WINDOW):
        for number in range(first, first + WINDOW):
            packet = garbage.packet(number, 0.0)  # all time tags are past, so that all is done now
            if not may_turn(packet, addresses + probe):
                line.send(packet)
        line.probe(first)
    line.close()
    now = control.store.values()
    assert {path: now[path] for path in guarded} == guarded
    assert 0 <= now["sketch.level"] <= 1
    assert control.store.rejected > packets / 4


def test_a_stranger_cannot_fill_the_log(
    control: OscService, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(control, "udp")
    for _ in range(4):
        for packet in KILLERS:
            line.send(packet)
    line.probe(1)
    line.close()
    for _ in range(5):
        broken = Line(control, "prefixed")
        broken.send(b"")
        with suppress(OSError):
            broken._socket.sendall(b"\x7f" * 8)
            broken._socket.recv(1 << 20)
            assert not broken._socket.recv(1 << 20)  # closed
        broken.close()
    assert len(caplog.records) < 2 * len(KILLERS)
    assert max(len(record.getMessage()) for record in caplog.records) < 500
