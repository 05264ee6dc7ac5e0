"""Permissions: which senders may control a performance and read from it.

::

    permissions.lock("osc", "osc-tcp")           # other machines can reach these inputs
    permissions.check("osc 192.168.1.5:9000")    # raises NotAllowed
    permissions.present("osc 192.168.1.5:9000", token)
    permissions.check("osc 192.168.1.5:9000")    # from now on it is allowed
"""

from __future__ import annotations

import hmac
import secrets
from threading import Lock

from genart.errors import UsageError
from genart.web.access import is_here

#: The kinds of sender that come over a network: the first word of their sources.
NETWORK = {
    "osc": "OSC over UDP",
    "osc-tcp": "OSC over TCP",
    "web": "the page and OSCQuery",
}
_SHORTEST = 8  # characters of a token
_MOST = 1000  # senders


class NotAllowed(UsageError):
    """A sender that other machines can use, and that did not send the token."""


class Permissions:
    """Which senders may control a performance: those that presented the token, and local ones.

    A sender is named as in `Change.source`: the kind of its input, then its address, such as
    "osc 192.168.1.5:9000". Kinds that no other machine can reach are not locked and need no token.

    Args:
        token: the token; a random one if it is empty.

    Raises:
        UsageError: a token that is too short.
    """

    def __init__(self, token: str = "") -> None:
        if token and len(token) < _SHORTEST:
            raise UsageError(f"A token needs at least {_SHORTEST} characters.")
        self._token = token or secrets.token_urlsafe(9)
        self._locked: frozenset[str] = frozenset()
        self._allowed: dict[str, None] = {}
        self._lock = Lock()

    @property
    def token(self) -> str:
        """The token that locked inputs need."""
        return self._token

    @property
    def locked(self) -> frozenset[str]:
        """The kinds of sender that need the token."""
        return self._locked

    def lock(self, *kinds: str) -> None:
        """Require the token from kinds of senders of `NETWORK`, which other machines can reach."""
        assert NETWORK.keys() >= {*kinds}
        self._locked |= frozenset(kinds)

    def allows(self, source: str) -> bool:
        """Whether a sender may control the performance and read from it."""
        if not self._locked or source.partition(" ")[0] not in self._locked:
            return True
        return _sender(source) in self._allowed

    def check(self, source: str) -> None:
        """Raise NotAllowed for a sender that needs the token and did not present it."""
        if not self.allows(source):
            raise NotAllowed(f"{_sender(source)} did not send the token that genart printed.")

    def present(self, source: str, token: object) -> bool:
        """Allow a sender if its token is right; returns whether it is."""
        right = isinstance(token, str) and hmac.compare_digest(
            token.encode("utf-8", "replace"), self._token.encode()
        )
        if right:
            self.allow(source)
        return right

    def allow(self, source: str) -> None:
        """Allow a sender whose token was checked elsewhere, such as a WebSocket's."""
        with self._lock:
            if len(self._allowed) >= _MOST:
                del self._allowed[next(iter(self._allowed))]
            self._allowed[_sender(source)] = None

    def forget(self, source: str) -> None:
        """Require the token from a sender again, such as one that disconnected."""
        with self._lock:
            self._allowed.pop(_sender(source), None)


def _sender(source: str) -> str:
    """Who a source is: over UDP from another machine the host, as its port may change."""
    kind, _, where = source.partition(" ")
    host = where.rpartition(":")[0]
    return f"{kind} {host}" if kind == "osc" and host and not is_here(host) else source
