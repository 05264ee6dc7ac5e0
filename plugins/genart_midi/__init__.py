"""MIDI as a control: faders, encoders, pads and clocks, with feedback to their lights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import genart

if TYPE_CHECKING:
    from genart_midi.control import Midi


def midi(source: str = "") -> Midi:
    """The control `midi`.

    Args:
        source: part of a port's name, case ignored; "" for all ports. With "clock:" before it, the
            tempo follows the port's MIDI clock; with "quiet:" no feedback is sent to the port.

    Raises:
        MissingExtra: mido or python-rtmidi is not installed.
    """
    try:
        import mido  # noqa: F401
        import rtmidi  # noqa: F401
    except ImportError as error:
        raise genart.errors.MissingExtra("mido or python-rtmidi", "midi") from error
    from genart_midi.control import Midi

    return Midi(source)


@genart.hookimpl
def register_controls(register: genart.Register[genart.Control]) -> None:
    """Offer `midi`."""
    register("midi", midi)
