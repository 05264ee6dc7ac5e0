"""What the page tells of a performance, beyond what is sent out over OSC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genart.live.cues import Cues
    from genart.live.outputs.worker import OutputWorker
    from genart.live.performance import Live


class PageStatus:
    """The status line of the page; call it for the line as it is now.

    | key        | is                                                         |
    |------------|------------------------------------------------------------|
    | `sketch`   | what plays                                                 |
    | `target`   | frames a second that are wanted                            |
    | `repeated` | frames shown again                                         |
    | `drops`    | frames that an output was too slow for, by output          |
    | `recorded` | seconds of the recording that is going on                  |
    | `cue`      | the cue last saved or recalled                             |
    | `waiting`  | what waits for its beat, or ""                             |
    | `peers`    | how many are told over OSC what is turned                  |
    | `led`      | what leads to each Param that MIDI or OSC was taught to    |

    All of `Live.status` is there, too.

    Args:
        live: the performance.
        cues: its cues.
        outlets: its outputs.
        peers: returns how many OSC peers receive changes.
    """

    def __init__(
        self, live: Live, cues: Cues, outlets: Sequence[OutputWorker], peers: Callable[[], int]
    ) -> None:
        self._live, self._cues, self._outlets, self._peers = live, cues, outlets, peers

    def __call__(self) -> dict[str, Any]:
        """The line."""
        live = self._live
        drops = {outlet.name: outlet.dropped for outlet in self._outlets}
        return {
            **live.status(),
            "sketch": type(live.sketch).__name__,
            "target": float(live.fps),
            "repeated": live.crossfade.repeated,
            "drops": drops | {"record": live.recorder.dropped},
            "recorded": live.recorder.seconds,
            "cue": self._cues.last,
            "waiting": live.console.tempo.waiting,
            "peers": self._peers(),
            "led": self._led(),
        }

    def _led(self) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        for entry in self._live.console.mapping.bindings.entries:
            if entry.kind in ("midi", "osc"):
                found.setdefault(entry.path, []).append(f"{entry.kind} {entry.source}")
        return {path: ", ".join(sources) for path, sources in found.items()}
