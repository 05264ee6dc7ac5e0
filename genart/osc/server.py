"""OscServer: receives OSC packets over UDP and TCP, in its own thread."""

from __future__ import annotations

import logging
import math
import os
import re
import selectors
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from genart.errors import UsageError
from genart.osc.codec import LARGEST
from genart.osc.peers import Handler, RateLimit
from genart.osc.peers import Sender as Sender
from genart.osc.scheduler import (
    SHORT,
    Job,
    Scheduler,
    run_alone,
)
from genart.osc.tcp import Connection
from genart.realtime import MESSAGES, hastened

log = logging.getLogger("genart.live")

_BATCH = 64  # packets handled before sockets and scheduler are looked at again
_DRAIN = 4096  # datagrams read from the system at once
_INBOX = 16 << 20  # bytes that may wait to be handled
_BUFFER = 4 << 20
_CONNECTIONS = 32
_TIMESTAMPS = 35  # SO_TIMESTAMPNS, for which Python has no name
_TIMESPEC = struct.Struct("@ll")
_EXTRA = 64  # bytes of the arrival time's message
_SENDERS = 256  # senders remembered
_NUMBER = re.compile(r"\d[\d.]*")
_STINT = 0.005  # seconds of handling, after which the thread sleeps as long and the engine can run


class OscServer:
    """Listens on one port over UDP and TCP, and passes every packet to `handle`.

    Args:
        host: the address to bind; only this machine by default.
        port: 1..65535, or 0 for a free one.
        handle: called with (packet, sender) on this thread; an error it raises is logged.
        scheduler: its jobs run on this thread when they are due.
        rate: packets per second accepted from one host; None for any number.
        burst: how many packets may arrive at once.
        limited: called for each packet that was dropped because of the rate.
        handled: called with the seconds from a packet's arrival in the system (Linux), or from its
            reading, until it was handled.

    Attributes:
        thread: listens.
        alive_at: when the thread was last seen at work, in seconds of `time.monotonic`.

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
        handled: Callable[[float], None] | None = None,
    ) -> None:
        self.handle, self._handled = handle, handled
        self.scheduler = Scheduler() if scheduler is None else scheduler
        self._limit, self._limited = RateLimit(rate, burst), limited
        self._selector = selectors.DefaultSelector()
        self._udp, self._tcp = _bound(host, port)
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._repeated: list[_Repeated] = []
        self._connections: set[Connection] = set()
        self._senders: dict[tuple[str, int], Sender] = {}
        self._told: set[str] = set()
        self._inbox: deque[tuple[bytes, Sender, float]] = deque()
        self._room, self._worked = _INBOX, 0.0
        self._closing = False
        self.thread, self.alive_at = self._new_thread(), time.monotonic()
        self._selector.register(self._udp, selectors.EVENT_READ, self._datagrams)
        self._selector.register(self._tcp, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._woken)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port it listens on."""
        host, port = self._udp.getsockname()[:2]
        return str(host), int(port)

    def every(self, seconds: float, job: Job) -> None:
        """Run a job at an interval on this thread; call it before `start`."""
        self._repeated.append(_Repeated(seconds, job))

    def start(self) -> None:
        """Start to listen."""
        self.alive_at = time.monotonic()
        self.thread.start()

    def revive(self) -> bool:
        """Start another thread because this one has ended; True."""
        self.thread = self._new_thread()
        self.thread.start()
        return True

    def close(self) -> None:
        """Stop, and free the port; may be called twice."""
        if self._closing:
            return
        self._closing = True
        if self.thread.ident is not None:
            self.wake()
            self.thread.join(1.0)
        for connection in list(self._connections):
            connection.close()
        self._selector.close()
        for sock in (self._udp, self._tcp, self._wake_in, self._wake_out):
            sock.close()

    def wake(self) -> None:
        """Make the thread look at the scheduler again; any thread may call this."""
        with suppress(OSError):
            self._wake_in.send(b"\0")

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name="genart-osc", daemon=True)

    def _run(self) -> None:
        with hastened(MESSAGES):
            self._listen()

    def _listen(self) -> None:
        while not self._closing:
            self.alive_at = time.monotonic()
            wait = self._wait()
            if wait is not None and 0 < wait < SHORT:
                ready = self._selector.select(0)
                if not ready:
                    time.sleep(min(wait, 0.0002))
            else:
                ready = self._selector.select(None if wait is None else max(wait - SHORT / 2, 0))
            for key, _ in ready:
                run_alone(key.data)
            self._handle_some()
            self._rest()
            self.scheduler.run_due()
            for repeated in self._repeated:
                repeated.run_if_due(time.monotonic())

    def _rest(self) -> None:
        """Leave half of the interpreter's time to the engine, however much there is to handle."""
        if self._worked >= _STINT:
            waits = (self._worked, 2 * _STINT, self.scheduler.wait())
            time.sleep(min(wait for wait in waits if wait is not None))
        if self._worked >= _STINT or not self._inbox:
            self._worked = 0.0

    def _wait(self) -> float | None:
        if self._inbox:
            return 0.0
        waits = [r.due - time.monotonic() for r in self._repeated]
        scheduled = self.scheduler.wait()
        if scheduled is not None:
            waits.append(scheduled)
        return max(min(waits), 0.0) if waits else None

    def _woken(self) -> None:
        with suppress(OSError):
            self._wake_out.recv(4096)

    def _datagrams(self) -> None:
        """Empty the system's buffer first: a burst would overflow it while packets are handled."""
        for _ in range(_DRAIN):
            if self._room <= 0:
                return
            try:
                packet, address, at = _read(self._udp)
            except BlockingIOError:
                return
            except OSError:
                continue  # some systems report here that an earlier reply was not delivered
            self._take(packet, self._senders.get(address) or self._met(address), at)

    def _met(self, address: tuple[str, int]) -> Sender:
        if len(self._senders) >= _SENDERS:
            self._senders.clear()
        sender = Sender(address[0], address[1], self._replier(address))
        self._senders[address] = sender
        return sender

    def _replier(self, address: tuple[str, int]) -> Callable[[bytes], None]:
        def reply(packet: bytes) -> None:
            with suppress(OSError):
                self._udp.sendto(packet, address)

        return reply

    def _take(self, packet: bytes, sender: Sender, at: float | None = None) -> None:
        if not self._limit.allows(sender.host, time.monotonic()):
            if self._limited is not None:
                self._limited(sender)
            return
        self._inbox.append((packet, sender, time.time() if at is None else at))
        self._room -= len(packet) + 64

    def _handle_some(self) -> None:
        began = time.thread_time()  # time spent waiting for the interpreter does not count
        for _ in range(min(len(self._inbox), _BATCH)):
            packet, sender, at = self._inbox.popleft()
            self._room += len(packet) + 64
            try:
                self.handle(packet, sender)
            except BaseException:  # nothing that a message does ends the thread
                log.exception("Handling a packet from %s failed.", sender.name)
            if self._handled is not None:
                self._handled(max(time.time() - at, 0.0))
        self._worked += time.thread_time() - began

    def _accept(self) -> None:
        try:
            sock, address = self._tcp.accept()
        except OSError:
            return
        if len(self._connections) >= _CONNECTIONS:
            sock.close()
            self._complain(address[0], f"More than {_CONNECTIONS} connections: refused.")
            return
        self._connections.add(
            Connection(sock, address, self._selector, self._take, self._gone, self._complain)
        )

    def _complain(self, host: str, why: str) -> None:
        """Log once what is wrong with connections, whoever connects, however often."""
        thing = _NUMBER.sub("#", why)
        if thing not in self._told and len(self._told) < _SENDERS:
            self._told.add(thing)
            log.warning("OSC over TCP from %s: %s (logged once)", host, why)

    def _gone(self, connection: Connection) -> None:
        self._connections.discard(connection)


class _Repeated:
    """A job that runs at an interval."""

    def __init__(self, seconds: float, job: Job) -> None:
        self.seconds, self.job = seconds, job
        self.due = time.monotonic() + seconds

    def run_if_due(self, now: float) -> None:
        if now >= self.due:
            self.due = now + self.seconds - math.fmod(now - self.due, self.seconds)
            run_alone(self.job)


def _read(udp: socket.socket) -> tuple[bytes, Any, float]:
    """A datagram, its sender's address, and its arrival time in seconds since 1970."""
    if sys.platform != "linux":  # Windows has no recvmsg
        return *udp.recvfrom(LARGEST + 1), time.time()
    packet, extra, _, address = udp.recvmsg(LARGEST + 1, _EXTRA)
    if not extra:
        return packet, address, time.time()
    seconds, nanoseconds = _TIMESPEC.unpack_from(extra[0][2])
    return packet, address, seconds + 1e-9 * nanoseconds


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
            if sys.platform == "linux":
                sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        elif os.name == "posix":  # on Windows this would let two programs share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        if kind is socket.SOCK_STREAM:
            sock.listen(16)
        sock.setblocking(False)
    except (OSError, OverflowError) as error:
        sock.close()
        raise UsageError(f"OSC cannot listen on {host}:{port}: {error}") from error
    return sock
