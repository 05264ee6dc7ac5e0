"""A performance that holds its rate by its quality, by a clock that only the model's work moves."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
from support.live_parts import Flat, Painted, Time, Tinted

import genart
from genart.live.display.clock import LiveClock
from genart.live.show_recorder import start_show_recorder


class Performance:
    """A performance of a model that takes 0.6 s for 256 px, until the load goes."""

    def __init__(self, kind: type[genart.Sketch] = Painted, seconds: float = 40.0) -> None:
        self.time, self.said, self.until = Time(), list[str](), seconds
        self.load = 1.0
        self.model = Tinted("slow", 0.5, 256, work=self.work)
        self.live = genart.live.Live(
            kind, model=self.model, size=64, fps=10, hold_fps=True, tell=self.said.append,
            engine_clock=LiveClock(Fraction(10), now=self.time, wait=self.time.wait),
        )  # fmt: skip
        self.live.on_tick.append(self.look)
        self.levels: list[str] = []
        self.shapes: set[tuple[int, ...]] = set()

    def work(self, side: int) -> None:
        self.time.now += self.load * 0.6 * (side / 256) ** 2

    def look(self, t: float, beat: float) -> None:
        level = self.live.status()["quality"]
        if not self.levels or self.levels[-1] != level:
            self.levels.append(level)
        if t > self.until / 2:
            self.load = 0.05
        if t > self.until:
            self.live.stop()

    def write(self, frame: np.ndarray) -> None:
        self.shapes.add(frame.shape)

    def close(self) -> None: ...


def test_quality_goes_down_to_hold_the_rate_and_comes_back_when_there_is_room() -> None:
    stage = Performance()
    report = stage.live.run([stage])
    assert stage.levels == ["full", "1/2 size", "1/4 size", "1/2 size", "full"]
    assert stage.shapes == {(64, 64, 3)}
    assert set(report.quality) == {"full", "1/2 size", "1/4 size"}
    assert sum(report.quality.values()) > 39
    assert report.quality["1/4 size"] > 10
    assert [line for line in stage.said if line.startswith("quality: ")] == [
        "quality: 1/2 size, as frames took 600 ms",
        "quality: 1/4 size, as frames took 150 ms",
        "quality: 1/2 size, as there is room",
        "quality: full, as there is room",
    ]
    assert report.errors == 0


def test_a_show_keeps_nothing_of_it(tmp_path: Path) -> None:
    stage = Performance(seconds=10.0)
    keeper = start_show_recorder(stage.live, tmp_path / "show.jsonl")
    stage.live.run()
    keeper.close(10.0)
    assert "1/4 size" in stage.levels
    lines = [json.loads(line) for line in (tmp_path / "show.jsonl").read_text().splitlines()]
    assert [line["address"] for line in lines[1:]] == ["/genart/end"]


def test_a_sketch_that_draws_by_itself_has_no_ladder_and_that_is_reported() -> None:
    stage = Performance(Flat, seconds=12.0)
    draw = Flat.draw

    class Busy(Flat):
        def draw(self, t: float, dt: float) -> genart.Image:
            stage.time.now += 0.3 * stage.load
            return draw(self, t, dt)

    stage = Performance(Busy, seconds=12.0)
    stage.live.run()
    assert stage.levels == ["full", "1/2 size", "full"]
    assert "quality: full, because 1/2 size is not faster" in stage.said


def test_up_on_command() -> None:
    stage = Performance(seconds=6.0)
    stage.live.quality.choose(stage.model)
    stage.live.quality.hold = False
    stage.live.quality.relieve(0.0)
    stage.live.store.trigger("quality.up")
    stage.live.run()
    assert stage.levels == ["full"]
    assert stage.said == ["quality: 1/2 size, as memory ran out", "quality: full, as was asked"]
