"""Live: a sketch performed in real time, with OSC, MIDI, a page, outputs and recorded shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.live.performance import Live
    from genart.live.protocols import Console, Light, LiveControl
    from genart.live.report import LiveReport
    from genart.playback.faults import Fault
    from genart.playback.show import Show
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.playback.faults": "Fault",
            "genart.playback.show": "Show",
            "genart.live.performance": "Live",
            "genart.live.protocols": "Console Light LiveControl",
            "genart.live.report": "LiveReport",
        },
    )

__all__ = [
    "Console",
    "Fault",
    "Light",
    "Live",
    "LiveControl",
    "LiveReport",
    "Show",
]
