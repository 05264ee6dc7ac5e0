"""OSC over TCP: one connection, and the two framings.

The first byte of a connection shows its framing: a length prefix (OSC 1.0) begins with a zero byte,
SLIP (OSC 1.1, RFC 1055) never does.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

from genart.osc.codec import LARGEST
from genart.osc.peers import Handler, Sender

_END, _ESC = b"\xc0", b"\xdb"
_UNSENT = 256 << 10  # bytes of replies that may wait for a slow reader


class Connection:
    """One TCP connection.

    Args:
        sock: its socket.
        address: the peer's host and port.
        selector: waits for the socket.
        take: called with every packet and its sender.
        gone: called when the connection is closed.
        complain: called with (host, reason) when it is closed because of the peer.
    """

    def __init__(
        self,
        sock: socket.socket,
        address: tuple[str, int],
        selector: selectors.BaseSelector,
        take: Handler,
        gone: Callable[[Connection], None],
        complain: Callable[[str, str], None],
    ) -> None:
        self._sock, self._selector, self._take, self._gone = sock, selector, take, gone
        self._sender = Sender(address[0], address[1], self._reply, "osc-tcp")
        self._complain = complain
        self._frames: Slip | Prefixed | None = None
        self._unsent = b""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(sock, selectors.EVENT_READ, self._ready)

    def _ready(self) -> None:
        self._flush()
        try:
            data = self._sock.recv(LARGEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            self._frames = self._frames or _framing(data[0])
            for packet in self._frames.feed(data):
                self._take(packet, self._sender)
        except ValueError as error:
            self._complain(self._sender.host, f"{error} The connection was closed.")
            self.close()

    def _reply(self, packet: bytes) -> None:
        if self._frames is None or self._sock.fileno() < 0:
            return
        self._unsent += self._frames.wrapped(packet)
        if len(self._unsent) > _UNSENT:
            self._complain(self._sender.host, "It does not read its replies; closed.")
            self.close()
        else:
            self._flush()

    def _flush(self) -> None:
        if not self._unsent:
            return
        with suppress(OSError):
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._sock, events, self._ready)

    def close(self) -> None:
        """Close the connection; may be called twice."""
        if self._sock.fileno() < 0:
            return
        self._selector.unregister(self._sock)
        self._sock.close()
        self._gone(self)


def _framing(first: int) -> Slip | Prefixed:
    """The framing of a connection by its first byte; ValueError for no OSC.

    A browser can send any bytes to any port, after an HTTP request: that begins with a letter.
    """
    if first not in b"\0\xc0/#":
        raise ValueError("It does not send OSC.")
    return Prefixed() if first == 0 else Slip()


class Slip:
    """Packets between END bytes, RFC 1055 with double END, as OSC 1.1 requires."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The packets that data completes; ValueError for one that is too long or badly escaped."""
        *whole, self._held = (self._held + data).split(_END)
        if len(self._held) > 2 * LARGEST:
            raise ValueError("A packet is too long.")
        for part in whole:
            if part:
                yield _unescaped(part)

    def wrapped(self, packet: bytes) -> bytes:
        """A packet as it is sent."""
        body = packet.replace(_ESC, b"\xdb\xdd").replace(_END, b"\xdb\xdc")
        return _END + body + _END


def _unescaped(part: bytes) -> bytes:
    if _ESC not in part:
        return part
    first, *rest = part.split(_ESC)
    out = [first]
    for piece in rest:
        if piece[:1] not in (b"\xdc", b"\xdd"):
            raise ValueError("A SLIP escape must be followed by one of its two codes.")
        out += [_END if piece[:1] == b"\xdc" else _ESC, piece[1:]]
    return b"".join(out)


class Prefixed:
    """Packets after their length, 4 bytes, big-endian, as OSC 1.0 requires."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The packets that data completes; ValueError for one that is too long."""
        held, at = self._held + data, 0
        while len(held) - at >= 4:
            size = int.from_bytes(held[at : at + 4], "big")
            if size > LARGEST:
                raise ValueError(f"A packet of {size} bytes is announced; the limit is {LARGEST}.")
            if len(held) - at - 4 < size:
                break
            yield held[at + 4 : at + 4 + size]
            at += 4 + size
        self._held = held[at:]

    def wrapped(self, packet: bytes) -> bytes:
        """A packet as it is sent."""
        return len(packet).to_bytes(4, "big") + packet
