"""Frozen convolutions by kernels: the maps and the gradients of torch."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from genart.kernels.frozen import convolve
from genart_stylegan2.layers import conv_up, low_pass

CLOSE = 1e-5  # of the largest value; found: 4e-6
TAPS = [None, (1,), (1, 1), (1, 2, 1), (1, 3, 3, 1), (1, 5, 10, 10, 5, 1)]


def close(made: Tensor, wanted: Tensor) -> bool:
    made, wanted = made.detach(), wanted.detach()
    return float((made - wanted).abs().max()) <= CLOSE * float(wanted.abs().max())


def by_torch(x: Tensor, weight: Tensor, taps: tuple[int, ...] | None) -> Tensor:
    return F.conv2d(x, weight, padding=1) if taps is None else conv_up(x, weight, low_pass(taps))


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("taps", TAPS, ids=str)
@pytest.mark.parametrize("size", [(4, 4), (9, 13), (16, 30)])
def test_maps_and_gradients_are_those_of_torch(
    taps: tuple[int, ...] | None, size: tuple[int, int]
) -> None:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(2, 16, *size, generator=draw).requires_grad_()
    weight = torch.randn(32, 16, 3, 3, generator=draw)
    made = convolve(x, weight, None if taps is None else low_pass(taps))
    wanted = by_torch(x, weight, taps)
    assert made is not None
    assert close(made, wanted)
    g = torch.randn(wanted.shape, generator=draw)
    gradients = [torch.autograd.grad(each, x, g)[0] for each in (made, wanted)]
    assert close(*gradients)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("taps", [None, (1, 3, 3, 1)], ids=str)
def test_the_gradient_has_a_gradient_of_its_own(taps: tuple[int, ...] | None) -> None:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(1, 16, 9, 13, generator=draw).requires_grad_()
    weight = torch.randn(32, 16, 3, 3, generator=draw)
    found = []
    for made in (
        convolve(x, weight, None if taps is None else low_pass(taps)),
        by_torch(x, weight, taps),
    ):
        assert made is not None
        (slope,) = torch.autograd.grad(made.sin().sum(), x, create_graph=True)
        found.append(torch.autograd.grad(slope.square().sum(), x)[0])
    assert close(*found)


@pytest.mark.usefixtures("kernels")
def test_changed_weights_count_at_once() -> None:
    x, weight = torch.randn(1, 16, 12, 12, requires_grad=True), torch.randn(16, 16, 3, 3)
    first = convolve(x, weight)
    weight.neg_()
    second = convolve(x, weight)
    assert first is not None
    assert second is not None
    assert torch.equal(first, -second)


@pytest.mark.usefixtures("kernels")
def test_what_it_is_not_made_for_is_left_to_torch() -> None:
    x, weight = torch.randn(1, 16, 12, 12, requires_grad=True), torch.randn(16, 16, 3, 3)
    assert convolve(x.detach(), weight) is None, "no gradient is wanted"
    assert convolve(x, weight.clone().requires_grad_()) is None, "weights learn"
    assert convolve(x.double(), weight.double()) is None
    assert convolve(torch.randn(1, 8, 12, 12, requires_grad=True), weight[:, :8]) is None
    with torch.no_grad():
        assert convolve(x, weight) is None
    with torch.autocast("cpu", torch.bfloat16):
        assert convolve(x, weight) is None
