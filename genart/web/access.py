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

    On an address that other machines can reach, the page and its sockets need a token. A socket
    opens only for pages of this server, and only under host names that nobody else can claim: an
    address, or this machine's name. So a page of another site cannot control the performance
    through a browser (DNS rebinding).

    Args:
        host: the address the server listens on.

    Attributes:
        token: the token that a request needs, or "".
    """

    def __init__(self, host: str) -> None:
        self.token = "" if is_here(host) else secrets.token_urlsafe(9)
        name = socket.gethostname().lower()
        self._names = {"localhost", name, f"{name}.local", host.lower()}

    def knows(self, token: str | None) -> bool:
        """Whether a token is right."""
        return not self.token or hmac.compare_digest(token or "", self.token)

    def ours(self, host: str) -> bool:
        """Whether a Host header names this machine."""
        name = urlsplit(f"//{host}").hostname or ""
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def admits(self, origin: str | None, host: str, *, neighbours: bool = False) -> bool:
        """Whether a socket may open.

        Args:
            origin: the Origin header; None for a program that is not a browser.
            host: the Host header.
            neighbours: whether pages of other servers on this machine are accepted, which OSCQuery
                clients are.
        """
        if not self.ours(host):
            return False
        if origin is None:
            return True
        split = urlsplit(origin)
        return split.netloc == host or (neighbours and is_here(split.hostname or ""))
