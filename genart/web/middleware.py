"""The middleware of a web server: no request passes it without the right Host, Origin and token.

It stands before all routes, so that a new route is protected as well.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from genart.web.access import AccessCheck

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_LOCK = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>genart: token</title>
<style>
body { background: #111; color: #eee; font: 16px/1.5 system-ui, sans-serif; margin: 15vh auto;
  max-width: 22rem; padding: 0 1rem }
input, button { background: #222; border: 1px solid #666; border-radius: 4px; color: inherit;
  box-sizing: border-box; font: inherit; margin: .5rem 0; min-height: 44px; padding: 0 .75rem;
  width: 100% }
</style>
<h1>genart</h1>
<form action="/">
<label>Token, as genart printed it at the start
<input name="token" required autofocus autocomplete="off" autocapitalize="off" spellcheck="false">
</label>
<button>Open the page</button>
</form>
</html>
"""
_LOCK_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"


class AccessMiddleware:
    """Passes on what an `AccessCheck` allows; a browser without the token gets a page to enter it.

    A token is the query `token`, or the cookie of a browser that sent it once.

    Args:
        app: the application.
        access: checks Host, Origin and token.
        allowed: called with (host, port) of a client when its WebSocket is passed on.
        gone: called with it when the WebSocket is closed.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: AccessCheck,
        allowed: Callable[[str, int], None] = lambda host, port: None,
        gone: Callable[[str, int], None] = lambda host, port: None,
    ) -> None:
        self._app, self._access = app, access
        self._allowed, self._gone = allowed, gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(HTTPConnection(scope))
        if scope["type"] == "http":
            await (refusal or self._app)(scope, receive, send)
        elif refusal:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await self._serve_socket(scope, receive, send)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = tuple(scope.get("client") or ("unknown", 0))
        self._allowed(*client)
        try:
            await self._app(scope, receive, send)
        finally:
            self._gone(*client)

    def _refusal(self, asked: HTTPConnection) -> Response | None:
        host, origin = asked.headers.get("host", ""), asked.headers.get("origin")
        if not self._access.ours(host):
            return _text("This server does not have the host name you asked for.", 421)
        if not self._access.same_origin(origin, host):
            return _text("Pages of other servers may not use this one.", 403)
        if any(self._access.knows(token) for token in _tokens(asked)):
            return None
        if asked.url.path == "/" and "text/html" in asked.headers.get("accept", ""):
            policy = {"Content-Security-Policy": _LOCK_POLICY}
            return HTMLResponse(_LOCK, 403, {**_HEADERS, **policy})
        return _text("This server needs the token that genart printed.", 403)


def cookie_name(port: int) -> str:
    """The name of the cookie with the token; browsers share cookies between all ports of a host."""
    return f"genart-{port}"


def _tokens(asked: HTTPConnection) -> list[str | None]:
    return [asked.query_params.get("token"), asked.cookies.get(cookie_name(_port(asked)))]


def _port(asked: HTTPConnection) -> int:
    server = asked.scope.get("server")
    return int(server[1]) if server and server[1] else 0


def _text(why: str, status: int) -> Response:
    return PlainTextResponse(why, status, _HEADERS)
