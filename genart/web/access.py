"""Who may come in: addresses, tokens, and where a page came from."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from urllib.parse import urlsplit


def is_here(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class AccessCheck:
    """Lets in who may come in.

    On an address that others can reach, the page and its sockets want a token. A socket is opened
    only to pages of this server, and only under names that nobody else can claim: an address, or
    this machine's own name. So no page from elsewhere can reach the instrument through a browser.

    Args:
        host: the address the server listens on.

    Attributes:
        token: what the page asks for, or "".
    """

    def __init__(self, host: str) -> None:
        self.token = "" if is_here(host) else secrets.token_urlsafe(9)
        name = socket.gethostname().lower()
        self._names = {"localhost", name, f"{name}.local", host.lower()}

    def knows(self, token: str | None) -> bool:
        """Whether a token opens the page."""
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
            origin: the page's, None for a program that is no browser.
            host: the Host header.
            neighbours: whether pages of other servers on this machine may, as OSCQuery's
                clients are.
        """
        if not self.ours(host):
            return False
        if origin is None:
            return True
        split = urlsplit(origin)
        return split.netloc == host or (neighbours and is_here(split.hostname or ""))
