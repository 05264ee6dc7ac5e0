"""The search for an image with low losses: L-BFGS, Adam, when it stops and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

import genart
from genart_neural_style.objective import Losses
from genart_neural_style.optimise import Optimisation, descend

SHAPE = (1, 3, 4, 5)
TARGET = torch.linspace(-0.8, 0.9, 60).view(SHAPE)
FIRST = torch.zeros(SHAPE)


class Bowl:
    """Half a weighted squared distance from a target, and the images it was asked about."""

    def __init__(self, scale: float = 1.0, totals: dict[int, float] | None = None) -> None:
        self.curvature = scale * torch.linspace(0.5, 4.0, 60).view(SHAPE)
        self.seen: list[torch.Tensor] = []
        self.totals = totals or {}  # said instead of the true one, by the number of the call

    def __call__(self, picture: torch.Tensor) -> tuple[Losses, torch.Tensor]:
        self.seen.append(picture.clone())
        away = picture - TARGET
        total = float((self.curvature * away.square()).sum() / 2)
        total = self.totals.get(len(self.seen), total)
        return Losses(total, total, 0.0, 0.0), self.curvature * away


def searched(bowl: Bowl, steps: int, **words: Any) -> torch.Tensor:
    return descend(FIRST, bowl, steps, Optimisation(**words))  # type: ignore[arg-type]


def test_lbfgs_finds_the_bottom_of_a_bowl_and_leaves_the_first_image_alone() -> None:
    first = FIRST.clone()
    for scale in (1e-6, 1.0, 1e6):
        made = searched(Bowl(scale), 40)
        torch.testing.assert_close(made, TARGET, atol=1e-3, rtol=0)
    assert torch.equal(FIRST, first)


def test_the_first_step_of_lbfgs_goes_down_the_gradient_at_its_rate() -> None:
    whole, half = Bowl(), Bowl()
    searched(whole, 2, rate=1.0)
    searched(half, 2, rate=0.5)
    slope = -whole.curvature * TARGET
    step = whole.seen[1] - whole.seen[0]
    cosine = torch.nn.functional.cosine_similarity(step.flatten(), -slope.flatten(), dim=0)
    assert cosine.item() == pytest.approx(1.0, abs=1e-5)
    torch.testing.assert_close(half.seen[1] - half.seen[0], step / 2)
    assert step.abs().sum().item() == pytest.approx(1.0, rel=1e-4), "one iteration of torch's"


def test_a_step_that_leads_up_by_a_third_is_taken_back_and_steps_are_half_as_long() -> None:
    calm = Bowl()
    searched(calm, 4)
    least = float((calm.curvature * (calm.seen[1] - TARGET).square()).sum() / 2)
    bowl = Bowl(totals={3: least * 1.31})
    searched(bowl, 4)
    back = bowl.seen[3] - bowl.seen[1]
    slope = bowl.curvature * (bowl.seen[1] - TARGET)
    cosine = torch.nn.functional.cosine_similarity(back.flatten(), -slope.flatten(), dim=0)
    assert cosine.item() == pytest.approx(1.0, abs=1e-5), "from there, down the gradient"
    fresh = Bowl()
    descend(bowl.seen[1], fresh, 2, Optimisation(rate=0.5))  # type: ignore[arg-type]
    assert back.norm().item() == pytest.approx((fresh.seen[1] - fresh.seen[0]).norm().item(), 0.5)


def test_a_step_that_leads_up_by_less_is_kept_and_the_best_is_given_back() -> None:
    calm = Bowl()
    searched(calm, 4)
    least = float((calm.curvature * (calm.seen[1] - TARGET).square()).sum() / 2)
    bowl = Bowl(totals={3: least * 1.29, 4: least * 1.29})
    made = searched(bowl, 4)
    torch.testing.assert_close(bowl.seen[3], calm.seen[3])
    torch.testing.assert_close(made, bowl.seen[1].clamp(-1, 1))


def test_lbfgs_continues_after_losses_that_are_not_finite() -> None:
    bowl = Bowl(totals={3: math.nan, 5: math.inf})
    made = searched(bowl, 40)
    torch.testing.assert_close(made, TARGET, atol=0.02, rtol=0)


def test_adam_takes_steps_of_its_rate_that_fall_to_a_tenth() -> None:
    bowl = Bowl()
    steps = 400
    searched(bowl, steps, optimizer="adam", rate=0.02)
    first = (bowl.seen[1] - bowl.seen[0]).abs()
    torch.testing.assert_close(first, torch.full(SHAPE, 0.02 * 0.05), atol=1e-6, rtol=1e-3)

    class Slope(Bowl):
        """The same slope everywhere."""

        def __call__(self, picture: torch.Tensor) -> tuple[Losses, torch.Tensor]:
            self.seen.append(picture.clone())
            return Losses(1.0, 1.0, 0.0, 0.0), torch.ones(SHAPE)

    slope = Slope()
    searched(slope, 21, optimizer="adam", rate=0.1)
    sizes = [-(b - a).mean().item() for a, b in zip(slope.seen, slope.seen[1:], strict=False)]
    wanted = [0.005 * (0.55 + 0.45 * math.cos(math.pi * n / 21)) for n in range(20)]
    assert sizes == pytest.approx(wanted, rel=2e-3)


def test_adam_finds_the_bottom_and_its_images_stay_within_range() -> None:
    bowl = Bowl()
    made = searched(bowl, 200, optimizer="adam")
    torch.testing.assert_close(made, TARGET, atol=0.01, rtol=0)
    fast = Bowl()
    searched(fast, 30, optimizer="adam", rate=30.0)
    assert all(picture.abs().max() <= 1 for picture in fast.seen)


def test_adam_gives_back_the_last_image_and_lbfgs_the_best() -> None:
    bowl = Bowl(totals={2: 1e-9})
    made = searched(bowl, 6, optimizer="adam")
    assert not torch.equal(made, bowl.seen[1])
    bowl = Bowl(totals={2: 1e-9})
    torch.testing.assert_close(searched(bowl, 6), bowl.seen[1].clamp(-1, 1))


def test_adam_stops_where_losses_are_no_numbers() -> None:
    with pytest.raises(genart.GenartError, match="losses of step 3 are not finite"):
        searched(Bowl(totals={3: math.nan}), 9, optimizer="adam")


def test_an_unknown_optimizer_is_reported_with_those_there_are() -> None:
    with pytest.raises(genart.UsageError, match='lbfgs or adam, not "sgd"'):
        searched(Bowl(), 1, optimizer="sgd")


def watched(stop: int | None = None) -> tuple[list[int], Callable[..., bool]]:
    told: list[int] = []

    def watch(step: int, losses: Losses, picture: torch.Tensor) -> bool:
        assert picture.shape == SHAPE
        told.append(step)
        return step == stop

    return told, watch


def test_the_callback_gets_every_step_and_can_stop_the_search() -> None:
    told, watch = watched()
    bowl = Bowl()
    searched(bowl, 5, watch=watch)
    assert told == [1, 2, 3, 4, 5]
    assert len(bowl.seen) == 5, "a step is one evaluation"
    told, watch = watched(stop=3)
    searched(Bowl(), 9, watch=watch)
    assert told == [1, 2, 3]


def totals_of(*totals: float) -> dict[int, float]:
    return dict(enumerate(totals, 1))


@pytest.mark.parametrize(
    ("totals", "tolerance", "steps"),
    [
        (totals_of(*[100.0] * 60), 0.01, 21),
        (totals_of(*[100.0 - n for n in range(60)]), 0.01, 60),
        (totals_of(*[100.0 * 0.9998**n for n in range(60)]), 0.01, 21),
        (totals_of(100.0, *[98.9] * 59), 0.01, 22),  # within 20 steps it had fallen once
        (totals_of(*[100.0] * 60), 0.0, 60),
        (totals_of(*[100.0] * 19, 98.9, *[100.0] * 40), 0.01, 40),
    ],
    ids=["still", "falling", "hardly", "once", "never", "best"],
)
def test_it_stops_where_the_total_falls_too_little_in_20_steps(
    totals: dict[int, float], tolerance: float, steps: int
) -> None:
    told, watch = watched()
    searched(Bowl(totals=totals), 60, optimizer="adam", tolerance=tolerance, watch=watch)
    assert len(told) == steps


def test_what_is_not_given_is_what_the_page_says() -> None:
    course = Optimisation()
    assert (course.optimizer, course.rate, course.canvas) == ("lbfgs", 1.0, "pixels")
    assert (course.tolerance, course.pairs) == (0.0, 20)
    assert course.watch(1, Losses(0, 0, 0, 0), FIRST) is None


def test_the_rate_of_adam_falls_over_few_steps_too() -> None:
    bowl = Bowl()
    searched(bowl, 2, optimizer="adam", rate=0.1)
    few = Bowl()
    searched(few, 4, optimizer="adam", rate=0.1)
    bowl.curvature = few.curvature = torch.ones(SHAPE)
    far = [picture - few.seen[0] for picture in few.seen]
    first, second = far[1].abs().mean().item(), (far[2] - far[1]).abs().mean().item()
    assert second / first == pytest.approx(0.55 + 0.45 * math.cos(math.pi / 4), rel=0.02)
