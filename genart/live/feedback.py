"""Feedback: what was turned elsewhere moves the faders here, too."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from genart.errors import ParamError, UsageError
from genart.live.address import ROOT, address_of, wire
from genart.live.osc import AT_ONCE, Bundle, Message, OscError, encode
from genart.live.store import Store

#: No datagram is longer, in bytes: what fits into an Ethernet frame with room to spare.
LARGEST = 1400
#: Datagrams to one peer at a flush; the rest waits for the next.
_MOST = 32
_HEADER = 16


class Feedback:
    """Sends new values to peers over UDP, and the status.

    Each peer hears of a value at most once a flush, never a value it was told last, and never what
    it turned itself: a sender is a peer if host and port are equal, or on another machine the host.

    Args:
        store: whose values they are.
        peers: (host, port) of everyone who wants to know.

    Attributes:
        status: the last arguments of each status, by name.
        sent: datagrams sent.

    Raises:
        UsageError: a host that cannot be found.
    """

    def __init__(self, store: Store, peers: Iterable[tuple[str, int]] = ()) -> None:
        self.status: dict[str, tuple[Any, ...]] = {}
        self.sent = 0
        self._lock = threading.Lock()
        self._peers = [_Peer(host, port) for host, port in peers]
        self._leave = store.subscribe(self._turned) if self._peers else None

    def say(self, name: str, *args: Any) -> None:
        """Publish /genart/status/<name>; equal arguments are not sent again."""
        args = tuple(wire(arg) for arg in args)
        with self._lock:
            if self.status.get(name) == args:
                return
            self.status[name] = args
            for peer in self._peers:
                peer.pending[f"{ROOT}/status/{name}"] = args

    def welcome(self, store: Store) -> None:
        """Tell every peer all values, for their faders to begin at the right place."""
        with self._lock:
            for path, value in store.values().items():
                for peer in self._peers:
                    peer.pending[address_of(path)] = (wire(value),)

    def flush(self) -> None:
        """Send what is new; called some thirty times a second."""
        for peer in self._peers:
            with self._lock:
                bundles = list(peer.bundles())
            for bundle in bundles:
                if peer.send(bundle):
                    self.sent += 1
                    continue
                with self._lock:
                    peer.again(bundle)

    def close(self) -> None:
        """Stop, after a last flush."""
        if self._leave:
            self._leave()
        self.flush()
        for peer in self._peers:
            peer.close()

    def _turned(self, path: str, value: Any, source: str) -> None:
        address, args = address_of(path), (wire(value),)
        with self._lock:
            for peer in self._peers:
                if peer.is_source(source):
                    peer.knows(address, args)
                else:
                    peer.pending[address] = args


class _Peer:
    """One who wants to know."""

    def __init__(self, host: str, port: int) -> None:
        if not 0 < port <= 65_535:
            raise UsageError(f"Feedback cannot go to {host}:{port}: a port is 1..65535.")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise UsageError(f"Feedback cannot go to {host}:{port}: {error}") from error
        found.sort(key=lambda info: info[0] != socket.AF_INET)  # what OSC programs listen on
        family, kind, _, _, address = found[0]
        self._address: tuple[Any, ...] = address
        self._socket = socket.socket(family, kind)
        self._socket.setblocking(False)
        self.pending: dict[str, tuple[Any, ...]] = {}
        self._known: dict[str, tuple[Any, ...]] = {}

    def is_source(self, source: str) -> bool:
        """Whether a source ("osc 127.0.0.1:9000") is this peer."""
        kind, _, where = source.partition(" ")
        if not kind.startswith("osc"):
            return False
        host, _, port = where.rpartition(":")
        here = self._address[0]
        return host == here and (port == str(self._address[1]) or not _is_loopback(here))

    def knows(self, address: str, args: tuple[Any, ...]) -> None:
        """Remember what the peer turned itself."""
        self._known[address] = args
        self.pending.pop(address, None)

    def bundles(self) -> Iterator[Bundle]:
        """Bundles of what is new, small enough each; at most so many at once."""
        messages: list[Message] = []
        size, packets = _HEADER, 0
        for address in list(self.pending):
            args = self.pending[address]
            message = Message(address, args)
            room = self._size(message)
            if self._known.get(address) == args or not room:
                del self.pending[address]
                continue
            if size + room > LARGEST and messages:
                yield Bundle(AT_ONCE, tuple(messages))
                messages, size, packets = [], _HEADER, packets + 1
                if packets == _MOST:
                    return
            del self.pending[address]
            self._known[address] = args
            messages.append(message)
            size += room
        if messages:
            yield Bundle(AT_ONCE, tuple(messages))

    def _size(self, message: Message) -> int:
        """What a message takes up in a bundle, in bytes; 0 if it fits into none."""
        try:
            size = 4 + len(encode(message))
        except OscError:
            return 0
        return size if size + _HEADER <= LARGEST else 0

    def send(self, bundle: Bundle) -> bool:
        """Send a datagram; whether it went out."""
        with suppress(OSError):
            self._socket.sendto(encode(bundle), self._address)
            return True
        return False

    def again(self, bundle: Bundle) -> None:
        """Send what could not be sent at the next flush, unless there is something newer."""
        for message in bundle.messages():
            self._known.pop(message.address, None)
            self.pending.setdefault(message.address, message.args)

    def close(self) -> None:
        self._socket.close()


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host == "::1"


def parse_peer(text: str, default: int | None = None) -> tuple[str, int]:
    """(host, port) from "host:port", "[::1]:port", or a port alone for this machine.

    Raises:
        ParamError: something else.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon and default is not None and not port.isdecimal():
        host, port = port, str(default)
    if not (port.isascii() and port.isdecimal()) or not 0 <= int(port) <= 65_535:
        raise ParamError(f'"{text}" is no HOST:PORT, such as 127.0.0.1:9000.')
    return host.strip("[]") or "127.0.0.1", int(port)
