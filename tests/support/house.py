"""A house to play in: a store with its OSC and its page, and what speaks with them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

from websockets.sync.client import ClientConnection, connect

import genart
from genart.errors import UsageError
from genart.live.actions import Actions, ActionSpec
from genart.live.osc.service import OscService
from genart.live.store import Store
from genart.live.web.server import Web
from genart.osc.server import Sender
from genart.params import ParamTree
from genart.playback.faults import Faults

SENDER = Sender("127.0.0.1", 1, lambda packet: None)


class Owner:
    zoom = genart.Param(1.0, 0.5, 8.0, curve="log", unit="x", help="How near.")
    grid = genart.Param(False, help="Whether lines show.")
    kind = genart.Param("round", choices=("round", "square"))
    count = genart.Param(3, 0, 10)
    words = genart.Param("one")
    wait = genart.Param(1.0, 0.0, unit="s")


class Other:
    zoom = genart.Param(1.0, 0.5, 8.0, curve="log")
    depth = genart.Param(0.5, 0.0, 1.0)


class House:
    """A store with its OSC and its page."""

    def __init__(self) -> None:
        self.store = Store(ParamTree({"sketch": Owner()}))
        self.faults = Faults(lambda line: None)
        self.line: dict[str, Any] = {"fps": 30.0, "phase": 0.25, "beat": 1.5, "errors": []}
        self.done: list[tuple[str, tuple[Any, ...]]] = []
        self.control = OscService(self.store, port=0)
        actions = Actions(self.store)
        actions.add({"tempo/tap": ActionSpec(self._note, "N", "Tap the tempo.")})
        actions.add({"cue/recall": ActionSpec(self._fail, "s", "Recall a cue.")})
        self.web = Web(
            ("127.0.0.1", 0), self.store, self.control.router, faults=self.faults,
            status=lambda: self.line, actions=actions, cues=lambda: ["opening"],
            osc=self.control.address,
        )  # fmt: skip

    def _note(self, args: tuple[Any, ...], source: str) -> None:
        self.done.append((source.split(" ")[0], args))

    def _fail(self, args: tuple[Any, ...], source: str) -> None:
        raise UsageError("No cue of that name.")

    def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        host, port = self.web.address
        request = urllib.request.Request(f"http://{host}:{port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers["content-type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["content-type"], error.read().decode()

    def json(self, path: str) -> Any:
        status, _, body = self.get(path)
        assert status == 200, body
        return json.loads(body)

    def socket(self, path: str, **options: Any) -> ClientConnection:
        host, port = self.web.address
        return connect(f"ws://{host}:{port}{path}", proxy=None, **options)


def opened() -> Iterator[House]:
    """A house that is open, and closed in the end."""
    made = House()
    made.control.start()
    made.web.start()
    yield made
    made.web.close()
    made.control.close()


def until(socket: ClientConnection, key: str, test: Callable[[Any], bool] = bool) -> Any:
    """The next thing said under a key that passes the test."""
    while True:
        said = json.loads(socket.recv(10))
        if key in said and test(said[key]):
            return said[key]
