"""Feedback: who subscribes follows every fader, and never hears an echo."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from genart.errors import ParamError, UsageError
from genart.live.osc.feedback import Feedback
from genart.live.osc.service import OscService
from genart.live.store import Store
from genart.osc.codec import (
    IMMEDIATE,
    Bundle,
    Message,
    decode,
    encode,
)
from genart.params import Param, ParamTree


class Tree:
    """A few faders."""

    level = Param(0.5, 0.0, 1.0)
    count = Param(3, 0, 9)
    on = Param(False)


class Ear:
    """A program that sends from one socket and listens on another, as many do."""

    def __init__(self, control: OscService) -> None:
        self.control = control
        self.sends, self.hears = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
        for each in (self.sends, self.hears):
            each.bind(("127.0.0.1", 0))
            each.settimeout(10)
        self.heard: dict[str, Any] = {}
        self.times: dict[str, int] = {}

    @property
    def port(self) -> int:
        return int(self.hears.getsockname()[1])

    def send(self, address: str, *args: Any) -> None:
        self.sends.sendto(encode(Message(address, args)), self.control.address)

    def ask(self, address: str) -> Any:
        """The answer; all that was sent before is done then."""
        self.send(address)
        answer = decode(self.sends.recv(65536))
        assert isinstance(answer, Message)
        return answer.args[0]

    def hear(self) -> None:
        """Take one bundle."""
        packet = decode(self.hears.recv(65536))
        assert isinstance(packet, Bundle)
        for message in packet.messages():
            self.heard[message.address] = message.args[0]
            self.times[message.address] = self.times.get(message.address, 0) + 1

    def until(self, address: str, value: Any) -> None:
        while self.heard.get(address) != value:
            self.hear()

    def close(self) -> None:
        self.sends.close()
        self.hears.close()


@pytest.fixture
def stage() -> Iterator[tuple[OscService, ExitStack]]:
    with ExitStack() as stack:
        control = OscService(Store(ParamTree({"sketch": Tree()})), port=0)
        control.start()
        stack.callback(control.close)
        yield control, stack


def ear(stage: tuple[OscService, ExitStack]) -> Ear:
    made = Ear(stage[0])
    stage[1].callback(made.close)
    return made


LEVEL, COUNT, ON = "/genart/sketch/level", "/genart/sketch/count", "/genart/sketch/on"


def test_who_subscribes_hears_every_value_then_each_new_one_and_no_echo(stage: Any) -> None:
    tablet, other = ear(stage), ear(stage)
    tablet.send("/genart/feedback/subscribe", tablet.port)
    tablet.until(LEVEL, 0.5)
    while not {COUNT, ON} <= set(tablet.heard):
        tablet.hear()
    tablet.send(LEVEL, 0.25)  # from another port of the same program: still its own
    other.send(COUNT, 8)
    tablet.until(COUNT, 8)
    assert tablet.heard[LEVEL] == 0.5, "no echo"
    other.send(LEVEL, 1.0)
    tablet.until(LEVEL, 1.0)
    tablet.send("/genart/feedback/unsubscribe", tablet.port)
    tablet.ask(LEVEL)
    assert tablet.control.feedback.subscribers == []
    assert tablet.control.store.rejected == 0


def test_a_flood_reaches_everyone_to_the_last_value_and_never_its_sender(stage: Any) -> None:
    loud, quiet = ear(stage), ear(stage)
    for each in (loud, quiet):
        each.send("/genart/feedback/subscribe", each.port)
        each.until(ON, 0)
        each.until(COUNT, 3)
        each.until(LEVEL, 0.5)
    for i in range(2000):
        loud.send(LEVEL, (i % 997) / 1000)
        loud.send(COUNT, i % 9)
    assert loud.ask(LEVEL) == pytest.approx((1999 % 997) / 1000)
    quiet.send(ON, 1)
    loud.until(ON, 1)
    assert (loud.times[LEVEL], loud.times[COUNT]) == (1, 1), "the welcome alone"
    quiet.until(COUNT, 1999 % 9)
    quiet.until(LEVEL, pytest.approx((1999 % 997) / 1000))
    assert quiet.times[LEVEL] < 1000, "at most one a flush"
    assert loud.control.store.received >= 4000
    assert loud.control.store.rejected == 0


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def silent() -> tuple[socket.socket, int]:
    made = socket.socket(type=socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made, int(made.getsockname()[1])


def received(ear: socket.socket) -> set[str]:
    """The addresses that have arrived."""
    found: set[str] = set()
    while True:
        try:
            packet = decode(ear.recv(65536))
        except BlockingIOError:
            return found
        assert isinstance(packet, Bundle)
        found |= {message.address for message in packet.messages()}


def test_a_subscription_ends_unless_it_is_renewed() -> None:
    store, time = Store(ParamTree({"sketch": Tree()})), Time()
    feedback = Feedback(store, clock=time)
    ear, port = silent()
    feedback.subscribe("127.0.0.1", port, 60.0)
    feedback.say("fps", 30.0)
    feedback.flush()
    assert received(ear) == {LEVEL, COUNT, ON, "/genart/status/fps"}
    time.now = 50.0
    feedback.subscribe("127.0.0.1", port)
    feedback.flush()
    assert received(ear) == set(), "renewing tells nothing twice"
    time.now = 100.0
    store.put("sketch.level", 0.75, "web")
    feedback.flush()
    assert received(ear) == {LEVEL}
    time.now = 110.0
    store.put("sketch.level", 0.8, "web")
    feedback.flush()
    assert received(ear) == set()
    assert feedback.subscribers == []
    feedback.close()
    ear.close()


def test_who_was_named_at_the_start_stays() -> None:
    store, time = Store(ParamTree({"sketch": Tree()})), Time()
    ear, port = silent()
    feedback = Feedback(store, [("127.0.0.1", port)], clock=time)
    feedback.subscribe("127.0.0.1", port, 1.0)
    feedback.unsubscribe("127.0.0.1", port)
    time.now = 1e6
    feedback.flush()
    assert feedback.subscribers == [f"127.0.0.1:{port}"]
    feedback.close()
    ear.close()


def test_there_are_only_so_many_subscribers() -> None:
    feedback = Feedback(Store(ParamTree({"sketch": Tree()})))
    for port in range(20_000, 20_016):
        feedback.subscribe("127.0.0.1", port)
    with pytest.raises(UsageError, match="16 subscribers"):
        feedback.subscribe("127.0.0.1", 20_016)
    with pytest.raises(ParamError, match="86400"):
        feedback.subscribe("127.0.0.1", 20_000, 1e9)
    feedback.unsubscribe("127.0.0.1", 20_000)
    feedback.subscribe("127.0.0.1", 20_016)
    feedback.close()


@pytest.mark.parametrize("args", [("x",), (1.5,), (0,), (70_000,), (True,), (9001, "long")])
def test_what_is_no_port_or_time_is_refused(stage: Any, args: tuple[Any, ...]) -> None:
    tablet = ear(stage)
    tablet.send("/genart/feedback/subscribe", *args)
    tablet.ask(LEVEL)
    named = [f"127.0.0.1:{tablet.sends.getsockname()[1]}"] if args == (True,) else []
    assert tablet.control.feedback.subscribers == named  # a button pressed names no port
    assert tablet.control.store.rejected == (0 if named else 1)


def test_over_tcp_the_port_must_be_named(stage: Any) -> None:
    control, tablet = stage[0], ear(stage)
    packet = encode(Message("/genart/feedback/subscribe", ()))
    named = encode(Message("/genart/feedback/subscribe", (tablet.port, 120)))
    ask = encode(Message(LEVEL, ()))
    with socket.create_connection(control.address) as client:
        for each in (packet, named, ask):
            client.sendall(len(each).to_bytes(4, "big") + each)
        client.settimeout(10)
        assert client.recv(4)
    assert control.feedback.subscribers == [f"127.0.0.1:{tablet.port}"]
    assert control.store.rejected == 1


def test_cues_are_moved_and_renamed_over_osc(stage: Any) -> None:
    control, tablet = stage[0], ear(stage)
    for name in ("a", "b", "c"):
        tablet.send("/genart/cue/save", name)
    tablet.send("/genart/cue/move", "c", 1)
    tablet.send("/genart/cue/rename", "a", "opening")
    tablet.send("/genart/cue/rename", "b", "../b")
    tablet.send("/genart/cue/move", "b", "first")
    tablet.ask(LEVEL)
    assert control.cues.names == ["c", "opening", "b"]
    assert control.store.rejected == 2


def test_the_rate_of_messages_is_reported() -> None:
    control = OscService(Store(ParamTree({"sketch": Tree()})), port=0)
    control._counted = 10.0, 0
    control.store.arrived(500)
    assert control._rate(10.5) == 0
    assert control._rate(12.0) == 250
    assert control._rate(12.5) == 250
    control.close()


def test_a_bundle_of_feedback_reads_like_any_other() -> None:
    ear, port = silent()
    store = Store(ParamTree({"sketch": Tree()}))
    feedback = Feedback(store, [("127.0.0.1", port)])
    store.put("sketch.on", True, "web")
    store.put("sketch.level", 0.25, "web")
    feedback.flush()
    messages = (Message(ON, (1,)), Message(LEVEL, (0.25,)))
    assert decode(ear.recv(2000)) == Bundle(IMMEDIATE, messages)
    feedback.close()
    ear.close()
