"""The quality quality: down while frames take too long, up again when there is room, never both."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

import genart
from genart.playback.quality import QualityController, quality_levels

PERIOD = 1 / 30


class Slow(genart.Generator):
    """Flat images whose cost is given by a function of their shorter side."""

    name, num_classes, z_dim, w_dim, num_ws = "slow", 0, 4, 4, 2

    def __init__(
        self,
        side: int = 256,
        *,
        spend: Callable[[int], None] = lambda side: None,
        half: bool = False,
        is_half: bool = False,
    ) -> None:
        self.resolution, self.device = (side, side), torch.device("cpu")
        self._spend, self._half, self.is_half = spend, half, is_half

    def __call__(self, latent: genart.Latent, **settings: Any) -> genart.Image:
        self._spend(self.resolution[0])
        return torch.zeros(len(latent), 3, *self.resolution)

    def reduced(self, times: int) -> Slow | None:
        side = self.resolution[0] >> times
        return Slow(side, spend=self._spend, is_half=self.is_half) if side >= 8 else None

    def in_half(self) -> Slow | None:
        return Slow(self.resolution[0], spend=self._spend, is_half=True) if self._half else None


class Night:
    """A quality played through time that nobody waits for."""

    def __init__(self, model: genart.Generator | None = None, **options: Any) -> None:
        self.said: list[str] = []
        self.quality = QualityController(
            PERIOD, **{"hold": True, "say": self.said.append, **options}
        )
        self.model = model or Slow()
        self.t = 0.0
        self.quality.choose(self.model)

    def play(self, seconds: float, cost: Callable[[genart.Generator], float]) -> list[str]:
        """Play so long at a cost in seconds by the generator that plays; the levels it was on."""
        until, levels = self.t + seconds, [self.quality.level]
        while self.t < until:
            spent = cost(self.quality.choose(self.model))
            self.quality.made(self.t, spent)
            self.t += max(math.ceil(spent / PERIOD), 1) * PERIOD
            if self.quality.level != levels[-1]:
                levels.append(self.quality.level)
        return levels


def area(milliseconds: float) -> Callable[[Any], float]:
    """The cost of a model that takes so long for 256 px, and for others by their area."""
    gain = {True: 0.75, False: 1.0}
    return lambda model: gain[model.is_half] * milliseconds / 1e3 * (model.resolution[0] / 256) ** 2


def test_rungs_go_from_full_over_half_precision_to_small_images() -> None:
    levels = quality_levels(Slow(256, half=True))
    assert [level.name for level in levels] == [
        "full", "half precision", "1/2 size", "1/4 size", "1/8 size",
    ]  # fmt: skip
    assert [level.model.resolution[0] for level in levels] == [256, 256, 128, 64, 32]
    assert [level.model.is_half for level in levels] == [False, True, True, True, True]
    assert [level.name for level in quality_levels(Slow(64))] == ["full", "1/2 size"]


def test_a_fast_model_is_left_alone() -> None:
    night = Night()
    assert night.play(600, area(25)) == ["full"]
    assert night.said == []
    assert night.quality.spent["full"] == pytest.approx(600, abs=1)


def test_a_slow_model_steps_down_until_the_rate_holds_and_stays_there() -> None:
    night = Night()
    assert night.play(30, area(200)) == ["full", "1/2 size", "1/4 size"]
    assert night.play(30, area(200)) == ["1/4 size"]
    assert "200 ms" in night.said[0]


def test_what_the_forecast_is_against_is_tried_ever_more_seldom() -> None:
    night = Night()
    night.play(3600, area(60))  # half the side takes 15 ms, which looks idle
    tries = night.said.count("full, as there is room")
    assert night.quality.level == "1/2 size"
    assert 1 <= tries <= 6
    assert night.quality.spent["full"] < 1.5 + 0.4 * tries  # a try is over after three frames


def test_quality_comes_back_when_the_load_goes() -> None:
    night = Night()
    night.play(20, area(200))
    assert night.play(30, area(20)) == ["1/4 size", "1/2 size", "full"]
    assert night.play(600, area(20)) == ["full"]


@pytest.mark.parametrize("every", [7, 20])
def test_single_late_frames_change_nothing(every: int) -> None:
    night, count = Night(), iter(range(10**6))
    late = 0.25 if every == 20 else 0.04
    cost = lambda model: late if next(count) % every == 0 else 0.02  # noqa: E731
    moved = night.play(300, cost)
    assert (moved == ["full"]) is (every == 20)


def test_a_stall_with_few_frames_is_no_slow_model() -> None:
    night = Night()
    costs = iter([0.02, 0.02, 1.5])
    assert night.play(200, lambda model: next(costs, 0.02)) == ["full"]


def test_a_load_that_comes_and_goes_does_not_swing_the_ladder() -> None:
    night = Night()
    for _ in range(100):  # half an hour of other work, now and then
        night.play(9, area(60))
        night.play(9, area(12))
    assert night.quality.steps <= 25


def test_what_steps_down_in_vain_goes_back_and_says_so() -> None:
    night = Night()
    levels = night.play(20, lambda model: 0.1)
    assert levels == ["full", "1/2 size", "full"]
    assert "not faster" in night.said[-1]
    night.play(3600, lambda model: 0.1)
    assert night.quality.steps <= 14


def test_a_model_without_lighter_forms_is_told_once() -> None:
    night = Night(Slow(16))
    assert night.play(100, lambda model: 0.1) == ["full"]
    assert night.said == ["full, too slow for the display; there is no lighter form of this model"]


def test_without_being_asked_it_holds_no_rate() -> None:
    night = Night(hold=False)
    assert night.play(60, area(200)) == ["full"]


def test_memory_running_out_steps_down_at_once_and_up_after_a_long_while() -> None:
    night = Night(hold=False)
    night.play(1, area(5))
    assert night.quality.relieve(night.t)
    assert night.said == ["1/2 size, as memory ran out"]
    assert night.play(590, area(5)) == ["1/2 size"]
    assert night.play(20, area(5)) == ["1/2 size", "full"]
    assert night.quality.relieve(night.t)
    assert night.play(1190, area(5)) == ["1/2 size"]


def test_memory_that_never_suffices_ends_at_the_lowest_rung() -> None:
    night = Night(Slow(128), hold=False)
    assert [night.quality.relieve(0.0) for _ in range(4)] == [True, True, False, False]
    assert night.quality.level == "1/4 size"


def test_up_is_one_rung_and_at_once() -> None:
    night = Night(hold=False)
    night.quality.relieve(0.0)
    night.quality.up()
    assert night.quality.level == "full"
    night.quality.up()
    assert night.quality.level == "full"


def test_a_rung_that_fails_is_left_out() -> None:
    night = Night(Slow(256, half=True))
    while night.quality.level == "full":
        night.play(PERIOD / 2, area(60))
    assert night.quality.level == "half precision"
    night.quality.failed(night.t)
    assert night.quality.level == "full"
    levels = night.play(30, area(60))
    assert levels == ["full", "1/2 size"]
    assert not night.quality.choose(night.model).is_half  # type: ignore[attr-defined]


def test_another_model_begins_at_the_same_height() -> None:
    night = Night()
    night.play(20, area(200))
    night.model = Slow(64)
    night.quality.choose(night.model)
    assert night.quality.level == "1/2 size"
    assert night.play(20, area(20)) == ["1/2 size", "full"]


def test_a_level_that_was_asked_for_stays_until_the_next_request() -> None:
    night = Night(hold=True)
    assert night.quality.levels == ["full", "1/2 size", "1/4 size", "1/8 size"]
    for level in ("1/2 size", "1/4 size", "1/8 size", "1/8 size"):
        night.quality.down()
        assert night.quality.level == level
    assert {*night.play(2000, lambda model: 0.001)} == {"1/8 size"}
    night.quality.up()
    assert night.quality.level == "1/4 size"
    assert night.play(120, lambda model: 0.001)[-1] == "full"  # it may rise by itself again
