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
