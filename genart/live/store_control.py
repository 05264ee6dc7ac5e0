"""StoreControl: what happens to the store at each tick, before the player reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from genart.contracts import Control
from genart.errors import ParamError
from genart.live.services import owner_name
from genart.live.store import Store, Trigger
from genart.playback.supervisor import Supervisor
from genart.playback.timeline import Change

#: What a trigger does, called with the trigger on the engine's thread.
Action = Callable[[Trigger], Any]


@runtime_checkable
class RecordedChanges(Protocol):
    """A Control that knows its changes before smoothing, as a recorded show does."""

    def due(self, t: float) -> Sequence[Change]:
        """The changes up to time t in seconds that were not returned yet, oldest first."""
        ...


class StoreControl:
    """A Control that takes the store's snapshot of each tick and carries out its triggers.

    It also asks the other controls, whose changes go into the store, so that the page shows them
    and a show records them. The player reads the store right after it.

    Args:
        store: where changes arrive.
        supervisor: calls controls and triggers.
        actions: what each trigger does, by its name.
        taken: called with the time of the oldest change, on the store's clock, at each tick that
            takes any.

    Attributes:
        on_changes: called with the changes of every tick that has any: the show recorder.
        controls: asked for changes at every tick.
    """

    def __init__(
        self,
        store: Store,
        supervisor: Supervisor,
        actions: dict[str, Action],
        taken: Callable[[float], None] = lambda at: None,
    ) -> None:
        self.store, self.actions = store, actions
        self._supervisor, self._taken = supervisor, taken
        self.on_changes: Callable[[Iterable[Change]], None] | None = None
        self.controls: Sequence[Control] = ()

    def changes(self, t: float) -> tuple[()]:
        """Bring the store to the tick at time t in seconds; it has no changes itself."""
        for control in self.controls:
            self._supervisor.call(owner_name(control), self._ask, control, t)
        taken = self.store.take(t)
        if taken.since is not None:
            self._taken(taken.since)
        if taken.changes and self.on_changes is not None:
            self._supervisor.call("show", self.on_changes, taken.changes)
        for trigger in taken.triggers:
            self._supervisor.call(trigger.name, self._act, trigger, pauses=False)
        return ()

    def _ask(self, control: Control, t: float) -> None:
        """Put the changes of a control into the store; those of a show keep their times."""
        if isinstance(control, RecordedChanges):
            for change in control.due(t):
                self._replay(change)
        else:
            for path, value in control.changes(t):
                self.store.put(path, value, owner_name(control))

    def _replay(self, change: Change) -> None:
        try:
            self.store.replay(change)
        except ParamError as error:
            self._supervisor.faults.add("params", error)

    def _act(self, trigger: Trigger) -> None:
        action = self.actions.get(trigger.name)
        if action is None:
            why = f'There is no trigger "{trigger.name}".'
            self.store.refuse(why, why, trigger.source)
        else:
            action(trigger)
