"""The console: what a performance offers the controls that play it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from genart.contracts import Control
from genart.errors import UnknownName
from genart.live.live_mapping import LiveMapping
from genart.live.protocols import Light, LiveControl
from genart.live.store import Store
from genart.live.tempo import TempoControl
from genart.params import Param
from genart.playback.faults import Faults

#: What happens once: called with the arguments and who asked.
Once = Callable[[tuple[Any, ...], str], Any]


class LiveConsole:
    """A `Console` over a store; see there for what each method does.

    Args:
        store: where values go.
        faults: who is told.

    Attributes:
        patchbay: what leads sources onto Params.
        tempo: what follows a beat from outside.
        actions: what happens once, by address under /genart.
        said: the newest value of each status that controls show.
    """

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store, self.faults = store, faults
        self.actions: dict[str, Once] = {}
        self.patchbay = LiveMapping(self, lambda: self.actions)
        self.tempo = TempoControl(store)
        self.said: dict[str, Any] = {}

    @property
    def tree(self) -> Mapping[str, Param[Any]]:
        """The Params by "owner.name"."""
        return self.store.tree

    def clock(self) -> float:
        """Seconds since the performance began."""
        return self.store.clock()

    def feed(self, kind: str, source: str, x: float) -> None:
        """A source of mappings is at x now."""
        self.patchbay.feed(kind, source, x)

    def lights(self, kind: str) -> list[Light]:
        """Where each mapped source of a kind would have to be for its Param's value."""
        return self.patchbay.lights(kind)

    def follow(self, t: float, beat: float, bpm: float | None, source: str) -> None:
        """Keep to a beat from outside."""
        self.tempo.follow(t, beat, bpm, source)

    def put(self, path: str, value: Any, source: str) -> None:
        """Turn a Param."""
        try:
            self.store.put(path, value, source)
        except ValueError as error:  # UnknownName, ParamError: counted by the store
            self.store.complain("value", str(error), source)

    def current(self, path: str) -> Any:
        """The newest value that was asked for."""
        return self.store.current(path)

    def act(self, address: str, *args: Any) -> None:
        """Do something once; a name may stand in the address, as in "cue/recall/opening"."""
        action = self.actions.get(address)
        if action is None:
            address, _, name = address.rpartition("/")
            action, args = self.actions.get(address), (name, *args)
        try:
            if action is None:
                raise UnknownName("action", f"{address}/{args[0]}", self.actions)
            action(args, "console")
        except ValueError as error:
            self.store.refuse("action", str(error), "console")

    def subscribe(self, told: Callable[[str, Any, str], None]) -> Callable[[], None]:
        """Be told of every turn."""
        return self.store.subscribe(told)

    def say(self, name: str, value: Any) -> None:
        """Show a value in the status."""
        self.said[name] = value

    def note(self, where: str, message: str) -> None:
        """Tell something that is no fault."""
        self.faults.note(where, message)

    def fault(self, where: str, error: BaseException | str) -> None:
        """Tell what is wrong."""
        self.faults.add(where, error)

    def settle(self, where: str) -> None:
        """Say that it is well again."""
        self.faults.settle(where)


def name_of(control: Control) -> str:
    """What a control is called in a status: its `name`, or its class."""
    return str(getattr(control, "name", type(control).__name__.lower()))


def start_all(controls: Sequence[Control], console: LiveConsole) -> Callable[[], None]:
    """Start those that do not wait to be asked; returns what closes them.

    One that cannot begin is told and left out; the performance goes on.
    """
    begun: list[LiveControl] = []
    for control in controls:
        if isinstance(control, LiveControl):
            try:
                control.start(console)
            except Exception as error:
                console.fault(name_of(control), error)
            else:
                begun.append(control)

    def close() -> None:
        for control in begun:
            try:
                control.close()
            except Exception as error:
                console.fault(name_of(control), error)

    return close
