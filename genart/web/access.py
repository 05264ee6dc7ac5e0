"""Access to a web server: checks Host, Origin and token of a request."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from urllib.parse import urlsplit


def is_here(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class AccessCheck:
    """Checks Host, Origin and token of a request.

    On an address that other machines can reach, every request needs a token. A request is answered
    only under host names that nobody else can claim: an address, or this machine's name (DNS
    rebinding). A request of a web page is answered only if the page is from this server, so that a
    page of another site cannot control or read the performance through a browser.

    Args:
        host: the address the server listens on.
        token: the token; a random one if it is empty.

    Attributes:
        token: the token that a request needs, or "".
    """

    def __init__(self, host: str, token: str = "") -> None:
        self.token = "" if is_here(host) else token or secrets.token_urlsafe(9)
        name = socket.gethostname().lower()
        self._names = {"localhost", name, f"{name}.local", host.lower()}

    def knows(self, token: str | None) -> bool:
        """Whether a token is right."""
        given = (token or "").encode("utf-8", "replace")
        return not self.token or hmac.compare_digest(given, self.token.encode())

    def ours(self, host: str) -> bool:
        """Whether a Host header names this machine."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def same_origin(self, origin: str | None, host: str) -> bool:
        """Whether a request is of a page from this server, or of a program that is no browser.

        Args:
            origin: the Origin header; None if there is none.
            host: the Host header.
        """
        if origin is None:
            return True
        try:
            return urlsplit(origin).netloc == host
        except ValueError:
            return False
