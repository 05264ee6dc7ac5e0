"""Store: where everything that is turned live arrives, and the engine takes it from.

Any thread puts; the newest value wins. Once a tick the engine takes one snapshot, which is the
only place where live control and torch meet::

    store = Store(player.tree, clock=clock)           # clock() is the performance's time in seconds
    timeline = Timeline(store.values(), smoothing_of(store.tree))
    ...
    taken = store.take(float(tick.t))                 # once a tick
    timeline.add(taken.changes.values())
    turn(player, [timeline], tick.t)                  # genart.playback.loop: sets what is due
    for trigger in taken.triggers: ...                # "cue.recall", "record.start" ...
    store.observe("transport.phase", phase)           # what time turned, for whoever asks
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from genart.errors import ParamError
from genart.params import Param
from genart.playback.timeline import LONGEST_FADE, Change

log = logging.getLogger("genart.live")

#: Called after a commit with (path, value, source), on the thread that put it.
Subscriber = Callable[[str, Any, str], None]
_MOST_COMPLAINTS = 1000


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something to do once.

    Args:
        name: "cue.save", "cue.recall", "cue.next", "record.start", "record.stop" ...
        args: what came with it.
        source: who asked.
        at: when, in seconds on the performance's own time.
    """

    name: str
    args: tuple[Any, ...] = ()
    source: str = ""
    at: float = 0.0


class Taken(NamedTuple):
    """What a tick takes: the newest change of each path, oldest first, and all triggers."""

    changes: dict[str, Change]
    triggers: list[Trigger]


class Store:
    """The targets of all Params, behind one lock.

    Args:
        tree: the Params by "owner.name", usually a ParamTree.
        clock: the performance's own time in seconds.
        triggers: how many may wait; further ones are refused and counted.

    Attributes:
        received: values and triggers that arrived.
        rejected: those that were refused.
        clamped: those that were out of range and became the nearest end.
    """

    def __init__(
        self,
        tree: Mapping[str, Param[Any]],
        *,
        clock: Callable[[], float] = time.monotonic,
        triggers: int = 256,
    ) -> None:
        self.tree, self.clock = tree, clock
        self.received = self.rejected = self.clamped = 0
        self._lock = threading.Lock()
        self._values = _values_of(tree)
        self._changes: dict[str, tuple[float, Change]] = {}  # with the time of each
        self._triggers: deque[Trigger] = deque()
        self._room = triggers
        self._taken = -math.inf
        self._subscribers: tuple[Subscriber, ...] = ()
        self._complaints: set[tuple[str, str]] = set()

    def put(self, path: str, value: Any, source: str = "", *, fade: float | None = None) -> Any:
        """Turn a Param; returns the value it took.

        Args:
            path: "owner.name".
            value: in the Param's own unit; out of range, it becomes the nearest end.
            source: who turns it.
            fade: over how many seconds, 0..3600; None leaves it to the Param's smoothing.

        Raises:
            UnknownName: no such Param.
            ParamError: a value of the wrong type.
        """
        self.arrived()
        try:
            change = self.checked(path, value, source, fade=fade)
        except ValueError:
            self._reject()
            raise
        self.commit([change])
        return change.value

    def put_norm(self, path: str, x: float, source: str = "", *, fade: float | None = None) -> Any:
        """Turn a Param to a position 0..1 of its range and curve; as `put` else."""
        return self.put(path, self.tree[path].from_norm(x), source, fade=fade)

    def checked(
        self, path: str, value: Any, source: str = "", *, fade: float | None = None
    ) -> Change:
        """The change that `put` would commit; raises what it raises."""
        param = self.tree[path]
        taken = param.clamp(value)
        self.clamped += _outside(param, value)
        if fade is not None and not 0 <= fade <= LONGEST_FADE:
            raise ParamError(f"A fade lasts 0..{LONGEST_FADE:g} s, not {fade}.")
        return Change(path, taken, 0.0, fade, source)

    def commit(self, changes: Sequence[Change], triggers: Iterable[Trigger] = ()) -> None:
        """Take checked changes and triggers as one: a tick sees all of them or none."""
        with self._lock:
            now = self.clock()
            fresh = [change for change in changes if self._turns(change)]
            for change in fresh:
                self._values[change.path] = change.value
                self._changes.pop(change.path, None)  # so that the newest stands last
                self._changes[change.path] = now, change
            for trigger in triggers:
                self._queue(replace(trigger, at=now))
        for change in fresh:
            self._tell(change)

    def trigger(self, name: str, *args: Any, source: str = "") -> None:
        """Ask for something to be done once; refused and counted where too many wait."""
        self.arrived()
        self.commit((), (Trigger(name, args, source),))

    def take(self, t: float | None = None) -> Taken:
        """Everything since the last take, as one snapshot.

        Args:
            t: the tick's time; changes are dated after the tick before and not after this one, so
                that a recorded show gives each of them to the same frame. None: clock().
        """
        with self._lock:
            t = self.clock() if t is None else t
            after = math.nextafter(self._taken, math.inf)
            changes, self._changes = self._changes, {}
            triggers, self._triggers = self._triggers, deque()
            self._taken = max(self._taken, t)
        dated = {
            path: replace(change, at=max(min(at, t), after))
            for path, (at, change) in changes.items()
        }
        return Taken(dated, list(triggers))

    def current(self, path: str) -> Any:
        """The newest value asked for, smoothing left out; UnknownName if there is no such Param."""
        self.tree[path]
        with self._lock:
            return self._values[path]

    def values(self) -> dict[str, Any]:
        """All newest values by path: what a cue keeps."""
        with self._lock:
            return dict(self._values)

    def observe(self, path: str, value: Any) -> None:
        """Say what a value has become by itself, such as the phase; nobody is told."""
        with self._lock:
            if path in self._values:
                self._values[path] = value

    def follow(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Tell of changes that a replayed show makes by itself; returns those that the tree has."""
        with self._lock:
            known = [change for change in changes if change.path in self._values]
            for change in known:
                self._values[change.path] = change.value
        for change in known:
            self._tell(change)
        return known

    def replant(self, tree: Mapping[str, Param[Any]]) -> set[str]:
        """Go on with another tree, after a sketch was loaded anew; values that still fit stay.

        Returns:
            The paths that both trees have and that play another value now, such as another default.
        """
        with self._lock:
            before, fitting = _values_of(self.tree), _values_of(tree)
            anew = {p for p, x in fitting.items() if p in before and before[p] != x}
            for path, value in self._values.items():
                stays = path not in anew or path in self._changes
                if stays and path in fitting and _fits(tree[path], value):
                    fitting[path] = value
            self.tree, self._values = tree, fitting
            self._changes = {
                path: (at, change)
                for path, (at, change) in self._changes.items()
                if fitting.get(path) == change.value
            }
        return anew

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Be told of every new value; returns what ends it. A subscriber must be quick."""
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

    def refuse(self, kind: str, why: str, source: str = "") -> None:
        """Count something that was refused, and log it once for each kind and sender."""
        self._reject()
        self.complain(kind, why, source)

    def complain(self, kind: str, why: str, source: str = "") -> None:
        """Log a warning once for each kind and sender; ports of one host are one sender."""
        key = (kind, source.rpartition(":")[0] or source)
        with self._lock:
            if key in self._complaints or len(self._complaints) >= _MOST_COMPLAINTS:
                return
            self._complaints.add(key)
        log.warning("%s (%s; said once)", why, source or "unknown sender")

    def _reject(self) -> None:
        with self._lock:
            self.rejected += 1

    def _turns(self, change: Change) -> bool:
        if change.path not in self._values:
            return False
        jumps = self.tree[change.path].smooth is None  # the phase moved on since it was last set
        return jumps or change.fade is not None or self._values[change.path] != change.value

    def _queue(self, trigger: Trigger) -> None:
        if len(self._triggers) >= self._room:
            self.rejected += 1
        else:
            self._triggers.append(trigger)

    def _tell(self, change: Change) -> None:
        for subscriber in self._subscribers:
            try:
                subscriber(change.path, change.value, change.source)
            except Exception:
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
