"""Control: the OSC side of a performance, put together.

::

    control = OscService(store, "127.0.0.1", 9000, peers=[("127.0.0.1", 9001)], cues=cues)
    control.start()          # a thread of its own; handlers never touch torch
    ...
    control.close()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from genart.errors import ParamError
from genart.live.cues import Cues
from genart.live.live_mapping import LiveMapping
from genart.live.osc.feedback import LASTS, Feedback
from genart.live.osc.router import Action, Router, safe_name
from genart.live.report import Durations
from genart.live.store import Store
from genart.live.tempo import TempoControl
from genart.mapping.bindings import Bindings
from genart.osc.peers import Sender
from genart.osc.scheduler import Scheduler
from genart.osc.server import OscServer
from genart.playback.timeline import LONGEST_FADE

#: Feedback goes out so many times a second, at most.
RATE = 30
_LONGEST_WAIT = 1024


class OscService:
    """Listens, routes, schedules and answers.

    Args:
        store: where values go.
        host: the address to bind; only this machine unless told otherwise.
        port: 1..65535, or 0 for a free one.
        peers: (host, port) of those who are told of every change.
        cues: those of the performance.
        tempo: what taps and nudges turn.
        mappings: for messages not under /genart.
        actions: what else happens once, by address under /genart.
        status: what is sent out as /genart/status/..., asked for several times a second.
        rate: packets a second that a host may send; None for any number.

    Attributes:
        actions: what happens once, by address under /genart.
        router: takes packets from elsewhere too, such as a WebSocket.
        feedback: tells the peers; its `say` publishes a status.

    Raises:
        UsageError: an address that cannot be bound, or a peer that cannot be found.
    """

    def __init__(
        self,
        store: Store,
        host: str = "127.0.0.1",
        port: int = 9000,
        *,
        peers: Iterable[tuple[str, int]] = (),
        cues: Cues | None = None,
        tempo: TempoControl | None = None,
        mappings: Bindings | LiveMapping | None = None,
        actions: Mapping[str, Action] | None = None,
        status: Callable[[], Mapping[str, Any]] | None = None,
        rate: float | None = 10_000.0,
    ) -> None:
        self.store = store
        self.cues = cues or Cues(store)
        self.tempo = tempo or TempoControl(store)
        self.limited, self.latency = 0, Durations()
        self._status = status
        self._counted, self._last_rate = (time.monotonic(), store.received), 0
        self.feedback = Feedback(store, peers)
        self.scheduler = Scheduler()
        self.actions = self._actions() | dict(actions or {})
        self.router = Router(
            store, self.scheduler, actions=self.actions, status=self.feedback.status,
            foreign=None if mappings is None else mappings.osc,
        )  # fmt: skip
        try:
            self.receiver = OscServer(
                host, port, self.router.receive, scheduler=self.scheduler, rate=rate,
                limited=self._too_fast, handled=self.latency.add,
            )  # fmt: skip
        except BaseException:
            self.feedback.close()
            raise
        self.scheduler.sooner = self.receiver.wake
        self.receiver.every(1 / RATE, self._flush)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port it listens on."""
        return self.receiver.address

    def start(self) -> None:
        """Begin; the peers are told every value."""
        self.feedback.welcome(self.store)
        self.receiver.start()

    def close(self) -> None:
        """End; the port is free again, and the cues are in their file."""
        self.receiver.close()
        self.feedback.close()
        self.cues.close()

    def _actions(self) -> dict[str, Callable[[tuple[Any, ...], str], None]]:
        return {
            "tempo/tap": self.tempo.tap,
            "tempo/nudge": self.tempo.nudge,
            "cue/save": lambda args, source: self.cues.save(safe_name(args)),
            "cue/recall": self._recall,
            "cue/next": self._next,
            "cue/delete": lambda args, source: self.cues.delete(safe_name(args)),
            "cue/move": lambda args, source: self.cues.move(safe_name(args), _place(args[1:])),
            "cue/rename": lambda args, source: self.cues.rename(
                safe_name(args), safe_name(args[1:])
            ),
            "feedback/subscribe": self._subscribe,
            "feedback/unsubscribe": self._unsubscribe,
            "record/start": lambda args, source: self.store.trigger(
                "record.start", *([safe_name(args)] if args else []), source=source
            ),
            "record/stop": lambda args, source: self.store.trigger("record.stop", source=source),
            "quality/up": lambda args, source: self.store.trigger("quality.up", source=source),
        }

    def _recall(self, args: tuple[Any, ...], source: str) -> None:
        name, fade, beats = safe_name(args), _number(args, 1, "fade"), _number(args, 2, "wait")
        if name not in self.cues.names:
            beats = 0.0  # so that who asked is told now
        self.tempo.launch(name, lambda: self.cues.recall(name, fade, source, self._others), beats)

    def _next(self, args: tuple[Any, ...], source: str) -> None:
        fade, beats = _number(args, 0, "fade"), _number(args, 1, "wait")
        if not self.cues.names:
            beats = 0.0  # so that who asked is told now
        self.tempo.launch("next", lambda: self.cues.next(fade, source, self._others), beats)

    @property
    def _others(self) -> tuple[str, ...]:
        """What is somebody else's to turn: the tempo of a beat that is followed."""
        return ("tempo.bpm",) if self.tempo.follows else ()

    def _subscribe(self, args: tuple[Any, ...], source: str) -> None:
        seconds = _number(args, 1, "subscription")
        lasts = LASTS if seconds is None else seconds
        self.feedback.subscribe(*_peer(args, source), lasts, source)

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
        """Messages a second over the last second or so."""
        since, before = self._counted
        if now - since >= 1.0:
            self._counted = now, self.store.received
            self._last_rate = round((self.store.received - before) / (now - since))
        return self._last_rate

    def _too_fast(self, sender: Sender) -> None:
        self.limited += 1
        self.store.complain("rate", "More messages than one sender may send.", sender.name)


def _number(args: tuple[Any, ...], index: int, what: str) -> float | None:
    if len(args) <= index:
        return None
    if isinstance(args[index], bool) or not isinstance(args[index], (int, float)):
        unit = "beats" if what == "wait" else "seconds"
        raise ParamError(f"a {what} is a number of {unit}, not {args[index]!r}.")
    if what == "fade" and not 0 <= args[index] <= LONGEST_FADE:  # now, and not at its beat
        raise ParamError(f"a fade lasts 0..{LONGEST_FADE:g} s, not {args[index]}.")
    if what == "wait" and not 0 <= args[index] <= _LONGEST_WAIT:
        raise ParamError(f"a cue waits for 0..{_LONGEST_WAIT} beats, not {args[index]}.")
    return float(args[index])


def _place(args: tuple[Any, ...]) -> int:
    """A cue's place in the order, a whole number."""
    place = args[0] if args else None
    if isinstance(place, bool) or not isinstance(place, (int, float)) or place != int(place):
        raise ParamError(f"a place is a whole number from 1, not {place!r}.")
    return int(place)


def _peer(args: tuple[Any, ...], source: str) -> tuple[str, int]:
    """Where feedback goes: to the host that asks, and to the port it names or sends from."""
    kind, _, where = source.partition(" ")
    host, _, own = where.rpartition(":")
    if not kind.startswith("osc"):
        raise ParamError("only OSC programs subscribe.")
    port = args[0] if args else int(own)
    if isinstance(port, bool) or not isinstance(port, (int, float)) or port != int(port):
        raise ParamError(f"a port is a whole number, not {port!r}.")
    if not args and kind != "osc":
        raise ParamError("feedback goes over UDP: name the port it is to go to.")
    return host, int(port)


def _sendable(value: Any) -> tuple[Any, ...]:
    values = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(v if isinstance(v, (bool, int, float)) else str(v)[:200] for v in values[:5])
