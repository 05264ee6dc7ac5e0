"""The moving average of weights: its mean, its ramp-up, and what it leaves alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from genart.training.weight_average import WeightAverage, ramped_decay


def test_each_step_takes_in_its_share_of_the_weights_and_all_of_the_buffers() -> None:
    net = nn.BatchNorm1d(2)
    average = WeightAverage(net)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([3.0, -1.0]))
        net.running_mean += 7.0  # type: ignore[operator]
    average.update(net, 0.75)
    assert average.network.weight.tolist() == [1.5, 0.5]
    assert average.network.running_mean.tolist() == [7.0, 7.0]  # type: ignore[union-attr,operator]
    average.update(net, 0.5)
    assert average.network.weight.tolist() == [2.25, -0.25]


def test_the_average_is_apart_from_the_network_and_learns_nothing_itself() -> None:
    net = nn.Linear(2, 2)
    before = net.weight.detach().clone()
    average = WeightAverage(net)
    with torch.no_grad():
        average.network.weight.zero_()
    assert torch.equal(net.weight, before)
    assert not any(weight.requires_grad for weight in average.network.parameters())
    assert net.weight.requires_grad
    assert (net.training, average.network.training) == (True, False)


@pytest.mark.parametrize(
    ("half_life", "ramp", "step", "decay"),
    [
        (10.0, 1000.0, 1.0, 0.5**0.1),  # the ramp is over
        (10.0, 1000.0, 5.0, 0.5**0.5),
        (10.0, 2.0, 1.0, 0.5**0.5),  # a fifth of the way
        (10.0, 0.0, 1.0, 0.0),  # nothing of the initial weights is kept
    ],
)
def test_the_memory_grows_to_its_half_life(
    half_life: float, ramp: float, step: float, decay: float
) -> None:
    assert ramped_decay(half_life, ramp, step) == pytest.approx(decay)


def test_a_step_is_one_unit_unless_it_is_told_otherwise() -> None:
    assert ramped_decay(10.0, 1000.0) == ramped_decay(10.0, 1000.0, 1.0)
