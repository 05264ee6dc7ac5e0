"""Receiver: OSC packets from UDP and TCP, in a thread of its own.

TCP takes both framings and tells them by their first byte: a length prefix (OSC 1.0) begins with a
zero byte, SLIP (OSC 1.1, RFC 1055) never does.
"""

from __future__ import annotations

import logging
import math
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from genart.errors import UsageError
from genart.live.osc import LARGEST
from genart.live.scheduler import SHORT, Job, Scheduler, run_alone

log = logging.getLogger("genart.live")

_END, _ESC = b"\xc0", b"\xdb"
_BATCH = 64  # packets of one socket before the others get a turn
_BUFFER = 4 << 20
_CONNECTIONS = 32
_UNSENT = 256 << 10


@dataclass(frozen=True)
class Sender:
    """Who sent a packet.

    Args:
        host: its address.
        port: its port.
        reply: sends a packet back.
        kind: "osc", "osc-tcp" or "web".
    """

    host: str
    port: int
    reply: Callable[[bytes], None] = field(compare=False)
    kind: str = "osc"

    @property
    def name(self) -> str:
        """For logs and as the source of changes: "osc 127.0.0.1:9000"."""
        return f"{self.kind} {self.host}:{self.port}"


Handler = Callable[[bytes, Sender], None]


class RateLimit:
    """A bucket of packets for each host; it fills at a rate.

    Args:
        rate: packets a second; None lets everything pass.
        burst: how many may come at once.
        most: how many hosts are remembered.
    """

    def __init__(self, rate: float | None, burst: float, most: int = 1024) -> None:
        self.rate, self.burst, self.most = rate, burst, most
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, host: str, now: float) -> bool:
        """Whether one more packet may pass, at a time in seconds."""
        if self.rate is None:
            return True
        left, since = self._left.get(host, (self.burst, now))
        left = min(left + (now - since) * self.rate, self.burst)
        if host not in self._left and len(self._left) >= self.most:
            self._left.clear()
        self._left[host] = (max(left - 1.0, 0.0), now)
        return left >= 1.0


class Receiver:
    """Listens on one port over UDP and TCP, and hands every packet to `handle`.

    Args:
        host: the address to bind; only this machine unless told otherwise.
        port: 1..65535, or 0 for a free one.
        handle: called with (packet, sender) on the receiver's thread; an error it raises is logged.
        scheduler: whose jobs run on this thread when they are due.
        rate: packets a second that a host may send; None for any number.
        burst: how many may come at once.
        limited: told once per packet that was dropped for its rate.

    Raises:
        UsageError: the address cannot be bound.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handle: Handler,
        *,
        scheduler: Scheduler | None = None,
        rate: float | None = 10_000.0,
        burst: float = 30_000.0,
        limited: Callable[[Sender], None] | None = None,
    ) -> None:
        self.handle = handle
        self.scheduler = Scheduler() if scheduler is None else scheduler
        self._limit, self._limited = RateLimit(rate, burst), limited
        self._selector = selectors.DefaultSelector()
        self._udp, self._tcp = _bound(host, port)
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._repeated: list[_Repeated] = []
        self._connections: set[_Connection] = set()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="genart-osc", daemon=True)
        self._selector.register(self._udp, selectors.EVENT_READ, self._datagrams)
        self._selector.register(self._tcp, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._woken)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port it listens on."""
        host, port = self._udp.getsockname()[:2]
        return str(host), int(port)

    def every(self, seconds: float, job: Job) -> None:
        """Run a job again and again on this thread; call it before `start`."""
        self._repeated.append(_Repeated(seconds, job))

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stop, and free the port; may be called twice."""
        if self._closing:
            return
        self._closing = True
        if self._thread.ident is not None:
            self.wake()
            self._thread.join()
        for connection in list(self._connections):
            connection.close()
        self._selector.close()
        for sock in (self._udp, self._tcp, self._wake_in, self._wake_out):
            sock.close()

    def wake(self) -> None:
        """Let the thread look at the scheduler again; any thread may call this."""
        with suppress(OSError):
            self._wake_in.send(b"\0")

    def _run(self) -> None:
        while not self._closing:
            wait = self._wait()
            if wait is not None and 0 < wait < SHORT:
                ready = self._selector.select(0)
                if not ready:
                    time.sleep(min(wait, 0.0002))
            else:
                ready = self._selector.select(None if wait is None else max(wait - SHORT / 2, 0))
            for key, _ in ready:
                run_alone(key.data)
            self.scheduler.run_due()
            for repeated in self._repeated:
                repeated.run_if_due(time.monotonic())

    def _wait(self) -> float | None:
        waits = [r.due - time.monotonic() for r in self._repeated]
        scheduled = self.scheduler.wait()
        if scheduled is not None:
            waits.append(scheduled)
        return max(min(waits), 0.0) if waits else None

    def _woken(self) -> None:
        with suppress(OSError):
            self._wake_out.recv(4096)

    def _datagrams(self) -> None:
        for _ in range(_BATCH):
            try:
                packet, address = self._udp.recvfrom(LARGEST + 1)
            except BlockingIOError:
                return
            except OSError:
                continue  # some systems report here that an earlier reply found nobody
            self._take(packet, Sender(address[0], address[1], self._replier(address)))

    def _replier(self, address: tuple[str, int]) -> Callable[[bytes], None]:
        def reply(packet: bytes) -> None:
            with suppress(OSError):
                self._udp.sendto(packet, address)

        return reply

    def _take(self, packet: bytes, sender: Sender) -> None:
        if not self._limit.allows(sender.host, time.monotonic()):
            if self._limited is not None:
                self._limited(sender)
            return
        run_alone(lambda: self.handle(packet, sender))

    def _accept(self) -> None:
        try:
            sock, address = self._tcp.accept()
        except OSError:
            return
        if len(self._connections) >= _CONNECTIONS:
            sock.close()
            log.warning("More than %d OSC connections: %s was refused.", _CONNECTIONS, address[0])
            return
        self._connections.add(_Connection(sock, address, self._selector, self._take, self._gone))

    def _gone(self, connection: _Connection) -> None:
        self._connections.discard(connection)


class _Repeated:
    """A job that runs again and again."""

    def __init__(self, seconds: float, job: Job) -> None:
        self.seconds, self.job = seconds, job
        self.due = time.monotonic() + seconds

    def run_if_due(self, now: float) -> None:
        if now >= self.due:
            self.due = now + self.seconds - math.fmod(now - self.due, self.seconds)
            run_alone(self.job)


class _Connection:
    """One TCP peer."""

    def __init__(
        self,
        sock: socket.socket,
        address: tuple[str, int],
        selector: selectors.BaseSelector,
        take: Handler,
        gone: Callable[[_Connection], None],
    ) -> None:
        self._sock, self._selector, self._take, self._gone = sock, selector, take, gone
        self._sender = Sender(address[0], address[1], self._reply, "osc-tcp")
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
        self._frames = self._frames or (Prefixed() if data[0] == 0 else Slip())
        try:
            for packet in self._frames.feed(data):
                self._take(packet, self._sender)
        except ValueError as error:
            log.warning("%s: %s The connection was closed.", self._sender.name, error)
            self.close()

    def _reply(self, packet: bytes) -> None:
        if self._frames is None or self._sock.fileno() < 0:
            return
        self._unsent += self._frames.wrapped(packet)
        if len(self._unsent) > _UNSENT:
            log.warning("%s does not read its answers: closed.", self._sender.name)
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
        if self._sock.fileno() < 0:
            return
        self._selector.unregister(self._sock)
        self._sock.close()
        self._gone(self)


class Slip:
    """Packets between END bytes, RFC 1055 with double END, as OSC 1.1 asks."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The packets that data completes; ValueError for one too long or badly escaped."""
        *whole, self._held = (self._held + data).split(_END)
        if len(self._held) > 2 * LARGEST:
            raise ValueError("A packet is too long.")
        for part in whole:
            if part:
                yield _unescaped(part)

    def wrapped(self, packet: bytes) -> bytes:
        """A packet as it goes over the wire."""
        body = packet.replace(_ESC, b"\xdb\xdd").replace(_END, b"\xdb\xdc")
        return _END + body + _END


def _unescaped(part: bytes) -> bytes:
    if _ESC not in part:
        return part
    first, *rest = part.split(_ESC)
    out = [first]
    for piece in rest:
        if piece[:1] not in (b"\xdc", b"\xdd"):
            raise ValueError("A SLIP escape is followed by neither of its two codes.")
        out += [_END if piece[:1] == b"\xdc" else _ESC, piece[1:]]
    return b"".join(out)


class Prefixed:
    """Packets after their length, 4 bytes, big end first, as OSC 1.0 asks."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The packets that data completes; ValueError for one too long."""
        held, at = self._held + data, 0
        while len(held) - at >= 4:
            size = int.from_bytes(held[at : at + 4], "big")
            if size > LARGEST:
                raise ValueError(f"A packet of {size} bytes is announced, {LARGEST} at most.")
            if len(held) - at - 4 < size:
                break
            yield held[at + 4 : at + 4 + size]
            at += 4 + size
        self._held = held[at:]

    def wrapped(self, packet: bytes) -> bytes:
        """A packet as it goes over the wire."""
        return len(packet).to_bytes(4, "big") + packet


def _bound(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same port."""
    for _ in range(16):  # a free UDP port may be taken over TCP: try another
        udp = _open(host, port, socket.SOCK_DGRAM)
        try:
            tcp = _open(host, udp.getsockname()[1], socket.SOCK_STREAM)
        except UsageError:
            udp.close()
            if port:
                raise
            continue
        return udp, tcp
    raise UsageError(f"No port of {host} is free for both UDP and TCP.")


def _open(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=kind)[0][0]
        sock = socket.socket(family, kind)
    except (OSError, OverflowError) as error:
        raise UsageError(f"OSC cannot listen on {host}:{port}: {error}") from error
    try:
        if kind is socket.SOCK_DGRAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        elif os.name == "posix":  # elsewhere this lets two programs share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        if kind is socket.SOCK_STREAM:
            sock.listen(16)
        sock.setblocking(False)
    except (OSError, OverflowError) as error:
        sock.close()
        raise UsageError(f"OSC cannot listen on {host}:{port}: {error}") from error
    return sock
