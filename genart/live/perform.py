"""genart.perform: a performance with everything around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from genart.contracts import Control, Sink
from genart.live.live import Live
from genart.live.outputs import Outlet
from genart.live.recorder import check
from genart.live.report import LiveReport
from genart.sketch import Sketch


def perform(
    sketch: str | Path | type[Sketch] = "drift",
    *,
    window: bool = True,
    record: str | Path | None = None,
    sinks: Sequence[Sink] = (),
    controls: Sequence[Control] = (),
    tell: Callable[[str], None] | None = None,
    **words: Any,
) -> LiveReport:
    """Play a sketch live until the time is over, the window is closed, or Ctrl-C.

    Args:
        sketch: a shipped sketch's name, a .py file, or a Sketch class.
        window: whether to show a window.
        record: a film to keep, .mp4, .mkv or .mov.
        sinks: where else frames go; each gets a thread of its own, and the newest frame.
        controls: further sources of parameter changes.
        tell: told in one line where things are to be found, and of each new kind of fault.
        words: model, size, fps, seconds, params, seed, device, blend: see `Live`.

    Returns:
        How it went.

    Raises:
        UsageError: an argument that is wrong.
        SketchError: a sketch file that cannot be run.
        CheckpointError: a model that cannot be used.
    """
    if record is not None:
        check(Path(record))
    live = Live(sketch, tell=tell, **words)
    if record is not None:
        live.recorder.start_at(Path(record))
    outlets = [Outlet(type(sink).__name__, sink, live.faults) for sink in sinks]
    return live.run(outlets, controls)
