"""A performance on a clock moved by hand, recorded as a show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import genart
from genart.live.cues import Cues
from genart.live.display.clock import LiveClock
from genart.live.performance import Live
from genart.live.show_recorder import start_show_recorder
from genart.live.tempo import TempoControl
from genart.playback.loop import frames
from support.films import plasma
from support.live_parts import Time

SKETCH = """
import genart

class Night(genart.Sketch):
    defaults = {"walk.seeds": "1-3", "transport.seconds": 4.0}
    level = genart.Param(0.5, 0.0, 1.0)
    turns = genart.Param(0, 0, 3)
    flip = genart.Param(False)
    look = genart.Param("calm", choices=("calm", "wild", "broken"))

    def draw(self, t, dt):
        if self.look == "broken":
            raise RuntimeError("no such look")
        image = self.paint(self.walk((self.phase + self.beat / 64) % 1)) * self.level
        image = image.roll(self.turns, -1).flip(-1) if self.flip else image
        return image if self.look == "calm" else -image
"""


Deeds = dict[int, list[Callable[[], Any]]]


def made_frames(live: Live) -> Iterator[np.ndarray]:
    """The frames of a performance, as its engine makes them."""
    return frames(live.player, live.engine_clock, [live.store_control, live.store])


class Night:
    """A performance whose time goes by hand: what happens at a tick, and how late the next one is.

    Args:
        folder: where its sketch and show are.
        late: seconds that the tick of an index takes.
        model: a name, so that another can replace it, or None for a small one.
    """

    def __init__(
        self, folder: Path, late: dict[int, float] | None = None, model: str | None = None
    ) -> None:
        self.model = model or plasma()
        self.sketch, self.show = folder / "night.py", folder / "night.jsonl"
        self.sketch.write_text(SKETCH)
        self.time, self.late = Time(), late or {}
        clock = LiveClock(Fraction(30), now=self.time, wait=self.time.wait)
        self.live = Live(
            self.sketch, model=self.model, size=32, device="cpu", engine_clock=clock, seed=5
        )
        self.cues, self.tempo = Cues(self.live.store), TempoControl(self.live.store)
        self.keeper = start_show_recorder(self.live, self.show)
        self.made: dict[int, np.ndarray] = {}

    def put(self, path: str, value: Any, fade: float | None = None) -> Callable[[], Any]:
        return lambda: self.live.store.put(path, value, "test", fade=fade)

    def play(self, deeds: Deeds, count: int) -> Night:
        """Play so many ticks; deeds happen a little after the tick of their index."""
        live = self.live
        for frame in made_frames(live):
            tick = live.engine_clock.tick
            assert tick is not None
            if not live.player.failing:
                self.made[tick.index] = frame
            for k, deed in enumerate(d for i in [*deeds] if i <= tick.index for d in deeds.pop(i)):
                self.time.now += 0.001 * (k + 1)
                deed()
            self.time.now += self.late.get(tick.index, 0.0)
            if tick.index >= count - 1:
                break
        self.keeper.close(count / 30)
        live.close()
        return self

    def again(self, **words: Any) -> list[np.ndarray]:
        sink = genart.MemorySink()
        given: dict[str, Any] = {} if isinstance(self.model, str) else {"model": self.model}
        genart.render(output=sink, show=self.show, device="cpu", **given, **words)
        return sink.frames

    def differ(self, frames: list[np.ndarray]) -> list[int]:
        """The ticks whose frame was another one live."""
        return [i for i, made in self.made.items() if not np.array_equal(made, frames[i])]
