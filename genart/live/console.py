"""The console: the interface of a performance for its controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from genart.live.actions import Actions
from genart.live.complaints import without_numbers
from genart.live.live_mapping import LiveMapping
from genart.live.protocols import Light
from genart.live.store import Store
from genart.live.tempo import TempoControl
from genart.mapping.bindings import Outcome
from genart.params import Param
from genart.playback.faults import Faults
from genart.playback.timeline import Change


class LiveConsole:
    """A `Console` over a store; the protocol describes each method.

    Args:
        store: where values go.
        faults: where faults are reported.

    Attributes:
        mapping: the bindings of sources to Params, and learning.
        tempo: follows an external beat.
        actions: the actions by address under /genart.
        said: the newest value of each status that controls show.
        received: how many numbers each kind of source sent, for the activity lights.
        lfos: whether LFOs run.
    """

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store, self.faults = store, faults
        self.actions = Actions(store)
        self.mapping = LiveMapping(self, self.actions)
        self.actions.add(self.mapping.learn_actions())
        self.tempo = TempoControl(store)
        self.said: dict[str, Any] = {}
        self.received: dict[str, int] = {}
        self.lfos = True

    @property
    def tree(self) -> Mapping[str, Param[Any]]:
        """The Params by "owner.name"."""
        return self.store.tree

    def clock(self) -> float:
        """Seconds since the performance began."""
        return self.store.clock()

    def feed(self, kind: str, source: str, x: float) -> None:
        """A source of the mapping sent x."""
        self.received[kind] = self.received.get(kind, 0) + 1
        if self.mapping.learning:
            self.mapping.listen(kind, source, x)
        self._carry_out(lambda: self.mapping.bindings.feed(kind, source, x))

    def run_lfos(self, t: float, beat: float) -> None:
        """Move the LFOs to a time in seconds and a beat."""
        if self.lfos:
            self._carry_out(lambda: self.mapping.bindings.run_lfos(t, beat))

    def lights(self, kind: str) -> list[Light]:
        """What the light of each mapped source of a kind has to show."""
        return self.mapping.lights(kind)

    def follow(self, t: float, beat: float, bpm: float | None, source: str) -> None:
        """Follow an external beat."""
        self.tempo.follow(t, beat, bpm, source)

    def put(self, path: str, value: Any, source: str) -> None:
        """Change a Param."""
        try:
            self.store.put(path, value, source)
        except ValueError as error:  # UnknownName, ParamError: counted by the store
            self.store.complain(without_numbers(str(error)), str(error), source)

    def current(self, path: str) -> Any:
        """The newest value asked for."""
        return self.store.current(path)

    def act(self, address: str, *args: Any) -> None:
        """Run an action; a refusal is counted and logged once."""
        self.actions.attempt(address, args, "console")

    def subscribe(self, subscriber: Callable[[str, Any, str], None]) -> Callable[[], None]:
        """Call a function with every change."""
        return self.store.subscribe(subscriber)

    def say(self, name: str, value: Any) -> None:
        """Show a value in the status."""
        self.said[name] = value

    def note(self, where: str, message: str) -> None:
        """Report something that is not a fault."""
        self.faults.note(where, message)

    def fault(self, where: str, error: BaseException | str) -> None:
        """Report a fault."""
        self.faults.add(where, error)

    def settle(self, where: str) -> None:
        """Report that a fault is over."""
        self.faults.settle(where)

    def _carry_out(self, outcomes: Callable[[], list[Outcome]]) -> None:
        try:
            for each in outcomes():
                if isinstance(each, Change):
                    self.store.arrived()
                    self.store.commit([each])
                elif (path := each.address.replace("/", ".", 1)) in self.tree:
                    self.put(path, each.args[0], "mapping")
                else:
                    self.act(each.address, *each.args)
        except ValueError:  # a Param of a sketch that was just replaced, or a choice of it
            return
