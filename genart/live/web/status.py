"""The status line of the page: more than what is sent over OSC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from genart.playback.unused_params import unused_params

if TYPE_CHECKING:
    from genart.live.cues import Cues
    from genart.live.outputs.worker import OutputWorker
    from genart.live.performance import Live
    from genart.live.sketch_choice import SketchChoice


class PageStatus:
    """The status line of the page; call it for the current line.

    | key        | is                                                         |
    |------------|------------------------------------------------------------|
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
    | `unused`   | the Params that have no effect now, each with the reason   |
    | `levels`   | the names of the quality levels, the best first            |
    | `activity` | how many messages arrived so far, of "osc" and "midi"      |
    | `sketches` | one sentence for each sketch that can be chosen            |
    | `playing`  | the name of the sketch that plays                          |

    It contains everything of `Live.status` too.

    Args:
        live: the performance.
        cues: its cues.
        outputs: its outputs.
        peers: returns how many OSC programs receive changes.
        received: returns how many OSC packets arrived.
        sketches: the sketches that can be chosen.
    """

    def __init__(
        self,
        live: Live,
        cues: Cues,
        outputs: Sequence[OutputWorker],
        peers: Callable[[], int],
        received: Callable[[], int],
        sketches: SketchChoice,
    ) -> None:
        self._live, self._cues, self._outputs, self._peers = live, cues, outputs, peers
        self._received, self._sketches = received, sketches

    def __call__(self) -> dict[str, Any]:
        """The line."""
        live = self._live
        drops = {output.name: output.dropped for output in self._outputs}
        return {
            **live.status(),
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
            "unused": unused_params(live.store.values()),
            "levels": live.quality.levels,
            "activity": {"osc": self._received(), "midi": live.console.received.get("midi", 0)},
            "sketches": self._sketches.about,
            "playing": self._sketches.playing,
        }

    def _led(self) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        for entry in self._live.console.mapping.bindings.entries:
            if entry.kind in ("midi", "osc"):
                found.setdefault(entry.path, []).append(f"{entry.kind} {entry.source}")
        return {path: ", ".join(sources) for path, sources in found.items()}
