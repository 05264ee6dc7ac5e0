"""Where a frame spends its time: the profile of a film and of a performance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from support.films import Drift, plasma

import genart
from genart import cli
from genart.live.performance import Live
from genart.profiling import WAITING, Lane, Profile, count_frame, span


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.t = 0.0

    def __call__(self) -> float:
        return self.t


def test_time_is_divided_among_stages_without_gap_or_overlap() -> None:
    now = Hand()
    with (lane := Lane("image", now=now)):
        now.t = 1.0
        with span("sketch"):
            now.t = 3.0
            with span("walk"):
                now.t = 7.0
            now.t = 8.0
        count_frame()
        now.t = 10.0
    assert lane.seconds == {"other": 3.0, "sketch": 3.0, "walk": 4.0}
    assert lane.longest == {"walk": 4.0, "sketch": 3.0}
    (told,) = Profile.of([lane]).lanes
    assert (told.frames, told.seconds, told.busy) == (1, 10.0, 1.0)
    assert told.steps[0].name == "walk"
    assert [step.ms for step in told.steps] == [4000, 3000, 3000]
    assert sum(step.share for step in told.steps) == pytest.approx(1)


def test_a_stage_within_itself_is_one_call_and_a_whole_one_takes_in_all_within() -> None:
    now = Hand()
    with (lane := Lane("image", now=now)):
        with span("synthesis"), span("synthesis"):
            now.t = 1.0
        with span("pacing", whole=True):
            with span("synthesis"):
                now.t = 3.0
            now.t = 4.0
        with span("synthesis"):
            now.t = 6.0
    assert lane.calls == {"synthesis": 2, "pacing": 1}
    assert lane.seconds == {"synthesis": 3.0, "pacing": 3.0, "other": 0.0}


def test_an_error_ends_its_stage_and_the_lane() -> None:
    now = Hand()

    def fail() -> None:
        with lane, span("walk"):
            now.t = 2.0
            raise RuntimeError("no")

    lane = Lane("image", now=now)
    with pytest.raises(RuntimeError, match="no"):
        fail()
    with span("walk"):
        now.t = 5.0
    assert lane.seconds["walk"] == 2.0, "outside of its lane nothing is counted"


def test_threads_count_apart() -> None:
    def work() -> None:
        with span("theirs"):
            pass

    with (lane := Lane("image")):
        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert "theirs" not in lane.calls


def test_the_lane_that_waits_least_sets_the_pace_or_the_clock_does() -> None:
    now = Hand()
    making, keeping = Lane("image", now=now), Lane("film", WAITING, now=now)
    with making, keeping.span("film"):
        with span("synthesis"):
            now.t = 6.0
        with span(WAITING):
            now.t = 10.0
    assert Profile.of([making, keeping]).pace == "film: film"
    assert Profile.of([making]).pace == "image: synthesis"
    assert Profile.of([making], clocked=True).pace == "clock"


def test_a_film_says_where_its_frames_spent_their_time(tmp_path: Path) -> None:
    report = genart.render(
        Drift, tmp_path / "film.mp4", model=plasma(), size=64, seconds=0.5, profile=True
    )
    assert report.profile is not None
    picture, film = report.profile.lanes
    assert (picture.name, film.name) == ("image", "film")
    assert picture.frames == film.frames == report.frames == 15
    calls = {step.name: step.calls for step in picture.steps}
    for name in ("walk", "synthesis", "to bytes", "sketch"):
        assert calls[name] >= 15, name
    assert {"film", "seam", "finish", WAITING} == {step.name for step in film.steps}
    for lane in report.profile.lanes:
        assert sum(step.ms for step in lane.steps) * lane.frames == pytest.approx(
            1e3 * lane.seconds, rel=0.02
        )


def test_without_the_word_nothing_is_counted(tmp_path: Path) -> None:
    sink = genart.MemorySink()
    report = genart.render(Drift, sink, model=plasma(), size=32, seconds=0.1)
    assert report.profile is None
    assert span("walk") is span("synthesis"), "one and the same nothing"


def test_a_performance_says_where_its_frames_spent_their_time() -> None:
    live = Live(Drift, model=plasma(), size=32, seconds=0.2, profile=True)
    report = live.run([genart.MemorySink()])
    profile = report.profile
    assert profile is not None
    engine, display = profile.lanes
    assert (engine.name, display.name) == ("engine", "display")
    assert display.frames == report.frames > 0
    assert {"synthesis", "controls", "to bytes"} <= {step.name for step in engine.steps}
    assert {WAITING, "memory", "recorder"} <= {step.name for step in display.steps}


def _table(told: str) -> Iterator[str]:
    return (line.split()[0] for line in told.splitlines() if line.strip())


def test_the_command_prints_a_table_and_keeps_stdout_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "film.gif")
    words = ["render", "-o", place, "--model", "plasma", "--size", "32", "--seconds", "0.2"]
    assert cli.run([*words, "--profile", "--json"]) == 0
    told = capsys.readouterr()
    profile = json.loads(told.out)["profile"]
    assert [lane["name"] for lane in profile["lanes"]] == ["image", "film"]
    assert {"name", "ms", "share", "calls", "longest_ms"} == set(profile["lanes"][0]["steps"][0])
    assert {"image:", "film:", "synthesis", "waiting"} <= set(_table(told.err))
    assert f"the speed is limited by {profile['pace']}" in told.err
