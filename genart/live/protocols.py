"""The protocols between a performance and its controls.

A `LiveControl` is started with the `Console` of the performance and uses it until it is closed::

    def start(self, console):
        self.leave = console.subscribe(self.on_change)  # every change and its source
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
    """A Control with its own threads, such as a MIDI port: it uses the console."""

    def start(self, console: Console) -> None:
        """Start; its threads may use the console from now on.

        Raises:
            GenartError: it cannot start; the performance reports that and continues without it.
        """
        ...

    def close(self) -> None:
        """Stop its threads and free its device."""
        ...


class Light(NamedTuple):
    """What a motor fader, an LED ring or a light has to show.

    Attributes:
        source: the control, such as "cc/1/74".
        device: part of its device's name, "" for any.
        path: the Param it is mapped to, "owner.name".
        x: its position, in what the control sends.
        mode: how it changes the Param: "absolute", "relative" or "toggle".
    """

    source: str
    device: str
    path: str
    x: float
    mode: str = "absolute"


class Console(Protocol):
    """What a performance offers a control; every method may be called from any thread."""

    @property
    def tree(self) -> Mapping[str, Param[Any]]:
        """The Params by "owner.name"; another object after a sketch was reloaded."""
        ...

    def clock(self) -> float:
        """Seconds since the performance began."""
        ...

    def feed(self, kind: str, source: str, x: float) -> None:
        """A source of the mapping sent x, such as ("midi", "cc/1/74 nanoKONTROL2", 64).

        The text after the first space is the device of the source.
        """
        ...

    def lights(self, kind: str) -> Sequence[Light]:
        """What the light of each mapped source of a kind has to show for its Param's value."""
        ...

    def follow(self, t: float, beat: float, bpm: float | None, source: str) -> None:
        """Follow an external beat: it is `beat` at clock time t, modulo `tempo.quantum`.

        Small errors are corrected gradually, large ones at once; with a bpm the tempo follows too.
        """
        ...

    def put(self, path: str, value: Any, source: str) -> None:
        """Set a Param to a value in its own unit; a refusal is counted and logged once."""
        ...

    def current(self, path: str) -> Any:
        """The newest value asked for."""
        ...

    def act(self, address: str, *args: Any) -> None:
        """Run an action, such as ("tempo/tap") or ("cue/recall", "opening", 4.0)."""
        ...

    def subscribe(self, subscriber: Callable[[str, Any, str], None]) -> Callable[[], None]:
        """Call a quick function with (path, value, source) of every change; returns its end."""
        ...

    def say(self, name: str, value: Any) -> None:
        """Show a value in the status: on the page and as /genart/status/<name>."""
        ...

    def note(self, where: str, message: str) -> None:
        """Report something that is not a fault, such as that a device is back."""
        ...

    def fault(self, where: str, error: BaseException | str) -> None:
        """Report a fault; the same fault is reported once."""
        ...

    def settle(self, where: str) -> None:
        """Report that the fault is over."""
        ...
