"""The clocks of a performance, the frames between frames, and the time they take."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from support.live_parts import Time, grey, tick

from genart.live.display.clock import LiveClock
from genart.live.display.frame_blend import FrameBlend
from genart.live.report import Durations


def test_the_clock_keeps_its_deadlines_however_long_a_frame_takes() -> None:
    time = Time()
    clock = LiveClock(Fraction(10), seconds=1, stop=time, now=time)  # type: ignore[arg-type]
    starts = []
    for each in clock:
        starts.append((each.index, round(time.now, 6)))
        time.now += 0.03
    assert starts == [(i, round(i / 10, 6)) for i in range(10)]
    assert clock.skipped == 0


def test_a_late_frame_is_skipped_and_never_caught_up() -> None:
    time = Time()
    clock = LiveClock(Fraction(10), seconds=1, stop=time, now=time)  # type: ignore[arg-type]
    ticks = []
    for each in clock:
        ticks.append(each)
        time.now += 0.37 if each.index == 2 else 0.0
    assert [each.index for each in ticks] == [0, 1, 2, 5, 6, 7, 8, 9]
    assert ticks[3].dt == Fraction(3, 10)
    assert sum(each.dt for each in ticks) == 1
    assert clock.skipped == 2


def test_beats_after_the_end_are_not_missed() -> None:
    time = Time()
    clock = LiveClock(Fraction(10), seconds=1, now=time, wait=time.wait)
    for each in clock:
        time.now += 5.0 if each.index == 7 else 0.0
    assert clock.skipped == 2


def test_frames_are_shown_as_they_come_while_the_model_keeps_up() -> None:
    fade = FrameBlend()
    shown = []
    for value in range(1, 6):
        fade.write(grey(value))
        shown += [int(frame[0, 0, 0]) for frame in fade.frames([tick(0)])]
    assert shown == [1, 2, 3, 4, 5]
    assert (fade.made, fade.synthesised, fade.repeated) == (5, 0, 0)


def test_a_slow_models_frames_are_blended_without_a_jump_and_counted() -> None:
    fade, shown = FrameBlend(), []
    for k in range(12):
        if k % 4 == 0:
            fade.write(grey(40 * (k // 4) + 40))
        shown += [int(frame[0, 0, 0]) for frame in fade.frames([tick(k)])]
    steps = np.diff(shown)
    assert shown[0] == 40
    assert shown[-1] == 120
    assert (steps >= 0).all()
    assert steps.max() <= 20  # a jump would be 40
    assert fade.made == 3
    assert fade.synthesised >= 3
    assert fade.synthesised + fade.repeated + fade.made == 12


def test_without_blending_a_slow_models_frames_are_repeated() -> None:
    fade, shown = FrameBlend(blend=False), []
    for k in range(8):
        if k % 4 == 0:
            fade.write(grey(k + 1))
        shown += [int(frame[0, 0, 0]) for frame in fade.frames([tick(k)])]
    assert shown == [1] * 4 + [5] * 4
    assert fade.synthesised == 0


def test_the_report_remembers_a_night_in_the_room_of_a_second() -> None:
    durations = Durations()
    for k in range(1000):
        durations.add(0.033 if k % 100 else 0.25)
    found = durations.summary()
    assert found["p50"] == pytest.approx(33.1, abs=0.11)
    assert found["p99"] == pytest.approx(33.1, abs=0.11)
    assert found["max"] == 250.0
    assert (durations.over(0.1), durations.over(0.3)) == (10, 0)
