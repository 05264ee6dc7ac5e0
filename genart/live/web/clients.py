"""The connections of the server: pages in browsers, and OSCQuery programs."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from genart.errors import GenartError, ParamError, UsageError
from genart.live.complaints import without_numbers
from genart.live.osc.addresses import address_of, wire
from genart.live.osc.router import Router
from genart.live.store import Store
from genart.live.web.oscquery import Query
from genart.live.web.widgets import controls, state_of
from genart.osc.codec import Message, encode
from genart.osc.server import Sender

#: Changed values: path to (value, source).
News = Mapping[str, tuple[Any, str]]
#: Runs an action: (address under /genart, arguments, source).
Do = Callable[[str, tuple[Any, ...], str], None]


class Client:
    """One connection. For a slow one only the newest of each message waits, so that no queue grows.

    Args:
        socket: an accepted WebSocket.
    """

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        host, port = socket.client or ("unknown", 0)
        self.sender = Sender(host, port, self._answer, "web")
        self.source = self.sender.name
        self._waiting: dict[str, str | bytes] = {}
        self._answers: list[bytes] = []
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def pump(self) -> None:
        """Send what waits, for ever."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            batch, self._waiting = [*self._waiting.values(), *self._answers], {}
            self._answers = []
            for each in batch:
                if isinstance(each, bytes):
                    await self._socket.send_bytes(each)
                else:
                    await self._socket.send_text(each)

    async def heard(self) -> str | bytes | None:
        """The next message, or None at the end."""
        got = await self._socket.receive()
        if got["type"] != "websocket.receive":
            return None
        text: str | None = got.get("text")
        return text if text is not None else got.get("bytes", b"")

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close(1001)

    def _later(self, key: str, what: str | bytes) -> None:
        self._waiting.pop(key, None)
        self._waiting[key] = what
        self._ready.set()

    def _answer(self, packet: bytes) -> None:
        if len(self._answers) < 1000:
            self._answers.append(packet)
        self._loop.call_soon_threadsafe(self._ready.set)

    def welcome(self, store: Store, cues: list[str]) -> None:
        """Send the current state."""

    def changed(self, news: News, store: Store) -> None:
        """Send changes."""

    def status(self, line: Mapping[str, Any], cues: list[str]) -> None:
        """Send the status."""

    def new_tree(self, store: Store) -> None:
        """Send that the Params changed."""

    def hear(self, said: str | bytes, store: Store, do: Do) -> None:
        """Perform a message of the client."""


class Browser(Client):
    """A page in a browser.

    Args:
        socket: an accepted WebSocket.
        actions: the actions, by address under /genart.
        url: the address at which other machines open the page, "" if they cannot.
    """

    def __init__(self, socket: WebSocket, actions: Iterable[str] = (), url: str = "") -> None:
        super().__init__(socket)
        self._actions, self._url = sorted(actions), url

    def welcome(self, store: Store, cues: list[str]) -> None:
        """Send the whole tree."""
        self.new_tree(store)
        self._later("cues", json.dumps({"cues": cues}))

    def new_tree(self, store: Store) -> None:
        """Send the whole tree again."""
        message = {"tree": controls(store), "actions": self._actions, "url": self._url}
        self._later("tree", json.dumps(message))

    def changed(self, news: News, store: Store) -> None:
        """Send the values that changed, from any source."""
        for path in news:
            if path in store.tree:
                message = {path: state_of(store.tree[path], store.current(path))}
                self._later(path, json.dumps({"set": message}))

    def status(self, line: Mapping[str, Any], cues: list[str]) -> None:
        """Send the status line."""
        self._later("status", json.dumps({"status": line, "cues": cues}))

    def hear(self, said: str | bytes, store: Store, do: Do) -> None:
        """Perform {"set": path, "value": v}, {"set": path, "norm": x}, {"do": act, "args": []}.

        A request may have an `id`, which is confirmed after it was performed or refused, together
        with the current value; and a time `by` on this machine's monotonic clock, after which it is
        dropped, so that nothing that was delayed on the way acts later. {"ping": n} is answered
        with the time.
        """
        request = json.loads(said)
        if "ping" in request:
            answer = {"pong": request["ping"], "now": time.monotonic()}
            self._later("pong", json.dumps(answer))
            return
        try:
            self._perform(request, store, do)
        except (GenartError, OSError) as error:
            asked = {name: request.get(name) for name in ("set", "do", "id")}
            known = asked["set"] in store.tree or asked["do"] in self._actions
            key = f"refused {asked['set'] or asked['do']}" if known else "refused"
            self._later(key, json.dumps({"refused": str(error), **asked}))
        self._confirm(request, store)

    def _perform(self, request: dict[str, Any], store: Store, do: Do) -> None:
        if time.monotonic() > request.get("by", math.inf):
            raise UsageError("The connection was too slow, so nothing was changed.")
        if "norm" in request:
            store.put(request["set"], _number(request["norm"]), self.source, norm=True)
        elif "set" in request:
            store.put(request["set"], request["value"], self.source)
        else:
            do(request["do"], tuple(request.get("args", ())), self.source)

    def _confirm(self, request: dict[str, Any], store: Store) -> None:
        """Send the current value, whether it changed or not, then that the request is done."""
        if "id" not in request:
            return
        if request.get("set") in store.tree:
            self.changed({request["set"]: (None, "")}, store)
        self._later("done", json.dumps({"done": request["id"]}))


class Lister(Client):
    """A program that speaks OSCQuery over a WebSocket."""

    def __init__(self, socket: WebSocket, router: Router, query: Query) -> None:
        super().__init__(socket)
        self._router, self._query = router, query
        self._listens: set[str] = set()

    # The status can be read; it is not sent: the protocol's reference client listens to whatever
    # has a value, sends back what it receives, and then misses the next movement of a slider.

    def changed(self, news: News, store: Store) -> None:
        """Send the changes that were asked for, as OSC, but not to the client that made them."""
        for path, (value, source) in news.items():
            address = address_of(path)
            if address in self._listens and source != self.source:
                self._later(address, encode(Message(address, (wire(value),))))

    def new_tree(self, store: Store) -> None:
        """Send which part of the tree changed."""
        message = {"COMMAND": "PATH_CHANGED", "DATA": "/genart/sketch"}
        self._later("PATH_CHANGED", json.dumps(message))

    def hear(self, said: str | bytes, store: Store, do: Do) -> None:
        """Perform OSC from bytes, and LISTEN and IGNORE from JSON."""
        if isinstance(said, bytes):
            self._router.receive(said, self.sender)
            return
        request = json.loads(said)
        path = str(request["DATA"])
        if request["COMMAND"] == "LISTEN" and self._query.listenable(path):
            self._listens.add(path)
        elif request["COMMAND"] == "IGNORE":
            self._listens.discard(path)


class Clients:
    """All connections; used on the server's event loop only.

    Args:
        store: where changes go.
        status: returns the status line.
        cues: returns the names of the cues.
        do: runs an action.
    """

    def __init__(
        self,
        store: Store,
        status: Callable[[], Mapping[str, Any]],
        cues: Callable[[], list[str]],
        do: Do,
    ) -> None:
        self._store, self._status, self._cues, self._do = store, status, cues, do
        self._all: set[Client] = set()

    async def serve(self, client: Client) -> None:
        """Serve one connection until it ends."""
        self._all.add(client)
        client.welcome(self._store, self._cues())
        pump = asyncio.create_task(client.pump())
        try:
            while (said := await client.heard()) is not None:
                self._hear(client, said)
        except WebSocketDisconnect:
            pass
        finally:
            self._all.discard(client)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    def changed(self, news: News) -> None:
        """Send changes to every client."""
        for client in self._all:
            client.changed(news, self._store)

    def status(self) -> None:
        """Send the status to every client."""
        if self._all:
            pages = sum(isinstance(client, Browser) for client in self._all)
            line, cues = {**self._status(), "pages": pages}, self._cues()
            for client in self._all:
                client.status(line, cues)

    def new_tree(self) -> None:
        """Send to every client that the Params changed."""
        for client in self._all:
            client.new_tree(self._store)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(each.close() for each in [*self._all]), return_exceptions=True)

    def _hear(self, client: Client, said: str | bytes) -> None:
        try:
            client.hear(said, self._store, self._do)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"An invalid message of the page: {error}"
            self._store.refuse(without_numbers(why), why, client.source)


def _number(value: Any) -> float:
    if not isinstance(value, (int, float)):
        raise ParamError(f"{value!r} is not a position 0..1.")
    return float(value)
