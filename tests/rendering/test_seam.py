"""The seam: how a loop closes, beside the usual step between its frames."""

from __future__ import annotations

import numpy as np
import pytest

from genart.rendering.seam import Seam, difference


def grey(level: int) -> np.ndarray:
    return np.full((4, 4, 3), level, np.uint8)


def seam_of(*levels: int) -> float | None:
    """The seam of a film of flat grey frames."""
    seam = Seam()
    for level in levels:
        seam.write(grey(level))
    seam.close()
    return seam.value


def test_seam_of_a_ramp_is_its_length_and_of_a_circle_is_one() -> None:
    assert seam_of(*range(0, 100, 10)) == 9
    assert seam_of(*(10 * min(k, 10 - k) for k in range(10))) == 1
    assert seam_of(*[7] * 10) is None


def test_the_seam_is_measured_by_the_median_step() -> None:
    assert seam_of(0, 10, 20, 30, 130, 30) == 3, "one cut within the film does not hide the seam"
    assert seam_of(0, 2, 12, 22, 32) == 3.2, "neither does one small step"


def test_the_seam_says_nothing_of_a_film_that_is_too_short_or_mostly_stands() -> None:
    assert [seam_of(), seam_of(1), seam_of(1, 2)] == [None] * 3
    assert seam_of(0, 10, 0) == 0
    assert seam_of(5, 5, 5, 5, 90) is None


def test_a_difference_is_a_mean_over_pixels_and_channels_without_overflow() -> None:
    assert difference(grey(0), grey(255)) == difference(grey(255), grey(0)) == 255
    one = grey(0)
    one[0, 0, 0] = 48
    assert difference(grey(0), one) == pytest.approx(1.0)
