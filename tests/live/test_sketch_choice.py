"""Another sketch is chosen during a performance."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest

import genart
from genart.errors import UnknownName, UsageError
from genart.live.performance import Live
from genart.live.sketch_choice import SketchChoice
from genart.playback.sketch import list_sketches


class Mine(genart.Sketch):
    """A flat grey.

    More about it.
    """

    defaults: ClassVar = {"walk.seeds": "1-2", "walk.kind": "linear", "transport.seconds": 3.0}
    level = genart.Param(0.5, 0.0, 1.0)

    def draw(self, t: float, dt: float) -> np.ndarray:
        return np.full((*self.size, 3), round(255 * self.level), np.uint8)


def played(steps: list[Callable[[Live, SketchChoice], bool]]) -> tuple[Live, SketchChoice]:
    """Play until each step has returned True, one after the other; ten seconds at most."""
    live = Live(Mine, model="plasma", size=32, fps=50, seconds=10, tell=lambda line: None)
    choice = SketchChoice(live, Mine)
    live.console.actions.add(choice.actions())
    live.on_new_sketch.append(choice.new_sketch)
    left = list(steps)

    def look(t: float, beat: float) -> None:
        if left and left[0](live, choice):
            left.pop(0)
        if not left:
            live.stop()

    live.on_tick.append(look)
    live.run([])
    assert not left
    return live, choice


def load(name: str) -> Callable[[Live, SketchChoice], bool]:
    def step(live: Live, choice: SketchChoice) -> bool:
        live.console.actions.run("load/sketch", (name,), "web")
        return True

    return step


def plays(name: str, values: dict[str, object]) -> Callable[[Live, SketchChoice], bool]:
    return lambda live, choice: (
        choice.playing == name
        and {path: live.store.current(path) for path in values if path in live.store.tree} == values
    )


def test_a_chosen_sketch_plays_with_its_defaults_and_what_was_changed_stays() -> None:
    def change(live: Live, choice: SketchChoice) -> bool:
        live.store.put("transport.seconds", 5.0, "web")
        return True

    before = {"walk.seeds": "1-2", "walk.kind": "linear"}
    breathe = {"walk.seeds": "1-4", "walk.kind": "cubic", "walk.space": "w", "sketch.breaths": 4}
    live, _ = played(
        [
            plays("Mine", before), change, load("breathe"), plays("breathe", breathe),
            lambda live, choice: live.store.current("transport.seconds") == 5.0,
            load("Mine"), plays("Mine", {**before, "walk.space": "z", "sketch.level": 0.5}),
        ]
    )  # fmt: skip
    assert live.faults.total == 0
    assert isinstance(live.sketch, Mine)


def test_every_included_sketch_can_be_chosen_with_one_sentence_and_nothing_else() -> None:
    live = Live(Mine, model="plasma", size=32, tell=lambda line: None)
    choice = SketchChoice(live, Mine)
    assert {*choice.about} == {"Mine", *(each.name for each in list_sketches())}
    assert choice.about["Mine"] == "A flat grey."
    for name in ("../breathe.py", "/etc/passwd", "nobody", "", "Breathe"):
        with pytest.raises(UnknownName):
            choice.load((name,))
    with pytest.raises(UnknownName):
        choice.load(())
    live.close()


def test_a_show_that_is_recorded_keeps_its_sketch() -> None:
    live = Live(Mine, model="plasma", size=32, tell=lambda line: None)
    live.store_control.on_changes = lambda changes: None
    with pytest.raises(UsageError, match="one sketch"):
        SketchChoice(live, Mine).load(("drift",))
    live.close()
