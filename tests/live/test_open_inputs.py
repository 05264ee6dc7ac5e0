"""A performance that other machines can reach, over real sockets: its inputs x its actions."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pythonosc import slip
from starlette.routing import WebSocketRoute
from support.live_parts import Flat
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

import genart
import genart.live.perform as perform_module
from genart.live.actions import TOKEN, ActionSpec
from genart.live.permissions import Permissions
from genart.osc.codec import Message, encode

SECRET = "open sesame"


class Open:
    """A performance on all addresses, without its engine; its actions note that they were run."""

    def __init__(self, folder: Path) -> None:
        self.live = genart.live.Live(Flat, model="plasma", size=32, tell=lambda line: None)
        self.live.store.permissions = Permissions(SECRET)
        self.control, self.page = perform_module._surround(
            self.live, Flat, osc="0.0.0.0:0", feedback=(), web="0.0.0.0:0",
            cues=folder / "cues.json", mapping=None, tell=lambda line: None, outputs=(),
        )  # fmt: skip
        actions = self.live.console.actions
        self.names = [name for name in actions if name != TOKEN]
        self.ran: list[str] = []
        actions.add({name: ActionSpec(self.note(name), "s", "x") for name in self.names})
        self.control.start()
        self.page.start()
        self.osc = "127.0.0.1", self.control.address[1]
        self.web = f"127.0.0.1:{self.page.address[1]}"

    def note(self, name: str) -> Callable[[tuple[Any, ...], str], None]:
        return lambda args, source: self.ran.append(name)

    def close(self) -> None:
        self.page.close()
        self.control.close()
        self.live.close()

    # one method for each transport: sends packets, after the token if there is one

    def udp(self, token: str | None) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.connect(self.osc)
            for packet in self.packets(token):
                sock.send(packet)
            self.settle()

    def tcp(self, token: str | None, wrap: Callable[[bytes], bytes]) -> None:
        with socket.create_connection(self.osc, 10) as sock:
            sock.sendall(b"".join(map(wrap, self.packets(token))))
            self.settle()

    def oscquery(self, token: str | None) -> None:
        query = f"?token={token}" if token else ""
        with connect(f"ws://{self.web}/{query.replace(' ', '%20')}", proxy=None) as ws:
            for packet in self.packets(None):
                ws.send(packet)
            self.settle()

    def desk(self, token: str | None) -> None:
        query = f"?token={token}" if token else ""
        with connect(f"ws://{self.web}/desk{query.replace(' ', '%20')}", proxy=None) as ws:
            for name in self.names:
                ws.send(json.dumps({"do": name, "args": ["x"]}))
            ws.send(json.dumps({"set": "sketch.level", "value": 0.75}))
            self.settle()

    def packets(self, token: str | None) -> list[bytes]:
        first = [Message("/genart/token", (token,))] if token else []
        acts = [Message(f"/genart/{name}", ("x",)) for name in self.names]
        return [encode(each) for each in [*first, *acts, Message("/genart/sketch/level", (0.75,))]]

    def settle(self) -> None:
        """Wait until everything that was sent has run or been refused."""
        end = time.monotonic() + 10
        while not self.settled():
            assert time.monotonic() < end
            time.sleep(0.001)

    def settled(self) -> bool:
        rejected = self.live.store.rejected
        level = self.live.store.current("sketch.level") == 0.75
        return len(self.ran) + rejected + level > len(self.names)


TRANSPORTS: dict[str, Callable[[Open, str | None], None]] = {
    "OSC over UDP": Open.udp,
    "OSC over TCP, SLIP": lambda each, token: each.tcp(token, slip.encode),
    "OSC over TCP, length": lambda each, token: each.tcp(
        token, lambda packet: len(packet).to_bytes(4, "big") + packet
    ),
    "OSCQuery": Open.oscquery,
    "page": Open.desk,
}


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setattr(perform_module, "can_advertise", lambda: False)
    made = Open(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("token", [None, "open says me"])
def test_without_the_token_no_action_runs_and_nothing_changes(
    opened: Open, transport: str, token: str | None
) -> None:
    before = opened.live.store.values()
    with suppress(InvalidStatus, ConnectionClosed):  # a WebSocket does not even open
        TRANSPORTS[transport](opened, token)
    assert opened.ran == []
    assert opened.live.store.values() == before


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_with_the_token_every_action_runs(opened: Open, transport: str) -> None:
    TRANSPORTS[transport](opened, SECRET)
    assert sorted(opened.ran) == sorted(opened.names)
    assert opened.live.store.current("sketch.level") == 0.75
    assert opened.live.store.rejected == 0
    assert {"cue/save", "record/start", "load/sketch", "learn"} <= {*opened.names}


def test_with_the_token_everything_is_read(opened: Open) -> None:
    for path in ["", "genart", "desk.js", "qr.svg"]:
        url = f"http://{opened.web}/{path}?token={SECRET.replace(' ', '%20')}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200


def test_without_the_token_nothing_is_read(opened: Open) -> None:
    """Walks over the server's routes and the whole tree."""
    for path in ["", "genart", "desk.js", "?HOST_INFO", "qr.svg"]:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"http://{opened.web}/{path}", timeout=10)
        with caught.value as error:
            assert error.code == 403
            assert SECRET.encode() not in error.read()
    for route in opened.page._app()._app.routes:  # type: ignore[attr-defined]
        if isinstance(route, WebSocketRoute):
            with pytest.raises((InvalidStatus, ConnectionClosed)):
                connect(f"ws://{opened.web}{route.path}", proxy=None).recv(10)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(opened.osc)
        sock.settimeout(0.2)
        for address in ("/genart/*/*", "/genart/sketch/level", "/genart/status/fps"):
            sock.send(encode(Message(address, ("?",))))
        sock.send(encode(Message("/genart/feedback/subscribe", ())))
        with pytest.raises(TimeoutError):
            sock.recv(65_536)
