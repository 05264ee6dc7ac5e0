"""Permissions: without the token nothing is changed and nothing is read, on any open input."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.house import Owner

from genart.errors import UsageError
from genart.live.actions import TOKEN
from genart.live.osc.service import OscService
from genart.live.permissions import NETWORK, NotAllowed, Permissions
from genart.live.store import Store
from genart.osc.codec import IMMEDIATE, Bundle, Message, encode
from genart.osc.peers import Sender
from genart.params import ParamTree

SECRET = "open sesame"


def locked_store() -> Store:
    permissions = Permissions(SECRET)
    permissions.lock(*NETWORK)
    return Store(ParamTree({"sketch": Owner()}), permissions=permissions)


@pytest.fixture
def control() -> Iterator[OscService]:
    made = OscService(locked_store(), port=0)
    yield made
    made.close()


def senders(kind: str) -> tuple[Sender, list[bytes]]:
    replies: list[bytes] = []
    return Sender("192.168.1.5", 50_000, replies.append, kind), replies


def _action_names() -> list[str]:
    made = OscService(Store({}), port=0)
    made.close()
    return [name for name in made.actions if name != TOKEN]


@pytest.mark.parametrize("kind", NETWORK)
@pytest.mark.parametrize("name", [*_action_names(), "sketch/zoom"])
def test_no_action_and_no_change_runs_without_the_token(
    control: OscService, kind: str, name: str
) -> None:
    """Walks over all actions: those of the program's own registry."""
    sender, replies = senders(kind)
    store = control.store
    before = store.values()
    for args in ((), (2.0,), ("name",), ("?",)):
        control.router.receive(encode(Message(f"/genart/{name}", args)), sender)
    control.router.receive(encode(Message("/genart/*/*", ())), sender)
    assert store.values() == before
    assert (replies, store.take().triggers, control.cues.names) == ([], [], [])
    assert control.feedback.subscribers == []
    assert store.rejected == 5
    if name in control.actions:
        with pytest.raises(NotAllowed, match="token"):
            control.actions.run(name, (), sender.name)


@pytest.mark.parametrize("kind", NETWORK)
def test_the_token_opens_for_its_sender_alone(control: OscService, kind: str) -> None:
    sender, replies = senders(kind)
    other = Sender("192.168.1.6", 50_000, replies.append, kind)
    for wrong in ((), ("guess",), (7,), ("\xe9",), (SECRET + "x",)):
        control.router.receive(encode(Message("/genart/token", wrong)), sender)
        control.router.receive(encode(Message("/genart/sketch/count", (9,))), sender)
    assert control.store.current("sketch.count") == 3
    control.router.receive(encode(Message("/genart/token", (SECRET,))), sender)
    control.router.receive(encode(Message("/genart/sketch/count", (9,))), sender)
    assert control.store.current("sketch.count") == 9
    control.router.receive(encode(Message("/genart/sketch/count", (1,))), other)
    assert control.store.current("sketch.count") == 9


def test_a_bundle_may_hold_the_token_and_what_it_is_for(control: OscService) -> None:
    sender, _ = senders("osc")
    messages = Message("/genart/token", (SECRET,)), Message("/genart/sketch/count", (7,))
    control.router.receive(encode(Bundle(IMMEDIATE, messages)), sender)
    assert control.store.current("sketch.count") == 7
    assert control.store.rejected == 0


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("osc 192.168.1.5:1", "osc 192.168.1.5:2", True),  # an app that was opened again
        ("osc 127.0.0.1:1", "osc 127.0.0.1:2", False),  # two programs of this machine
        ("osc-tcp 192.168.1.5:1", "osc-tcp 192.168.1.5:2", False),
        ("web 192.168.1.5:1", "web 192.168.1.5:2", False),
        ("osc 192.168.1.5:1", "web 192.168.1.5:1", False),
    ],
)
def test_who_is_one_sender(first: str, second: str, same: bool) -> None:
    permissions = locked_store().permissions
    assert permissions.present(first, SECRET)
    assert permissions.allows(second) is same
    permissions.forget(first)
    assert not permissions.allows(second)


def test_inputs_of_this_machine_need_no_token() -> None:
    permissions = locked_store().permissions
    for source in ("window", "mapping", "console", "engine", "cue", ""):
        permissions.check(source)
    assert Permissions().allows("osc 192.168.1.5:1"), "nothing is locked"
    with pytest.raises(UsageError, match="8 characters"):
        Permissions("short")


def test_a_service_on_all_addresses_is_locked_for_local_senders_too() -> None:
    control = OscService(Store(ParamTree({"sketch": Owner()})), "0.0.0.0", 0)
    control.start()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", control.address[1]))
            sock.send(encode(Message("/genart/sketch/count", (9,))))
            _until(lambda: control.store.rejected == 1)
            assert control.store.current("sketch.count") == 3
            sock.send(encode(Message("/genart/token", (control.store.permissions.token,))))
            sock.send(encode(Message("/genart/sketch/count", (9,))))
            _until(lambda: control.store.current("sketch.count") == 9)
    finally:
        control.close()


def test_a_request_of_a_browser_is_no_osc_over_tcp() -> None:
    """A page of any site may send bytes to any port: after an HTTP request line."""
    control = OscService(Store(ParamTree({"sketch": Owner()})), port=0)
    control.start()
    packet = encode(Message("/genart/sketch/count", (9,)))
    try:
        for method in (b"POST", b"GET", b"PUT", b"OPTIONS", b"\x16\x03\x01"):
            with socket.create_connection(control.address, 10) as sock:
                sock.sendall(method + b" / HTTP/1.1\r\n\r\n\xc0" + packet + b"\xc0")
                assert sock.recv(100) == b"", "the connection is closed"
        assert control.store.current("sketch.count") == 3
    finally:
        control.close()


def _until(test: Any) -> None:
    end = time.monotonic() + 10
    while not test():
        assert time.monotonic() < end
        time.sleep(0.001)
