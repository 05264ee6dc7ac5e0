"""Sketches by people who are learning: the image stays, the line is named, a repair plays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import genart
from genart.live.performance import Live
from genart.playback import background_loader

GOOD = """
import genart, torch
class Saved(genart.Sketch):
    def draw(self, t, dt):
        return torch.full((1, 3, *self.size), {value})
"""
#: What `draw` does in line 7, and what is reported.
DRAWS = {
    "loops for ever": ("while True: pass", "line 7"),
    "sleeps": ("while True: time.sleep(0.001)", "line 7"),
    "prints a million lines": ("for k in range(10**9): print(k)", "line 7"),
    "counts for ever": ("[k for k in iter(int, 1)]", "line 7"),
    "catches everything": ("stubborn()", "RELEASE.wait"),
    "allocates": ("bytearray(1 << 60)", "line 7: MemoryError"),
    "allocates an image": ("return torch.zeros(1, 3, 1 << 24, 1 << 24)", "memory"),
    "returns nothing": ("return None", "None"),
    "returns a text": ("return 'red'", "str"),
    "returns the wrong shape": ("return torch.zeros(7, 9)", "[7, 9]"),
    "returns numbers that are none": ("return torch.full((1, 3, 16, 16), float('nan'))", "NaN"),
    "exits": ("sys.exit(3)", "line 7: SystemExit"),
    "interrupts": ("raise KeyboardInterrupt", "line 7: KeyboardInterrupt"),
    "cancels": ("raise asyncio.CancelledError", "line 7: CancelledError"),
    "calls itself": ("return self.draw(t, dt)", "line 7: RecursionError"),
    "misspells": ("return self.wlak(self.phase)", "line 7: AttributeError"),
    "divides by zero": ("return 1 / 0", "line 7: ZeroDivisionError"),
    "stops iterating": ("raise StopIteration", "line 7: StopIteration"),
    "closes a generator": ("raise GeneratorExit", "line 7: GeneratorExit"),
}
BAD = """
import asyncio, sys, time, genart, torch
from test_learner_sketches import stubborn
class Saved(genart.Sketch):

    def draw(self, t, dt):
        {line}
"""
#: Whole files, of which loading fails or hangs.
FILES = {
    "a line that is being typed": ("class Saved(genart.Sketch:\n", "line 1"),
    "a loop outside": ("import genart\nwhile True: pass\n", ""),
    "an exit outside": ("import sys\nsys.exit(1)\n", "line 2"),
    "an interrupt outside": ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
    "a cancellation outside": ("import asyncio\nraise asyncio.CancelledError\n", "line 2"),
    "nothing": ("", "none"),
    "a binary": ("\x00\x01\x02", "saved.py"),
    "a setup that fails": (
        "import genart\nclass Saved(genart.Sketch):\n    def setup(self): 1 / 0\n"
        "    def draw(self, t, dt): return None\n", "line 3",
    ),
    "a class that fails": (
        "import genart\nclass Saved(genart.Sketch):\n    def __init__(self): 1 / 0\n"
        "    def draw(self, t, dt): return None\n", "division",
    ),
}  # fmt: skip
RELEASE = threading.Event()


def stubborn() -> None:
    """Cannot be interrupted."""
    while not RELEASE.is_set():
        try:
            RELEASE.wait(0.001)
        except BaseException:
            continue


class Stage:
    """A performance of a file, whose watch runs fifty times as fast as the clock."""

    def __init__(self, file: Path) -> None:
        self.file, self.shown = file, 0
        self.save(GOOD.format(value="1.0"))
        self.live = Live(file, model="plasma", size=16, fps=100, tell=lambda line: None)
        self.seen: set[int] = set()
        self.live._sinks = {"stage": self}
        self.live.loader.start()
        self.live._engine.start()
        self.live._display.start()
        self.until(lambda: 255 in self.seen, "the first image")

    def save(self, text: str) -> None:
        self.file.write_text(text)

    def write(self, frame: np.ndarray) -> None:
        self.shown += 1
        self.seen.add(int(frame.max()))

    def until(self, holds: Callable[[], bool], what: str) -> None:
        pause = threading.Event()
        for _ in range(8000):
            if holds():
                return
            self.live.supervisor.look(0.1)
            pause.wait(0.002)
        raise AssertionError((what, self.live.faults.all(), self.seen))

    def said(self, text: str) -> bool:
        faults = self.live.faults.all()
        return any(text in each.message for each in faults)

    def repaired(self) -> None:
        """A saved repair plays, and images went on all the time."""
        shown = self.shown
        self.save(GOOD.format(value="0.0"))
        self.until(lambda: 128 in self.seen, "the repair")
        assert self.shown > shown
        assert min(self.seen) > 30, "never black"

    def close(self) -> None:
        RELEASE.set()
        self.live.stop()
        self.live._engine.close(5)
        self.live._display.close(5)
        self.live.loader.close()
        RELEASE.clear()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(background_loader, "_LOOK", 0.01)
    monkeypatch.syspath_prepend(Path(__file__).parent)
    made = Stage(tmp_path / "saved.py")
    yield made
    made.close()


def some(names: Iterable[str], quick: set[str]) -> list[Any]:
    """All names, of which those that are not quick are marked as slow."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", some(DRAWS, {"loops for ever", "returns nothing", "cancels"}))
def test_whatever_a_saved_sketch_draws_the_image_stays(stage: Stage, name: str) -> None:
    line, says = DRAWS[name]
    stage.save(BAD.format(line=line))
    stage.until(lambda: stage.said(says), name)
    stage.repaired()


@pytest.mark.parametrize("name", some(FILES, {"a line that is being typed"}))
def test_whatever_a_file_is_the_image_stays(stage: Stage, name: str) -> None:
    text, says = FILES[name]
    stage.save(text)
    stage.until(lambda: stage.said(says or "line 2"), name)
    stage.repaired()


LATER = """
import asyncio, sys, time, genart, torch
from test_learner_sketches import stubborn
class Saved(genart.Sketch):
    count = 0
    def draw(self, t, dt):
        self.count += 1
        if self.count > 3:
            {line}
        return torch.full((1, 3, *self.size), 0.5)
"""


@pytest.mark.parametrize(
    "name", some(["loops for ever", "catches everything", "exits", "cancels"], {"loops for ever"})
)
def test_whatever_a_sketch_that_plays_begins_to_do_the_image_stays(stage: Stage, name: str) -> None:
    line, says = DRAWS[name]
    stage.save(LATER.format(line=line))
    stage.until(lambda: 191 in stage.seen, "it plays first")
    stage.until(lambda: stage.said(says.replace("line 7", "line 9")), name)
    if name == "catches everything":
        stage.until(lambda: stage.live.supervisor.left_behind == 1, "left behind, and counted")
    stage.repaired()


def test_a_sketch_that_is_broken_from_the_start_is_replaced_by_a_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "broken.py"
    file.write_text(BAD.format(line="return self.nothing").replace("from test_l", "#"))
    frames: list[np.ndarray] = []

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            frames.append(frame)
            if len({each.tobytes() for each in frames}) > 3 or len(frames) > 500:
                live.stop()

        def close(self) -> None: ...

    live = genart.live.Live(
        file, model="plasma", size=16, fps=50, seconds=20, blend=False, tell=lambda line: None
    )
    report = live.run([Eye()])
    assert "line 7" in report.faults[0].message
    assert all(frame.max() > 0 for frame in frames)
    assert len({each.tobytes() for each in frames}) > 3, "it moves"


def test_a_model_that_is_broken_too_leaves_a_card_that_says_why(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text(GOOD.format(value="self.nothing"))
    seen: list[np.ndarray] = []

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            seen.append(frame)
            if len(seen) > 3 and live.faults.total:
                live.stop()

        def close(self) -> None: ...

    live = genart.live.Live(
        file, model="plasma", size=128, fps=50, seconds=20, params={"walk.keys": "none.npz"},
        tell=lambda line: None,
    )  # fmt: skip
    live.run([Eye()])
    assert seen[-1].std() > 5, "text on a card"
    assert seen[-1].min() > 0
