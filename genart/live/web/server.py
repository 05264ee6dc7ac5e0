"""The web server, in its own thread: the page, the live image, and OSCQuery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from threading import Event, Lock, Thread
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from genart.live.actions import Actions
from genart.live.osc.router import Router
from genart.live.store import Store
from genart.live.web.clients import Browser, Clients, Lister
from genart.live.web.oscquery import Query, host_info
from genart.live.web.page import FILES, read
from genart.live.web.preview import Preview
from genart.playback.faults import Faults
from genart.web.access import AccessCheck
from genart.web.middleware import AccessMiddleware, cookie_name
from genart.web.network_address import network_address
from genart.web.qr_code import qr_svg
from genart.web.serve import _bound

#: Serves one connection until it ends.
Serve = Callable[[WebSocket], Awaitable[None]]
_BATCH = 0.02  # seconds for which changes are collected before they are sent
_STATUS = 0.25  # seconds between two status lines
_KIND = "web"  # of the senders, in `Change.source`
_QR = "qr.svg"
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws: wss:; "
    "frame-ancestors 'none'"
)


class Web:
    """Serves the page and OSCQuery until it is closed.

    | path                        | serves                                                 |
    |-----------------------------|--------------------------------------------------------|
    | `/` to a browser            | the page                                               |
    | `/` and `/genart/...`       | OSCQuery: JSON                                         |
    | `/qr.svg`                   | a QR code of the page's address                        |
    | `/picture` (WebSocket)      | a JPEG for every message                               |
    | `/desk` (WebSocket)         | JSON: tree, changes and status out; changes, actions in |
    | `/` (WebSocket)             | OSCQuery: LISTEN and IGNORE as JSON, OSC both ways     |

    Args:
        address: (host, port); port 0 takes a free one.
        store: where changes go and come from.
        router: performs OSC that is received.
        preview: the source of the live image; a new one if None.
        status: returns the status values by name, for OSCQuery.
        line: returns the status line of the page; `status` by default.
        actions: the actions, by address under /genart.
        cues: returns the names of the cues.
        faults: where it is reported if the server ends.
        osc: (host, port) of the OSC server, for OSCQuery's HOST_INFO.
        title: the name in HOST_INFO.

    Attributes:
        name: its name in reports.
        preview: the sink whose newest frame the page shows.
        address: (host, port) it listens on.
        url: the address to open in a browser, with the token if one is needed.
        thread: serves.
        alive_at: when the thread was last seen at work, in seconds of `time.monotonic`.

    Raises:
        UsageError: the address cannot be bound.
    """

    name = "web"

    def __init__(
        self,
        address: tuple[str, int],
        store: Store,
        router: Router,
        *,
        faults: Faults,
        preview: Preview | None = None,
        status: Callable[[], Mapping[str, Any]] = dict,
        line: Callable[[], Mapping[str, Any]] | None = None,
        actions: Actions | None = None,
        cues: Callable[[], list[str]] = list,
        osc: tuple[str, int] | None = None,
        title: str = "genart",
    ) -> None:
        self.preview = preview or Preview()
        self._store, self._router, self._faults = store, router, faults
        self._actions = Actions(store) if actions is None else actions
        self._socket = _bound(*address)
        host, port = self._socket.getsockname()[:2]
        self.address: tuple[str, int] = (host, port)
        self.access = AccessCheck(host, store.permissions.token)
        if self.access.token:
            store.permissions.lock(_KIND)
        self._clients = Clients(store, line or status, cues, self._actions.run)
        info = host_info(title, osc, self.address)
        self._query = Query(lambda: store.tree, store.current, status, self._actions, info)
        self._config = uvicorn.Config(
            self._app(), log_config=None, lifespan="off", ws="websockets-sansio",
            ws_per_message_deflate=False,  # a JPEG is compressed already, and zlib is slow
            timeout_graceful_shutdown=1, ws_max_size=1 << 16, access_log=False,
        )  # fmt: skip
        self._server = uvicorn.Server(self._config)
        self.thread, self.alive_at = self._new_thread(), time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._up = Event()
        self._lock = Lock()
        self._news: dict[str, tuple[Any, str]] = {}
        self._leave: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        """The address to open in a browser, with the token if one is needed."""
        host, port = self.address
        shown = network_address(host)
        shown = f"[{shown}]" if ":" in shown else shown
        return f"http://{shown}:{port}/" + (
            f"?token={self.access.token}" if self.access.token else ""
        )

    def start(self) -> None:
        """Start to serve; returns once the server answers."""
        self.alive_at = time.monotonic()
        self.thread.start()
        self._up.wait(10)
        self._leave = self._store.subscribe(self._changed)

    def revive(self) -> bool:
        """Serve again at the same address because the thread has ended; True."""
        self._socket.close()
        self._socket = _bound(*self.address)
        self._server = uvicorn.Server(self._config)
        self.thread, self.alive_at = self._new_thread(), time.monotonic()
        self.thread.start()
        return True

    def close(self) -> None:
        """Close every connection and the server."""
        self._leave()
        if not self.thread.is_alive():
            self._socket.close()
            return
        self.preview.close()
        self._server.should_exit = True
        self.thread.join(5)

    def new_tree(self) -> None:
        """Send to every client that the Params changed; from any thread."""
        self._later(self._clients.new_tree)

    def _new_thread(self) -> Thread:
        return Thread(target=self._work, name="genart-web", daemon=True)

    def _work(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # the performance continues without a page
            self._faults.add("web", error)
        finally:
            self._up.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._up.set)
        telling = asyncio.create_task(self._tell_status())
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._loop = None
            telling.cancel()

    async def _tell_status(self) -> None:
        while True:
            self.alive_at = time.monotonic()
            self._clients.status()
            if self._server.should_exit:
                await self._clients.close()
            await asyncio.sleep(_STATUS)

    def _app(self) -> AccessMiddleware:
        """The routes, behind the check of Host, Origin and token."""
        sockets: list[Any] = [
            WebSocketRoute("/picture", self._guarded(self._picture)),
            WebSocketRoute("/desk", self._guarded(self._desk)),
            WebSocketRoute("/", self._guarded(self._osc)),
        ]
        pages = [Route("/{path:path}", self._get)]
        app, permissions = Starlette(routes=[*sockets, *pages]), self._store.permissions
        return AccessMiddleware(
            app, self.access,
            allowed=lambda host, port: permissions.allow(f"{_KIND} {host}:{port}"),
            gone=lambda host, port: permissions.forget(f"{_KIND} {host}:{port}"),
        )  # fmt: skip

    def _guarded(self, serve: Serve) -> Serve:
        """An error of one connection is reported and affects nothing else."""

        async def served(socket: WebSocket) -> None:
            try:
                await serve(socket)
            except WebSocketDisconnect:  # a browser that was closed
                pass
            except Exception as error:
                self._faults.add("web", error)
                self._faults.settle("web")

        return served

    async def _get(self, request: Request) -> Response:
        path, asked = request.url.path, request.url.query.split("&")
        query = "&".join(each for each in asked if not each.startswith("token="))
        wants_page = path == "/" and "text/html" in request.headers.get("accept", "")
        name = path.strip("/")
        if (wants_page and not query) or name in (*FILES, _QR):
            return self._page(name or "index.html")
        status, said = self._query.answer(path, query)
        headers = {"Cache-Control": "no-store"}
        if status == 204:
            return Response(status_code=204, headers=headers)
        return JSONResponse(said, status, headers)

    def _page(self, name: str) -> Response:
        body, kind = (qr_svg(self.url), "image/svg+xml") if name == _QR else read(name)
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
        response = Response(body, media_type=kind, headers=headers)
        if self.access.token:
            name = cookie_name(self.address[1])
            response.set_cookie(name, self.access.token, httponly=True, samesite="strict")
        return response

    async def _picture(self, socket: WebSocket) -> None:
        await socket.accept()
        number = 0
        while (await socket.receive())["type"] == "websocket.receive":
            newest = await self.preview.next(number)
            if newest is None:
                await socket.close(1001)
                return
            number, picture = newest
            await socket.send_bytes(picture)

    async def _desk(self, socket: WebSocket) -> None:
        await socket.accept()
        url = self.url if self.access.token else ""
        await self._clients.serve(Browser(socket, self._actions, url))

    async def _osc(self, socket: WebSocket) -> None:
        await socket.accept()
        await self._clients.serve(Lister(socket, self._router, self._query))

    def _changed(self, path: str, value: Any, source: str) -> None:
        with self._lock:
            first = not self._news
            self._news[path] = (value, source)
        if first:
            self._later(self._soon)

    def _later(self, what: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(what)
            except RuntimeError:  # the event loop has just ended
                self._loop = None

    def _soon(self) -> None:
        if self._loop is not None:
            self._loop.call_later(_BATCH, self._pass_on)

    def _pass_on(self) -> None:
        with self._lock:
            news, self._news = self._news, {}
        self._clients.changed(news)
