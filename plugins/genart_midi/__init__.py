"""MIDI as a control: faders, encoders, pads and clocks, with lights that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import genart

if TYPE_CHECKING:
    from genart_midi.control import Midi


def midi(source: str = "") -> Midi:
    """The control `midi`.

    Args:
        source: part of a port's name, in whatever case; "" for all. "clock:" before it follows
            the port's MIDI clock instead, "quiet:" sends it no lights.

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
