"""The desk: what arrived in the store goes to the player, once a tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Protocol, runtime_checkable

from genart.contracts import Control
from genart.live.console import name_of
from genart.live.store import Store, Trigger
from genart.playback.faults import Faults
from genart.playback.timeline import (
    Change,
    Pairs,
    Timeline,
    smoothing_of,
)

#: What a trigger does, called with its arguments on the engine's thread.
Action = Callable[[Trigger], Any]


@runtime_checkable
class Kept(Protocol):
    """A Control that knows its changes before they are smoothed, as a show does."""

    def due(self, t: float) -> Sequence[Change]:
        """The changes up to time t in seconds that were not given yet, oldest first."""
        ...


class StoreControl:
    """A Control that takes one snapshot of a store a tick, smooths it and carries out triggers.

    Other controls play through it: what they turn, the page follows and a show keeps.

    Args:
        store: where changes arrive.
        faults: who is told of a trigger that failed.
        actions: a trigger's name to what it does.
        taken: called with the time of the oldest change, on the store's clock, when a tick takes
            any.

    Attributes:
        kept: called with the changes of every tick that has any: what keeps a show.
        controls: who is asked for changes at every tick.
    """

    def __init__(
        self,
        store: Store,
        faults: Faults,
        actions: dict[str, Action],
        taken: Callable[[float], None] = lambda at: None,
    ) -> None:
        self.store, self.actions = store, actions
        self._faults, self._taken = faults, taken
        self.kept: Callable[[Iterable[Change]], None] | None = None
        self.controls: Sequence[Control] = ()
        self.timeline = Timeline(store.values(), smoothing_of(store.tree))

    def changes(self, t: float) -> Pairs:
        """The ("owner.name", value) pairs due at time t in seconds."""
        return [pair for _, pairs in self.moments(t) for pair in pairs]

    def moments(self, t: float) -> Iterator[tuple[float, Pairs]]:
        """Each time up to t at which values change, with their pairs, oldest first."""
        for name in self._carry_out(t):
            self._faults.settle(name)
        yield from self.timeline.moments(t)

    def replant(self, tree: Any) -> None:
        """Go on with the Params of another sketch."""
        anew = self.store.replant(tree)
        self.timeline.expect(self.store.values(), smoothing_of(tree), anew)

    def _carry_out(self, t: float) -> Iterator[str]:
        replayed = [change for control in self.controls for change in self._asked(control, t)]
        taken, triggers = self.store.take(t)
        if taken:
            self._taken(min(change.at for change in taken.values()))
        changes = sorted([*replayed, *taken.values()], key=attrgetter("at"))
        if changes:
            self.timeline.add(changes)
            self._keep(changes)
        for trigger in triggers:
            try:
                self._act(trigger)
            except Exception as error:  # a control is never raised into the picture
                self._faults.add(trigger.name, error)
            else:
                yield trigger.name

    def _asked(self, control: Control, t: float) -> Sequence[Change]:
        """What a show has due; what any other control has goes into the store."""
        try:
            if isinstance(control, Kept):
                return self.store.follow(control.due(t))
            for path, value in control.changes(t):
                self.store.put(path, value, name_of(control))
        except Exception as error:  # a control is never raised into the picture
            self._faults.add(name_of(control), error)
        return ()

    def _keep(self, changes: Iterable[Change]) -> None:
        if self.kept is None:
            return
        try:
            self.kept(changes)
        except (OSError, ValueError) as error:  # such as a full disk: the picture goes on
            self.kept = None
            self._faults.add("show", error)

    def _act(self, trigger: Trigger) -> None:
        action = self.actions.get(trigger.name)
        if action is None:
            self.store.refuse("trigger", f'Nothing does "{trigger.name}".', trigger.source)
        else:
            action(trigger)
