"""Tempo by hand: taps, nudges, and whole beats."""

from __future__ import annotations

from fractions import Fraction

import pytest

from genart.errors import ParamError
from genart.live.store import Store
from genart.live.tempo import Taps, TempoDesk, next_beat, seconds_until
from genart.stage import Stage


def tapped(*times: float) -> float | None:
    taps = Taps()
    bpm = None
    for t in times:
        bpm = taps.tap(t)
    return bpm


def test_one_tap_is_no_tempo_and_two_are() -> None:
    assert tapped(0.0) is None
    assert tapped(0.0, 0.5) == pytest.approx(120)


def test_small_errors_even_out() -> None:
    assert tapped(0.0, 0.49, 1.01, 1.49, 2.0) == pytest.approx(120)


@pytest.mark.parametrize(
    "times",
    [(0.0, 0.5, 1.0, 2.0, 2.5, 3.0), (0.0, 0.5, 0.75, 1.0, 1.5, 2.0), (0, 0.5, 0.53, 1.0, 1.5)],
    ids=["missed", "doubled", "bounced"],
)
def test_one_wrong_tap_changes_nothing(times: tuple[float, ...]) -> None:
    assert tapped(*times) == pytest.approx(120, rel=0.01)


def test_intervals_that_all_differ_still_mean_something() -> None:
    assert tapped(0.0, 0.2, 1.2) is not None


def test_after_a_pause_taps_begin_anew() -> None:
    assert tapped(0.0, 0.5, 1.0, 10.0) is None
    assert tapped(0.0, 0.5, 1.0, 10.0, 10.4) == pytest.approx(150)


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def desk() -> tuple[TempoDesk, Stage, Time]:
    time, stage = Time(), Stage()
    return TempoDesk(Store(stage.tree(), clock=time)), stage, time


def test_taps_turn_the_tempo_and_then_put_whole_beats_under_themselves() -> None:
    tempo, stage, time = desk()
    store = tempo.store
    for i in range(8):
        time.now = 0.2 + 0.4 * i
        stage.advance(Fraction(time.now))
        tempo.observe(time.now, stage.tempo.beat)
        tempo.tap()
        for path, change in store.take().changes.items():
            stage.tree().set(path, change.value)
        stage.advance(Fraction(time.now))
    assert stage.tempo.bpm == pytest.approx(150)
    assert stage.tempo.beat == pytest.approx(round(stage.tempo.beat), abs=1e-6)


def test_nudges_add_up_and_are_bounded() -> None:
    tempo, _, _ = desk()
    tempo.nudge((0.25,))
    tempo.nudge((-1,))
    assert tempo.store.current("tempo.offset") == -0.75
    for bad in ((), ("x",), (True,), (5.0,)):
        with pytest.raises(ParamError, match="nudge"):
            tempo.nudge(bad)


def test_the_beat_goes_on_between_ticks() -> None:
    tempo, _, _ = desk()
    assert tempo.beat(1.0) is None
    tempo.observe(1.0, 8.0)
    assert tempo.beat(1.25) == pytest.approx(8.5)


def test_the_next_beat_and_bar() -> None:
    assert next_beat(3.2) == 4
    assert next_beat(4.0) == 5
    assert next_beat(4.0, every=4) == 8
    assert next_beat(-0.5, every=0.25) == -0.25
    assert seconds_until(3.5, next_beat(3.5), bpm=120) == 0.25
    assert seconds_until(5.0, 4.0, bpm=120) == 0.0
    with pytest.raises(ParamError):
        next_beat(1.0, every=0)
