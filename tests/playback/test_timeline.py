"""Smoothing: values by time alone, whatever the frame rate."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from support.films import Drift, plasma

from genart.params import Param
from genart.playback.loop import turn
from genart.playback.player import SketchPlayer
from genart.playback.settings import Settings
from genart.playback.timeline import Change, Timeline, smoothing_of

TREE = {
    "model.truncation": Param(0.0, -2.0, 2.0),
    "walk.kind": Param("slerp"),
    "model.cutoff": Param(0, 0, 64),
    "sketch.look": Param(1.0, choices=(1.0, 2.0)),
    "sketch.hard": Param(0.0, 0.0, 1.0, smooth=0.0),
    "transport.phase": Param(0.0, 0.0, 1.0, smooth=None),
    "transport.speed": Param(1.0, -16.0, 16.0),
}


def timeline(*changes: Change) -> Timeline:
    made = Timeline({path: param.default for path, param in TREE.items()}, smoothing_of(TREE))
    made.add(changes)
    return made


def played(line: Timeline, fps: float, until: float) -> dict[str, Any]:
    """The values after every tick up to a time, which is the last."""
    values: dict[str, Any] = {}
    for i in range(int(until * fps)):
        values |= dict(line.changes(i / fps))
    return values | dict(line.changes(until))


def test_a_float_follows_an_exponential_from_the_moment_it_was_turned() -> None:
    line = timeline(Change("model.truncation", 1.0, at=0.25))
    assert line.changes(0.2) == []
    (path, value), *rest = line.changes(0.31)
    assert (path, rest) == ("model.truncation", [])
    assert value == pytest.approx(1 - math.exp(-1))


def test_it_arrives_and_is_left_alone() -> None:
    line = timeline(Change("model.truncation", 1.0))
    line.changes(0.1)
    assert line.changes(0.8) == [("model.truncation", 1.0)]
    assert line.changes(0.9) == []


def test_a_rate_that_arrived_costs_no_more_steps() -> None:
    line = timeline(Change("transport.speed", 2.0))
    assert len(list(line.moments(0.5))) > 60
    line.changes(1.0)
    assert list(line.moments(2.0)) == [(2.0, [])]


def test_what_cannot_be_in_between_jumps() -> None:
    wanted = {
        "walk.kind": "cubic", "model.cutoff": 8, "sketch.look": 2.0, "sketch.hard": 1.0,
        "transport.phase": 0.5,
    }  # fmt: skip
    line = timeline(*(Change(path, value) for path, value in wanted.items()))
    assert dict(line.changes(0.0)) == wanted


def test_a_fade_is_straight_through_its_middle_and_ends_on_time() -> None:
    line = timeline(Change("sketch.hard", 1.0, at=1.0, fade=2.0))
    assert line.changes(1.0) == []
    assert line.changes(2.0) == [("sketch.hard", 0.5)]
    assert line.changes(3.0) == [("sketch.hard", 1.0)]
    assert line.changes(4.0) == []


def test_the_phase_jumps_even_in_a_fade() -> None:
    line = timeline(Change("transport.phase", 0.5, fade=2.0))
    assert line.changes(0.0) == [("transport.phase", 0.5)]


def test_a_fader_takes_over_from_a_fade_without_a_jump() -> None:
    line = timeline(
        Change("model.truncation", 2.0, at=0.0, fade=2.0), Change("model.truncation", 0.0, at=1.0)
    )
    values = [dict(line.changes(t))["model.truncation"] for t in (0.999, 1.001, 1.06)]
    assert values[0] == pytest.approx(1.0, abs=0.01)
    assert values[1] == pytest.approx(1.0, abs=0.03)
    assert values[2] == pytest.approx(math.exp(-1), abs=1e-6)


@pytest.mark.parametrize("path", ["model.truncation", "transport.speed"])
def test_values_are_the_same_bit_for_bit_at_any_frame_rate(path: str) -> None:
    turns = [
        Change(path, 1.3, at=0.11),
        Change(path, -0.4, at=0.17),
        Change(path, 1.9, at=0.303, fade=0.5),
        Change(path, 0.2, at=0.71),
    ]
    ends = [0.2, 0.5, 0.75, 1.0]
    for end in ends:
        slow, fast = (played(timeline(*turns), fps, end)[path] for fps in (10, 240))
        assert slow == fast


def test_a_change_that_comes_late_happens_at_once() -> None:
    line = timeline()
    line.changes(1.0)
    line.add([Change("walk.kind", "cubic", at=0.5)])
    assert line.changes(1.0) == [("walk.kind", "cubic")]


def test_values_never_leave_the_range_on_the_way() -> None:
    line = timeline(Change("model.truncation", 2.0), Change("model.truncation", -2.0, at=1.0))
    values = [v for i in range(400) for _, v in line.changes(i / 200)]
    assert len(values) > 200
    assert all(-2.0 <= value <= 2.0 for value in values)


def test_another_sketch_takes_over_in_the_middle_of_a_glide() -> None:
    line = timeline(Change("model.truncation", 1.0, fade=1.0), Change("sketch.hard", 1.0, fade=1.0))
    line.changes(0.25)
    params: dict[str, Param[Any]] = {
        "model.truncation": Param(0.5),
        "sketch.hard": Param("text"),
        "sketch.fresh": Param(0.0, smooth=0.0),
    }
    line.expect(params, {path: param.default for path, param in params.items()}, ())
    assert line.changes(0.5) == [("model.truncation", 0.5)]
    line.add([Change("sketch.fresh", 1.0, 0.5, fade=1.0), Change("sketch.hard", "new", 0.5)])
    assert dict(line.changes(1.0)) == {
        "model.truncation": 1.0, "sketch.fresh": 0.5, "sketch.hard": "new",
    }  # fmt: skip


def test_a_glide_stays_inside_the_range_that_a_reloaded_sketch_declares() -> None:
    line = timeline(Change("sketch.hard", 1.0, fade=1.0))
    line.changes(0.5)
    narrow: dict[str, Param[Any]] = {"sketch.hard": Param(0.3, 0.2, 0.6)}
    line.expect(narrow, {"sketch.hard": 0.3}, ())
    values = [value for t in (0.6, 0.8, 0.99, 1.5) for _, value in line.changes(t)]
    assert values == sorted(values)
    assert values[-1] == 0.6
    assert min(values) >= 0.2


def performance(fps: int, *changes: Change, seconds: int = 2) -> tuple[float, float]:
    """The phase and the beat at the end of a performance."""
    model = plasma()
    stage = Settings({"transport.seconds": 8.0})
    player = SketchPlayer(Drift(), stage, load=lambda _: model, size=(32, 32))
    line = Timeline(player.tree.values_now(), smoothing_of(player.tree))
    line.add(changes)
    for i in range(seconds * fps + 1):
        turn(player, [line], Fraction(i, fps))
        player.advance(Fraction(i, fps))
    return stage.transport.phase, stage.tempo.beat


def test_the_phase_and_the_beat_are_the_same_at_any_frame_rate() -> None:
    turns = [
        Change("transport.speed", 3.0, at=0.123),
        Change("tempo.bpm", 133.0, at=0.2, fade=0.7),
        Change("tempo.offset", 0.25, at=0.4),
        Change("transport.phase", 0.75, at=0.777),
        Change("transport.speed", 0.5, at=1.01, fade=0.3),
        Change("transport.play", False, at=1.9),
    ]
    phases, beats = zip(*(performance(fps, *turns) for fps in (4, 30, 100)), strict=True)
    assert phases == pytest.approx([phases[0]] * 3, abs=1e-12)
    assert beats == pytest.approx([beats[0]] * 3, abs=1e-12)


def test_the_phase_goes_on_from_the_moment_it_was_set() -> None:
    phase, _ = performance(2, Change("transport.phase", 0.0, at=1.25))
    assert phase == pytest.approx(0.75 / 8)
