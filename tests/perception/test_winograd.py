"""Frozen 3x3 convolutions by fewer products: the same maps, the same gradients."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import genart
from genart.perception.winograd import BACKWARD


def frozen(into: int = 128, out: int = 160, **words: object) -> genart.perception.FrozenConv2d:
    torch.manual_seed(1)
    return genart.perception.FrozenConv2d.of(
        nn.Conv2d(into, out, **{"kernel_size": 3, "padding": 1, **words})
    )  # type: ignore[arg-type]


def close(found: Tensor, wanted: Tensor) -> bool:
    found, wanted = found.detach(), wanted.detach()
    return float((found - wanted).abs().max()) <= 1e-5 * float(wanted.abs().max())


@pytest.mark.parametrize("size", [(24, 28), (25, 35), (9, 62)])
def test_maps_and_gradients_are_the_convolutions(size: tuple[int, int]) -> None:
    conv = frozen()
    x = torch.randn(2, 128, *size).contiguous(memory_format=torch.channels_last).requires_grad_()
    y, plain = conv(x), F.conv2d(x, conv.weight, conv.bias, padding=1)
    assert not torch.equal(y, plain), "it was made another way"
    assert y.shape == plain.shape
    assert close(y, plain)
    y, plain = F.relu_(y), F.relu_(plain)
    weights = torch.randn_like(y)
    assert close(*(torch.autograd.grad(each, x, weights)[0] for each in (y, plain)))


def test_an_image_keeps_nothing_for_its_gradient() -> None:
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    x = torch.randn(1, 128, 24, 24, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        frozen()(x)
    assert kept == []


def test_changed_weights_count_at_once_and_copies_have_their_own() -> None:
    conv, x = frozen(), torch.randn(1, 128, 24, 24)
    before = conv(x)
    other = copy.deepcopy(conv)
    with torch.no_grad():
        conv.weight.mul_(2)
    assert close(conv(x), F.conv2d(x, conv.weight, conv.bias, padding=1))
    assert torch.equal(other(x), before)
    with torch.inference_mode():
        assert torch.equal(frozen()(x), before)


@pytest.mark.parametrize(
    "words",
    [{"stride": 2}, {"padding": 0}, {"dilation": 2}, {"groups": 32}, {"kernel_size": 5},
     {"padding_mode": "reflect"}, {"into": 64}],
)  # fmt: skip
def test_what_it_is_not_made_for_is_left_to_torch(words: dict[str, object]) -> None:
    conv = frozen(**words)  # type: ignore[arg-type]
    x = torch.randn(1, conv.in_channels, 24, 24)
    assert torch.equal(conv(x), nn.Conv2d.forward(conv, x))
    assert torch.equal(conv.double()(x.double()), nn.Conv2d.forward(conv, x.double()))


def test_weights_that_learn_get_their_gradient() -> None:
    conv = frozen().requires_grad_()
    conv(torch.randn(1, 128, 24, 24)).sum().backward()
    assert conv.weight.grad is not None


def test_the_way_back_filters_with_kernels_read_backwards() -> None:
    weight = torch.randn(5, 7, 3, 3)
    made = genart.perception.MinimalFilter((8, 12), 5, 7, BACKWARD)
    framed, out = made.framed(), made.whole()
    x = torch.randn(5, 8, 12)
    framed[1:9, 1:13] = x.permute(1, 2, 0)
    made(framed, genart.perception.at_points(weight).transpose(1, 2), out)
    wanted = F.conv_transpose2d(x[None], weight, padding=1)[0].permute(1, 2, 0)
    assert close(out, wanted)


def test_what_torch_makes_by_default_does_not_matter() -> None:
    conv, x = frozen(), torch.randn(1, 128, 24, 24)
    wanted = conv(x)
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.equal(conv(x), wanted)
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.device("meta"):
        assert torch.equal(conv(x), wanted)
    with pytest.raises(RuntimeError):
        conv.bfloat16()(x)
