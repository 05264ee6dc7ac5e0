"""The display looks when frames are just ready, on a timeline of numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from genart.live.display.clock import LiveClock
from genart.live.display.phase_lock import PhaseLock

PERIOD = 1 / 30


def waits(begin: float, cost: Callable[[int], float], count: int = 900) -> list[float]:
    """How long each frame waited to be shown, where the display begins `begin` seconds late.

    Frame i is begun at i periods and ready `cost(i)` later; the display shows the newest at
    each of its ticks.
    """
    alignment, ready, shown, found = PhaseLock(PERIOD), [], -1, []
    look = begin
    for i in range(count):
        ready.append(i * PERIOD + cost(i))
        newest = max((k for k in range(len(ready)) if ready[k] <= look), default=-1)
        if newest > shown:
            found.append(look - ready[newest])
            alignment.shown(found[-1])
            shown = newest
        look += PERIOD + alignment.step()
    return found


@pytest.mark.parametrize("begin", [0.0, 0.012, 0.0201, 0.028, 0.0333])
def test_wherever_it_begins_frames_wait_only_a_moment_in_the_end(begin: float) -> None:
    settled = waits(begin, lambda i: 0.02)[300:]
    assert max(settled) < 0.002
    assert len(settled) > 590, "and hardly one is missed"


def test_frames_that_vary_are_waited_for_and_a_rare_late_one_is_not() -> None:
    chance = random.Random(1)

    def cost(i: int) -> float:
        return 0.02 + chance.uniform(0, 0.004) + (0.012 if i % 200 == 0 else 0)

    settled = waits(0.0, cost)[300:]
    assert sorted(settled)[len(settled) // 2] < 0.006
    assert len(settled) > 580


def test_a_model_that_becomes_slower_moves_the_display_along() -> None:
    settled = waits(0.01, lambda i: 0.01 if i < 400 else 0.025)[700:]
    assert max(settled) < 0.002


def test_nothing_moves_where_the_engine_does_not_keep_up() -> None:
    alignment = PhaseLock(PERIOD)
    for i in range(200):
        alignment.shown(i * 0.0113 % PERIOD)
    assert alignment.step() == 0.0


def test_deadlines_move_quickly_to_begin_with_and_never_far_later() -> None:
    alignment, steps, late = PhaseLock(PERIOD), list[float](), 0.0
    for i in range(400):
        alignment.shown((0.013 if i < 100 else 0.018) + late)
        steps.append(alignment.step())
        late += steps[-1]
    assert min(steps[:100]) == -0.002
    assert sum(steps[:20]) == pytest.approx(-0.012, abs=0.0004), "right within 20 frames"
    assert min(steps[100:]) == -0.0003
    assert sum(steps) == pytest.approx(-0.017, abs=0.0004)
    assert steps[-1] == 0.0


def test_a_clock_that_is_shifted_keeps_its_numbers() -> None:
    now = [0.0]

    def wait(seconds: float) -> None:
        now[0] += seconds

    clock = LiveClock(Fraction(10), seconds=1, now=lambda: now[0], wait=wait)
    clock.shift(5.0)
    starts = []
    for tick in clock:
        starts.append((tick.t, round(now[0], 6)))
        clock.shift(0.001)
    assert starts == [(Fraction(i, 10), round(i * 0.101, 6)) for i in range(10)]
