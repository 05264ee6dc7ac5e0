"""Feedback: sends changes and the status to OSC programs, so that their faders follow."""

from __future__ import annotations

import math
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from genart.errors import ParamError, UsageError
from genart.live.osc.addresses import STATUS, address_of, wire
from genart.live.store import Store
from genart.osc.codec import (
    IMMEDIATE,
    Bundle,
    Message,
    OscError,
    encode,
)

Args: TypeAlias = "tuple[Any, ...]"

#: The largest datagram, in bytes: it fits into an Ethernet frame.
LARGEST = 1400
#: Datagrams to one peer at a flush, so that messages need not wait; the rest is sent at the next.
_MOST = 4
_HEADER = encode(Bundle(IMMEDIATE, ()))
_SIZE = struct.Struct(">i")
_SUBSCRIBERS = 16
#: How many seconds a subscription lasts by default, and at most.
DEFAULT_SECONDS, LONGEST = 60.0, 86_400.0


class Feedback:
    """Sends new values and the status to peers over UDP.

    A peer receives a value at most once a flush, never the value it received last, and never a
    change it made itself. A sender is a peer if it subscribed, or if host and port are equal, or,
    on another machine, if the host is equal.

    Args:
        store: the source of the values.
        peers: (host, port) of the programs that receive them until the end.
        clock: seconds on a monotonic clock.

    Attributes:
        status: the last arguments of each status, by name.
        sent: how many datagrams were sent.

    Raises:
        UsageError: a host that cannot be found.
    """

    def __init__(
        self,
        store: Store,
        peers: Iterable[tuple[str, int]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status: dict[str, Args] = {}
        self.sent = 0
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._peers = [_Peer(host, port) for host, port in peers]
        self._leave: Callable[[], None] | None = None
        self._listen()

    def say(self, name: str, *args: Any) -> None:
        """Publish /genart/status/<name>; equal arguments are not sent again."""
        args = tuple(wire(arg) for arg in args)
        with self._lock:
            if self.status.get(name) == args:
                return
            self.status[name] = args
            for peer in self._peers:
                peer.pending[f"{STATUS}{name}"] = args

    def welcome(self, store: Store) -> None:
        """Send every value to every peer, so that their faders start at the right position."""
        with self._lock:
            for peer in self._peers:
                peer.welcome(store.values(), self.status)

    def subscribe(
        self, host: str, port: int, seconds: float = DEFAULT_SECONDS, source: str = ""
    ) -> None:
        """Add a peer for some time; asking again extends it. A new peer receives every value first.

        Args:
            host: its address.
            port: its port.
            seconds: how long, 1..86400.
            source: the sender ("osc 127.0.0.1:50000"): its changes are not sent back to the peer.

        Raises:
            UsageError: too many subscribers, or no such host and port.
            ParamError: a time out of range.
        """
        if not 1 <= seconds <= LONGEST:
            raise ParamError(f"A subscription lasts 1..{LONGEST:g} s, not {seconds:g}.")
        until = self._clock() + seconds
        with self._lock:
            known = self._find(host, port)
            if known is not None:
                known.until, known.source = max(known.until, until), source
                return
            if sum(peer.until < math.inf for peer in self._peers) >= _SUBSCRIBERS:
                raise UsageError(f"There are {_SUBSCRIBERS} subscribers already.")
        peer = _Peer(host, port, until, source)
        peer.welcome(self._store.values(), self.status)
        with self._lock:
            self._peers = [*self._peers, peer]
        self._listen()

    def unsubscribe(self, host: str, port: int) -> None:
        """Remove a subscribed peer; nothing happens if there is none."""
        with self._lock:
            known = self._find(host, port)
            if known is not None and known.until < math.inf:
                self._peers = [peer for peer in self._peers if peer is not known]
                known.close()

    @property
    def subscribers(self) -> list[str]:
        """The peers, as "host:port"."""
        with self._lock:
            return [peer.name for peer in self._peers]

    def flush(self) -> None:
        """Send what is new; called about thirty times per second."""
        self._expire()
        for peer in self._peers:
            with self._lock:
                datagrams = list(peer.datagrams())
            for datagram in datagrams:
                if peer.send(datagram):
                    self.sent += 1
                    continue
                with self._lock:
                    peer.again(datagram)

    def close(self) -> None:
        """Stop after a last flush."""
        if self._leave:
            self._leave()
        self.flush()
        for peer in self._peers:
            peer.close()

    def _listen(self) -> None:
        if self._peers and self._leave is None:
            self._leave = self._store.subscribe(self._param_changed)

    def _find(self, host: str, port: int) -> _Peer | None:
        return next((peer for peer in self._peers if peer.address[:2] == (host, port)), None)

    def _expire(self) -> None:
        now = self._clock()
        with self._lock:
            over = [peer for peer in self._peers if peer.until <= now]
            if over:
                self._peers = [peer for peer in self._peers if peer.until > now]
        for peer in over:
            peer.close()

    def _param_changed(self, path: str, value: Any, source: str) -> None:
        address, args = address_of(path), (wire(value),)
        with self._lock:
            for peer in self._peers:
                if peer.is_source(source):
                    peer.knows(address, args)
                else:
                    peer.pending[address] = args


@dataclass
class _Datagram:
    """A datagram being built: an encoded bundle, and the messages in it."""

    data: bytearray = field(default_factory=lambda: bytearray(_HEADER))
    messages: dict[str, Args] = field(default_factory=dict)


class _Peer:
    """A program that receives feedback until a time on the clock; `source` is who subscribed it."""

    def __init__(
        self, host: str, port: int, until: float = math.inf, source: str | None = None
    ) -> None:
        if not 0 < port <= 65_535:
            raise UsageError(f"Feedback cannot go to {host}:{port}: a port is 1..65535.")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise UsageError(f"Feedback cannot go to {host}:{port}: {error}") from error
        found.sort(key=lambda info: info[0] != socket.AF_INET)  # OSC programs listen on IPv4
        family, kind, _, _, address = found[0]
        self.address: tuple[Any, ...] = address
        self.until, self.source = until, source
        self._socket = socket.socket(family, kind)
        self._socket.setblocking(False)
        self.pending: dict[str, Args] = {}
        self._known: dict[str, Args] = {}

    @property
    def name(self) -> str:
        """Its host and port, as "host:port"."""
        return f"{self.address[0]}:{self.address[1]}"

    def is_source(self, source: str) -> bool:
        """Whether a source ("osc 127.0.0.1:9000") is this peer."""
        kind, _, where = source.partition(" ")
        if source == self.source or not kind.startswith("osc"):
            return source == self.source
        host, _, port = where.rpartition(":")
        here = self.address[0]
        return host == here and (port == str(self.address[1]) or not _is_loopback(here))

    def welcome(self, values: Mapping[str, Any], status: Mapping[str, Args]) -> None:
        """Send it all values and the status."""
        self.pending |= {address_of(path): (wire(value),) for path, value in values.items()}
        self.pending |= {f"{STATUS}{name}": args for name, args in status.items()}

    def knows(self, address: str, args: Args) -> None:
        """Remember a change that the peer made itself."""
        self._known[address] = args
        self.pending.pop(address, None)

    def datagrams(self) -> Iterator[_Datagram]:
        """What is new, in bundles small enough for a datagram; a limited number at once."""
        datagram, count = _Datagram(), 0
        for address in list(self.pending):
            args = self.pending[address]
            data = b"" if self._known.get(address) == args else _encoded(address, args)
            if data and datagram.messages and len(datagram.data) + len(data) > LARGEST:
                yield datagram
                datagram, count = _Datagram(), count + 1
                if count == _MOST:
                    return
            del self.pending[address]
            if data:
                self._known[address] = datagram.messages[address] = args
                datagram.data += data
        if datagram.messages:
            yield datagram

    def send(self, datagram: _Datagram) -> bool:
        """Send a datagram; returns whether it was sent."""
        with suppress(OSError):
            self._socket.sendto(datagram.data, self.address)
            return True
        return False

    def again(self, datagram: _Datagram) -> None:
        """Send the messages of a failed datagram again, unless there are newer ones."""
        for address, args in datagram.messages.items():
            self._known.pop(address, None)
            self.pending.setdefault(address, args)

    def close(self) -> None:
        self._socket.close()


def _encoded(address: str, args: Args) -> bytes:
    """A message as a bundle contains it, or nothing if it is too large."""
    try:
        data = encode(Message(address, args))
    except OscError:
        return b""
    return _SIZE.pack(len(data)) + data if len(_HEADER) + 4 + len(data) <= LARGEST else b""


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host == "::1"


def parse_peer(text: str, default: int | None = None) -> tuple[str, int]:
    """(host, port) from "host:port", "[::1]:port", or a port alone for this machine.

    Raises:
        ParamError: any other text.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon and default is not None and not port.isdecimal():
        host, port = port, str(default)
    if not (port.isascii() and port.isdecimal()) or not 0 <= int(port) <= 65_535:
        raise ParamError(f'"{text}" is not HOST:PORT, such as 127.0.0.1:9000.')
    return host.strip("[]") or "127.0.0.1", int(port)
