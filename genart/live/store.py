"""Store: the newest value of every Param during a performance, changed from any thread.

A change takes one path, from any source::

    store = Store(player.tree, clock=clock)       # clock() is the performance's time in seconds
    change = store.resolve("model.truncation", 0.5, "web")  # checked and clamped, only here
    store.commit([change])                        # all changes of a message at once; newest wins
    ...
    taken = store.take(float(tick.t))             # once a tick: one snapshot, dated
    for trigger in taken.triggers: ...            # "record.start", "quality.up" ...
    turn(player, [store], tick.t)                 # sets what is due: the store is a Control
    store.observe("transport.phase", phase)       # a value that time changed, for queries
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, NamedTuple

from genart.errors import ParamError
from genart.live.complaints import Complaints, Why
from genart.live.permissions import Permissions
from genart.params import Param
from genart.playback.timeline import Change, Pairs, Timeline, smoothing_of

log = logging.getLogger("genart.live")

#: Called after a commit with (path, value, source), on the thread that committed.
Subscriber = Callable[[str, Any, str], None]
#: For so long after a reload, in seconds, a thread may commit what it resolved before.
_RECHECK = 1.0


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something for the engine's thread to do once.

    Args:
        name: "record.start", "record.stop", "quality.up" ...
        args: its arguments.
        source: who asked.
        at: when, in seconds on the performance's own time.
    """

    name: str
    args: tuple[Any, ...] = ()
    source: str = ""
    at: float = 0.0


class Taken(NamedTuple):
    """What a tick takes.

    Args:
        changes: the newest change of each path, with those of a replayed show, oldest first.
        triggers: all triggers, oldest first.
        since: when the oldest of the changes was committed, on the store's clock; None if every
            change is a show's, or there is none.
    """

    changes: list[Change]
    triggers: list[Trigger]
    since: float | None = None


class Store:
    """The newest value asked for of every Param, behind one lock; a Control of the player.

    `moments` and `take` belong to the engine's thread; everything else may be called from any.

    Args:
        tree: the Params by "owner.name", usually a ParamTree.
        clock: the performance's own time in seconds.
        triggers: how many may wait; further ones are refused and counted.
        permissions: which senders may change anything; all by default.

    Attributes:
        received: how many values and triggers arrived.
        rejected: how many of them were refused.
        clamped: how many values were out of range and became the nearest end.
        complaints: logs what is refused.
    """

    def __init__(
        self,
        tree: Mapping[str, Param[Any]],
        *,
        clock: Callable[[], float] = time.monotonic,
        triggers: int = 256,
        permissions: Permissions | None = None,
    ) -> None:
        self.tree, self.clock = tree, clock
        self.permissions = permissions or Permissions()
        self.received = self.rejected = self.clamped = 0
        self._lock = threading.Lock()
        self._values = _values_of(tree)
        self._timeline = Timeline(self._values, smoothing_of(tree))
        self._changes: dict[str, tuple[float, Change]] = {}  # with the time of each commit
        self._replayed: list[Change] = []
        self._triggers: deque[Trigger] = deque()
        self._room = triggers
        self._taken = self._reloaded = -math.inf
        self._subscribers: tuple[Subscriber, ...] = ()
        self.complaints = Complaints()

    def put(
        self,
        path: str,
        value: Any,
        source: str = "",
        *,
        fade: float | None = None,
        norm: bool = False,
    ) -> Any:
        """Resolve and commit one change of a Param; returns the value it took.

        Args:
            path: "owner.name".
            value: in the Param's own unit; out of range, it becomes the nearest end.
            source: who changes it.
            fade: over how many seconds, 0..3600; None leaves it to the Param's smoothing.
            norm: whether the value is a position 0..1 of the Param's range and curve instead.

        Raises:
            UnknownName: no such Param.
            ParamError: a value of the wrong type, or a fade out of range.
        """
        self.arrived()
        try:
            change = self.resolve(path, value, source, fade=fade, norm=norm)
        except ValueError:
            self.count_refusal()
            raise
        self.commit([change])
        return change.value

    def resolve(
        self,
        path: str,
        value: Any,
        source: str = "",
        *,
        fade: float | None = None,
        norm: bool = False,
    ) -> Change:
        """Check a request once: returns the change that `put` would commit.

        A value out of range becomes the nearest end, which is counted. Whatever the change goes
        through afterwards takes its value as it is.

        Raises:
            NotAllowed: a sender that needs the token and did not present it.
            UnknownName: no such Param.
            ParamError: a value of the wrong type, or a fade out of range.
        """
        self.permissions.check(source)
        param = self.tree[path]
        if norm:
            fits = param.from_norm(value)
        else:
            fits = param.clamp(value)
            self.clamped += _outside(param, value)
        return Change(path, fits, 0.0, fade, source)

    def commit(self, changes: Sequence[Change], triggers: Iterable[Trigger] = ()) -> None:
        """Take resolved changes and triggers at once: a tick sees all of them or none."""
        with self._lock:
            now = self.clock()
            fresh = [change for change in changes if self._is_new(change)]
            for change in fresh:
                self._values[change.path] = change.value
                self._changes.pop(change.path, None)  # so that the newest is last
                self._changes[change.path] = now, change
            for trigger in triggers:
                self._queue(replace(trigger, at=now))
        for change in fresh:
            self._notify(change)

    def trigger(self, name: str, *args: Any, source: str = "") -> None:
        """Ask the engine's thread to do something once; refused and counted where too many wait."""
        self.arrived()
        self.commit((), (Trigger(name, args, source),))

    def changes(self, t: float) -> Pairs:
        """The ("owner.name", value) pairs due at time t in seconds, oldest first."""
        return self._timeline.changes(t)

    def moments(self, t: float) -> Iterator[tuple[float, Pairs]]:
        """Each time up to t at which values change, with their pairs, of all that was taken."""
        return self._timeline.moments(t)

    def take(self, t: float | None = None) -> Taken:
        """Everything since the last take, as one snapshot, for `moments` to give out.

        Args:
            t: the tick's time; changes are dated after the tick before and not after this one, so
                that a recorded show gives each of them to the same frame. None: clock().
        """
        with self._lock:
            t = self.clock() if t is None else t
            after = math.nextafter(self._taken, math.inf)
            changes, self._changes = self._changes, {}
            if t < self._reloaded + _RECHECK:
                changes = self._refitted(changes)
            triggers, self._triggers = self._triggers, deque()
            replayed, self._replayed = self._replayed, []
            self._taken = max(self._taken, t)
        dated = [replace(change, at=max(min(at, t), after)) for at, change in changes.values()]
        everything = sorted([*replayed, *dated], key=attrgetter("at"))
        self._timeline.add(everything)
        return Taken(everything, list(triggers), min((each.at for each in dated), default=None))

    def current(self, path: str) -> Any:
        """The newest value asked for, smoothing left out; UnknownName if there is no such Param."""
        self.tree[path]
        with self._lock:
            return self._values[path]

    def values(self) -> dict[str, Any]:
        """All newest values by path: what a cue saves."""
        with self._lock:
            return dict(self._values)

    def observe(self, path: str, value: Any) -> None:
        """Record a value that changed by itself, such as the phase; subscribers are not called."""
        with self._lock:
            if path in self._values:
                self._values[path] = value

    def replay(self, change: Change) -> None:
        """Take a change of a recorded show, which keeps its time; unknown paths are ignored.

        Raises:
            ParamError: a value that its Param does not take.
        """
        with self._lock:
            if change.path not in self._values:
                return
            change = replace(change, value=self.tree[change.path].check(change.value))
            self._values[change.path] = change.value
            self._replayed.append(change)
        self._notify(change)

    def set_tree(self, tree: Mapping[str, Param[Any]]) -> None:
        """Continue with the Params of a reloaded sketch; values that still fit are kept.

        A path that both trees have, but with another value now, such as another default, takes the
        new value.
        """
        with self._lock:
            before, fitting = _values_of(self.tree), _values_of(tree)
            anew = {p for p, x in fitting.items() if p in before and before[p] != x}
            for path, value in self._values.items():
                stays = path not in anew or path in self._changes
                if stays and path in fitting and _fits(tree[path], value):
                    fitting[path] = value
            self.tree, self._values, self._reloaded = tree, fitting, self._taken
            self._changes = {
                path: (at, change)
                for path, (at, change) in self._changes.items()
                if fitting.get(path) == change.value
            }
            values = dict(fitting)
        self._timeline.expect(tree, values, anew)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call a function with every new value; returns what ends it. It must be quick."""
        with self._lock:
            self._subscribers = (*self._subscribers, subscriber)

        def leave() -> None:
            with self._lock:
                self._subscribers = tuple(s for s in self._subscribers if s is not subscriber)

        return leave

    def arrived(self, count: int = 1) -> None:
        """Count values and triggers that arrived."""
        with self._lock:
            self.received += count

    def refuse(self, thing: str, why: Why, source: str = "") -> None:
        """Count something that was refused, and log it once for each thing, whoever sends it."""
        self.count_refusal()
        self.complaints.add(thing, why, source)

    def complain(self, thing: str, why: Why, source: str = "") -> None:
        """Log a warning once for each thing, whoever sends it."""
        self.complaints.add(thing, why, source)

    def count_refusal(self) -> None:
        """Count something that was refused and is reported elsewhere."""
        with self._lock:
            self.rejected += 1

    def _refitted(
        self, changes: Mapping[str, tuple[float, Change]]
    ) -> dict[str, tuple[float, Change]]:
        """The changes, checked again: some may have been resolved before the sketch's reload."""
        fitted = {}
        for path, (at, change) in changes.items():
            with suppress(ParamError):
                value = self._values[path] = self.tree[path].clamp(change.value)
                fitted[path] = at, replace(change, value=value)
        return fitted

    def _is_new(self, change: Change) -> bool:
        if change.path not in self._values:
            return False
        jumps = self.tree[change.path].smooth is None  # the phase moved on since it was last set
        return jumps or change.fade is not None or self._values[change.path] != change.value

    def _queue(self, trigger: Trigger) -> None:
        if len(self._triggers) >= self._room:
            self.rejected += 1
        else:
            self._triggers.append(trigger)

    def _notify(self, change: Change) -> None:
        for subscriber in self._subscribers:
            try:
                subscriber(change.path, change.value, change.source)
            except BaseException:  # whoever changes a Param must not fail
                log.exception("A subscriber to parameter changes failed.")


def _values_of(tree: Mapping[str, Param[Any]]) -> dict[str, Any]:
    value = getattr(tree, "value", None)
    return {path: param.default if value is None else value(path) for path, param in tree.items()}


def _fits(param: Param[Any], value: Any) -> bool:
    try:
        return bool(param.check(value) == value)
    except ParamError:
        return False


def _outside(param: Param[Any], value: Any) -> bool:
    if isinstance(value, (str, bool)) or param.choices:
        return False
    return (param.min is not None and value < param.min) or (
        param.max is not None and value > param.max
    )
