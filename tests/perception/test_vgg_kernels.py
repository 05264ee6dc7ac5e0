"""A VGG by kernels: the features and the gradients of torch."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor

from genart.perception.feature_networks import FeatureNetwork, network_of, torchvision_layers
from genart.perception.feature_weights import FeatureWeights

CLOSE = 1e-5  # of the largest value; found: 3e-6


@cache
def network(kind: str, pool: str = "") -> FeatureNetwork:
    draw = torch.Generator().manual_seed(0)
    state = {}
    for name, like in torchvision_layers(kind).named_parameters():
        scale = (2 / (9 * like.shape[1])) ** 0.5 if like.ndim == 4 else 0.05
        state[f"features.{name}"] = torch.randn(like.shape, generator=draw) * scale
    return network_of(FeatureWeights(kind, state), pool=pool)


def pictures(n: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    return torch.randn(n, 3, *size, generator=torch.Generator().manual_seed(seed))


def loss(found: dict[str, Tensor]) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.stack(
        [(v * torch.randn(v.shape, generator=draw)).sum() for v in found.values()]
    ).sum()


def gradient(net: FeatureNetwork, x: Tensor, layers: list[str]) -> tuple[dict[str, Tensor], Tensor]:
    leaf = x.clone().requires_grad_()
    found = net(leaf, layers)
    return found, torch.autograd.grad(loss(found), leaf)[0]


def close(made: Tensor, wanted: Tensor) -> bool:
    made, wanted = made.detach(), wanted.detach()
    return float((made - wanted).abs().max()) <= CLOSE * float(wanted.abs().max())


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize(
    ("kind", "pool", "layers", "size"),
    [
        ("vgg19", "", ["relu1_1", "conv4_2", "relu4_1", "relu5_1"], (33, 50)),
        ("vgg16", "average", ["relu1_2", "pool2", "relu3_3"], (32, 23)),
        ("vgg16", "", ["conv1_1", "relu1_1", "pool1", "conv2_1"], (17, 26)),
    ],
)
def test_features_and_gradients_are_those_of_torch(
    kind: str, pool: str, layers: list[str], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    net, x = network(kind, pool), pictures(2, size)
    made = gradient(net, x, layers)
    monkeypatch.setenv("GENART_NATIVE", "off")
    wanted = gradient(net, x, layers)
    assert list(made[0]) == list(wanted[0])
    assert not all(torch.equal(made[0][name], wanted[0][name]) for name in layers)
    assert all(close(made[0][name], wanted[0][name]) for name in layers)
    assert close(made[1], wanted[1])


@pytest.mark.usefixtures("kernels")
def test_another_image_between_forward_and_back_changes_no_gradient() -> None:
    net, layers = network("vgg16"), ["relu1_2", "relu2_2"]
    x = pictures(1, (24, 20))
    wanted = gradient(net, x, layers)[1]
    leaf = x.clone().requires_grad_()
    found = net(leaf, layers)
    net(pictures(1, (24, 20), seed=5), layers)
    assert torch.equal(torch.autograd.grad(loss(found), leaf)[0], wanted)


@pytest.mark.usefixtures("kernels")
def test_features_are_the_same_on_any_number_of_threads_and_in_any_batch() -> None:
    net, x, before = network("vgg16"), pictures(3, (24, 20)), torch.get_num_threads()
    made = []
    for many in (1, 2, 3):
        torch.set_num_threads(many)
        try:
            made.append(net(x, ["relu2_2"])["relu2_2"])
        finally:
            torch.set_num_threads(before)
    assert torch.equal(made[0], made[1])
    assert torch.equal(made[0], made[2])
    assert torch.equal(net(x[1:2], ["relu2_2"])["relu2_2"], made[0][1:2])


@pytest.mark.usefixtures("kernels")
def test_changed_weights_show_at_once() -> None:
    net, x = network("vgg16"), pictures(1, (24, 20))
    before = net(x, ["relu2_1"])["relu2_1"]
    conv = net.parts[2]
    with torch.no_grad():
        conv.weight.neg_()
        after = net(x, ["relu2_1"])["relu2_1"]
        conv.weight.neg_()
    assert not torch.allclose(after, before)
    assert torch.equal(net(x, ["relu2_1"])["relu2_1"], before)


@pytest.mark.usefixtures("kernels")
def test_weights_that_learn_are_left_to_torch() -> None:
    net = network_of(FeatureWeights("vgg16", dict(_state(network("vgg16")))))
    net.parts[0].weight.requires_grad_()
    net(pictures(1, (24, 20)), ["relu1_1"])["relu1_1"].sum().backward()
    assert net.parts[0].weight.grad is not None


def _state(net: FeatureNetwork) -> dict[str, Tensor]:
    return {f"features.{name}": each for name, each in net.parts.named_parameters()}


@pytest.mark.usefixtures("kernels")
def test_the_memory_that_kernels_keep_counts_when_tiles_are_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from genart_neural_style.memory import bytes_per_pixel

    net, layers = network("vgg16"), ("relu1_1", "relu2_2")
    measured = []
    for native in ("off", "auto"):
        monkeypatch.setenv("GENART_NATIVE", native)
        bytes_per_pixel.cache_clear()
        measured.append(bytes_per_pixel(net, layers))
    bytes_per_pixel.cache_clear()
    assert measured[1] > measured[0]  # maps forward and back, and the outputs
