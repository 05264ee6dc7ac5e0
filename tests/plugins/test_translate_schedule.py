"""Learning-rate schedules of CycleGAN and pix2pix."""

from __future__ import annotations

import math

import pytest

from genart_translate.schedule import Schedule


def test_rates_follow_their_policies() -> None:
    linear = Schedule("linear", 100, 100, 50)
    assert [linear.factor(e) for e in (0, 99.5, 100, 150, 175, 200, math.inf)] == [
        1.0, 1.0, 1.0, 0.5, 0.25, 0.0, 0.0,
    ]  # fmt: skip
    cosine = Schedule("cosine", 10, 0, 50)
    assert [round(cosine.factor(e), 6) for e in (0, 5, 10, 99)] == [1.0, 0.5, 0.0, 0.0]
    step = Schedule("step", 100, 0, 50)
    assert [round(step.factor(e), 9) for e in (0, 49, 50, 100, math.inf)] == [
        1.0, 1.0, 0.1, 0.01, 0.01,
    ]  # fmt: skip
    plateau = Schedule("plateau", 100, 0, 50)
    for loss in (3.0, 2.0, 1.99, 2.1, 2.0, 2.0, 2.0):
        plateau.epoch_ended(loss)
    assert plateau.factor(7) == 1.0
    plateau.epoch_ended(2.0)
    assert plateau.factor(8) == pytest.approx(0.2)


def test_linear_without_a_second_part_stays_at_1_and_ends() -> None:
    schedule = Schedule("linear", 10, 0, 50)
    assert [schedule.factor(e) for e in (0, 9.99, 10)] == [1.0, 1.0, 0.0]
    assert [Schedule("constant", 1, 1, 1).factor(e) for e in (0, 99, math.inf)] == [1.0] * 3


def lowered(schedule: Schedule, *losses: float) -> list[float]:
    """The factor after each epoch with its loss."""
    factors = []
    for loss in losses:
        schedule.epoch_ended(loss)
        factors.append(round(schedule.factor(1), 6))
    return factors


def test_a_plateau_is_six_epochs_without_an_improvement_of_one_percent() -> None:
    schedule = Schedule("plateau", 100, 0, 50)
    assert lowered(schedule, 1.0, *[0.991] * 5) == [1.0] * 6
    assert lowered(schedule, 0.989, *[0.989] * 5) == [1.0] * 6, "a hundredth is won: count again"
    assert lowered(schedule, *[0.989] * 7) == [0.2] * 6 + [0.04]


def test_a_restored_plateau_continues_as_the_saved_one() -> None:
    schedule, other = Schedule("plateau", 100, 0, 50), Schedule("plateau", 100, 0, 50)
    lowered(schedule, 1.0, *[1.0] * 9)
    other.restore(schedule.state())
    assert other.state() == {"best": 1.0, "bad": 3, "lowered": 1}
    assert lowered(other, *[1.0] * 3) == lowered(schedule, *[1.0] * 3) == [0.2, 0.2, 0.04]
