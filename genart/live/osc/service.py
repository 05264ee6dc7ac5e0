"""The OSC side of a performance, put together.

::

    service = OscService(store, "127.0.0.1", 9000, peers=[("127.0.0.1", 9001)], cues=cues)
    service.start()          # a separate thread; handlers never use torch
    ...
    service.close()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from typing import Any

from genart.errors import ParamError
from genart.live.actions import Actions, ActionSpec, cue_actions, engine_actions, tempo_actions
from genart.live.cues import Cues
from genart.live.live_mapping import LiveMapping
from genart.live.osc.feedback import DEFAULT_SECONDS, Feedback
from genart.live.osc.router import Router
from genart.live.report import Durations
from genart.live.store import Store
from genart.live.tempo import TempoControl
from genart.mapping.bindings import Bindings
from genart.osc.peers import Sender
from genart.osc.scheduler import Scheduler
from genart.osc.server import OscServer
from genart.web.access import is_here

#: How many times per second feedback is sent, at most.
RATE = 30


class OscService:
    """Receives, routes, schedules and answers OSC.

    Args:
        store: where changes go.
        host: the address to bind; only this machine by default. On an address that other machines
            can reach, every sender needs the token of `store.permissions`.
        port: 1..65535, or 0 for a free one.
        peers: (host, port) of the programs that receive every change.
        cues: those of the performance.
        tempo: what taps and nudges change.
        mapping: resolves messages that are not under /genart.
        actions: the actions of the performance; those of cues, tempo, recording, quality and
            subscriptions are added to them.
        status: returns what is sent as /genart/status/..., called several times per second.
        rate: packets per second accepted from one host; None for any number.

    Attributes:
        name: its name in reports.
        actions: all actions, by address under /genart.
        router: handles packets from elsewhere too, such as a WebSocket.
        feedback: sends changes to the peers; its `say` publishes a status.

    Raises:
        UsageError: an address that cannot be bound, or a peer that cannot be found.
    """

    name = "osc"

    def __init__(
        self,
        store: Store,
        host: str = "127.0.0.1",
        port: int = 9000,
        *,
        peers: Iterable[tuple[str, int]] = (),
        cues: Cues | None = None,
        tempo: TempoControl | None = None,
        mapping: Bindings | LiveMapping | None = None,
        actions: Actions | None = None,
        status: Callable[[], Mapping[str, Any]] | None = None,
        rate: float | None = 10_000.0,
    ) -> None:
        self.store = store
        if not is_here(host):
            store.permissions.lock("osc", "osc-tcp")
        self.cues = cues or Cues(store)
        self.tempo = tempo or TempoControl(store)
        self.limited, self.latency = 0, Durations()
        self._status = status
        self._counted, self._last_rate = (time.monotonic(), store.received), 0
        self.feedback = Feedback(store, peers)
        self.scheduler = Scheduler()
        self.actions = Actions(store) if actions is None else actions
        self.actions.add(tempo_actions(self.tempo) | cue_actions(self.cues, self.tempo))
        self.actions.add(engine_actions(store) | self._subscriptions())
        self.router = Router(
            store, self.scheduler, actions=self.actions, status=self.feedback.status,
            foreign=None if mapping is None else mapping.osc,
        )  # fmt: skip
        try:
            self.server = OscServer(
                host, port, self.router.receive, scheduler=self.scheduler, rate=rate,
                limited=self._rate_limited, handled=self.latency.add,
            )  # fmt: skip
        except BaseException:
            self.feedback.close()
            raise
        self.scheduler.sooner = self.server.wake
        self.server.every(1 / RATE, self._flush)

    @property
    def thread(self) -> Thread:
        """The thread that listens."""
        return self.server.thread

    @property
    def alive_at(self) -> float:
        """When the thread was last seen at work, in seconds of `time.monotonic`."""
        return self.server.alive_at

    def revive(self) -> bool:
        """Start another thread because this one has ended; True."""
        return self.server.revive()

    @property
    def address(self) -> tuple[str, int]:
        """The host and port it listens on."""
        return self.server.address

    def start(self) -> None:
        """Start to receive, and send every value to the peers."""
        self.feedback.welcome(self.store)
        self.server.start()

    def close(self) -> None:
        """Stop; the port is free again, and the cues are in their file."""
        self.server.close()
        self.feedback.close()
        self.cues.close()

    def _subscriptions(self) -> dict[str, ActionSpec]:
        return {
            "feedback/subscribe": ActionSpec(self._subscribe),
            "feedback/unsubscribe": ActionSpec(self._unsubscribe),
        }

    def _subscribe(self, args: tuple[Any, ...], source: str) -> None:
        host, port = _peer(args, source)
        self.feedback.subscribe(host, port, _seconds(args), source)

    def _unsubscribe(self, args: tuple[Any, ...], source: str) -> None:
        self.feedback.unsubscribe(*_peer(args, source))

    def _flush(self) -> None:
        for name, value in (self._status() if self._status else {}).items():
            self.feedback.say(name, *_sendable(value))
        for name, count in (
            ("received", self.store.received),
            ("rejected", self.store.rejected),
            ("late", self.scheduler.past),
            ("limited", self.limited),
            ("rate", self._rate(time.monotonic())),
        ):
            self.feedback.say(f"osc/{name}", count)
        self.feedback.say("cue/waiting", self.tempo.waiting)
        if self.cues.last is not None:
            self.feedback.say("cue", self.cues.last)
        self.feedback.flush()

    def _rate(self, now: float) -> int:
        """Messages a second over about the last second."""
        since, before = self._counted
        if now - since >= 1.0:
            self._counted = now, self.store.received
            self._last_rate = round((self.store.received - before) / (now - since))
        return self._last_rate

    def _rate_limited(self, sender: Sender) -> None:
        self.limited += 1
        why = f"More messages than one sender may send, from {sender.host}."
        self.store.complain(why, why, sender.name)


def _seconds(args: tuple[Any, ...]) -> float:
    """How long a subscription lasts: the second argument."""
    if len(args) < 2:
        return DEFAULT_SECONDS
    if isinstance(args[1], bool) or not isinstance(args[1], (int, float)):
        raise ParamError(f"a subscription is a number of seconds, not {args[1]!r}.")
    return float(args[1])


def _peer(args: tuple[Any, ...], source: str) -> tuple[str, int]:
    """Where feedback goes: the host that asks, and the port it names or sends from."""
    kind, _, where = source.partition(" ")
    host, _, own = where.rpartition(":")
    if not kind.startswith("osc"):
        raise ParamError("only OSC programs can subscribe.")
    port = args[0] if args else int(own)
    if isinstance(port, bool) or not isinstance(port, (int, float)) or port != int(port):
        raise ParamError(f"a port is a whole number, not {port!r}.")
    if not args and kind != "osc":
        raise ParamError("feedback is sent over UDP: name the port to send it to.")
    return host, int(port)


def _sendable(value: Any) -> tuple[Any, ...]:
    values = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(v if isinstance(v, (bool, int, float)) else str(v)[:200] for v in values[:5])
