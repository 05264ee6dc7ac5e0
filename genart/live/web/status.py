"""The status line of the page: more than what is sent over OSC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genart.live.cues import Cues
    from genart.live.outputs.worker import OutputWorker
    from genart.live.performance import Live


class PageStatus:
    """The status line of the page; call it for the current line.

    | key        | is                                                         |
    |------------|------------------------------------------------------------|
    | `errors`   | the faults that are open, or were a moment ago, as text     |
    | `faults`   | the faults as `Faults.rows` returns them                   |
    | `sketch`   | the sketch that plays                                      |
    | `target`   | frames per second wanted                                     |
    | `repeated` | frames shown again                                         |
    | `drops`    | frames that an output was too slow for, by output          |
    | `recorded` | seconds of the current recording                           |
    | `cue`      | the cue last saved or recalled                             |
    | `waiting`  | what waits for its beat, or ""                             |
    | `peers`    | how many OSC programs receive changes                      |
    | `led`      | the MIDI and OSC sources that are mapped to each Param     |

    It contains everything of `Live.status` too.

    Args:
        live: the performance.
        cues: its cues.
        outputs: its outputs.
        peers: returns how many OSC programs receive changes.
    """

    def __init__(
        self, live: Live, cues: Cues, outputs: Sequence[OutputWorker], peers: Callable[[], int]
    ) -> None:
        self._live, self._cues, self._outputs, self._peers = live, cues, outputs, peers

    def __call__(self) -> dict[str, Any]:
        """The line."""
        live = self._live
        drops = {output.name: output.dropped for output in self._outputs}
        return {
            **live.status(),
            "errors": live.faults.lately(),
            "faults": live.faults.rows(),
            "sketch": type(live.sketch).__name__,
            "target": float(live.fps),
            "repeated": live.frame_blend.repeated,
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
