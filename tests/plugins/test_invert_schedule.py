"""The ramps of the projector: how its learning rate and its noise rise and fall."""

from __future__ import annotations

import math

import pytest

from genart_invert.schedule import Schedule


def test_the_rate_rises_stays_and_falls_along_a_cosine() -> None:
    schedule = Schedule(rate=0.2, up=0.1, down=0.4)
    rates = [schedule.rate_at(t) for t in (0.0, 0.05, 0.1, 0.6, 0.7, 0.8, 0.9, 1.0)]
    cosine = [0.5 + 0.5 * math.cos(math.pi * x) for x in (0.25, 0.5, 0.75)]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.2, *(0.2 * c for c in cosine), 0.0])


def test_the_noise_falls_to_0_by_its_square() -> None:
    schedule = Schedule(noise=0.1, calm=0.5)
    found = [schedule.noise_at(t) for t in (0.0, 0.25, 0.5, 0.9)]
    assert found == pytest.approx([0.1, 0.025, 0.0, 0.0])


def test_the_values_are_those_of_stylegan2s_projector() -> None:
    """Karras et al. 2020a, appendix D."""
    schedule = Schedule()
    assert schedule.rate_at(0.5) == schedule.rate_at(0.05) == schedule.rate_at(0.75) == 0.1
    assert schedule.rate_at(0.025) == pytest.approx(0.05)
    assert schedule.rate_at(0.875) == pytest.approx(0.05)
    assert schedule.noise_at(0.0) == 0.05
    assert schedule.noise_at(0.375) == pytest.approx(0.05 / 4)
    assert schedule.noise_at(0.75) == 0.0
    with pytest.raises(AttributeError):
        schedule.rate = 1.0  # type: ignore[misc]


def test_without_ramps_the_rate_is_constant_and_nothing_is_shaken() -> None:
    schedule = Schedule(rate=0.3, up=0.0, down=0.0, calm=0.0)
    assert [schedule.rate_at(t) for t in (0.0, 0.5, 1.0)] == [0.3] * 3
    assert schedule.noise_at(0.0) == 0.0
