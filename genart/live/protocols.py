"""What a performance and the controls that play it promise each other.

A `LiveControl` is started with the `Console` of the performance and uses it until it is closed::

    def start(self, console):
        self.leave = console.subscribe(self.somebody_turned)  # who turns what
        self.port.listen(lambda number, x: console.feed("box", f"fader/{number}", x))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from genart.contracts import Control

if TYPE_CHECKING:
    from genart.params import Param


@runtime_checkable
class LiveControl(Control, Protocol):
    """A Control that does not wait to be asked, such as a MIDI port: it uses the console."""

    def start(self, console: Console) -> None:
        """Begin; threads of its own may use the console from now on.

        Raises:
            GenartError: it cannot begin; the performance tells and goes on without it.
        """
        ...

    def close(self) -> None:
        """End its threads and free its device."""
        ...


class Light(NamedTuple):
    """What a motor fader or a ring of lights has to show.

    Args:
        source: the control, such as "cc/1/74".
        device: part of its device's name, "" for any.
        path: the Param it leads to, "owner.name".
        x: where it is, in what the control sends.
        mode: how it turns the Param: "absolute", "relative" or "toggle".
    """

    source: str
    device: str
    path: str
    x: float
    mode: str = "absolute"


class Console(Protocol):
    """What a performance offers a control; everything may be used from any thread."""

    @property
    def tree(self) -> Mapping[str, Param[Any]]:
        """The Params by "owner.name"; another one after a sketch was saved."""
        ...

    def clock(self) -> float:
        """Seconds since the performance began."""
        ...

    def feed(self, kind: str, source: str, x: float) -> None:
        """A source of mappings is at x now, such as ("midi", "cc/1/74 nanoKONTROL2", 64).

        What stands after the first space is the device that the source is on.
        """
        ...

    def lights(self, kind: str) -> Sequence[Light]:
        """Where each mapped source of a kind would have to be for its Param's value now."""
        ...

    def follow(self, t: float, beat: float, bpm: float | None, source: str) -> None:
        """Keep to a beat from outside: `beat` at clock time t, modulo `tempo.quantum`.

        Small errors glide away, large ones are one jump; with a bpm the tempo follows, too.
        """
        ...

    def put(self, path: str, value: Any, source: str) -> None:
        """Turn a Param to a value in its own unit; what it refuses is counted and told once."""
        ...

    def current(self, path: str) -> Any:
        """The newest value that was asked for."""
        ...

    def act(self, address: str, *args: Any) -> None:
        """Do something once, such as ("tempo/tap") or ("cue/recall", "opening", 4.0)."""
        ...

    def subscribe(self, told: Callable[[str, Any, str], None]) -> Callable[[], None]:
        """Be told (path, value, source) of every turn, quickly; returns what ends it."""
        ...

    def say(self, name: str, value: Any) -> None:
        """Show a value in the status: on the page and as /genart/status/<name>."""
        ...

    def note(self, where: str, message: str) -> None:
        """Tell something that is no fault, such as that a device is back."""
        ...

    def fault(self, where: str, error: BaseException | str) -> None:
        """Tell what is wrong; the same thing is told once."""
        ...

    def settle(self, where: str) -> None:
        """Say that it is well again."""
        ...
