"""A network's outputs by kernels: never those of old weights, and none where they cannot be."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genart.kernels import Inference, Program

Size = tuple[int, int]


class Net(nn.Module):
    """Two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 24, 3, padding=1), nn.Conv2d(24, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.last(self.first(x).relu())
        return made


def plan(net: Net, program: Program, size: Size) -> Callable[..., Tensor] | None:
    """As the plug-ins make one; none for odd sizes."""
    if size[0] % 2:
        return None
    given, made = torch.empty(3, *size), torch.empty(3, *size)
    x = program.image(given)
    x = program.convolve(x, net.first.weight, net.first.bias, padding=(1, 1), slope=0.0, key="a")
    program.export(program.convolve(x, net.last.weight, net.last.bias, padding=(1, 1)), made)

    def call(image: Tensor) -> Tensor:
        given.copy_(image[0])
        program.run()
        return made.clone()[None]

    return call


def network() -> Net:
    torch.manual_seed(0)
    return Net().eval().requires_grad_(False)


def fast(net: nn.Module) -> Inference:
    return Inference(net, plan, (Net, nn.Conv2d))


def image(h: int = 8, w: int = 9) -> Tensor:
    return torch.randn(1, 3, h, w, generator=torch.Generator().manual_seed(h))


def check(inference: Inference, x: Tensor) -> None:
    made = inference((x.shape[2], x.shape[3]), x)
    assert made is not None
    with torch.no_grad():
        torch.testing.assert_close(made, inference.network(x), rtol=0, atol=1e-5)


def by_number(net: Net) -> None:
    net.first.weight[0, 0, 0, 0] += 1


def by_data(net: Net) -> None:
    net.first.weight.data.neg_()


def by_numpy(net: Net) -> None:
    array = net.last.weight.numpy()
    array *= -1


def by_loading(net: Net) -> None:
    net.load_state_dict({name: 1.5 * value for name, value in net.state_dict().items()})


def by_assigning(net: Net) -> None:
    net.load_state_dict({n: 1.5 * value for n, value in net.state_dict().items()}, assign=True)


def by_replacing(net: Net) -> None:
    net.last = nn.Conv2d(24, 3, 3, padding=1).eval().requires_grad_(False)


def by_bias(net: Net) -> None:
    net.last.bias.add_(1)  # type: ignore[union-attr]


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize(
    "change",
    [by_number, by_data, by_numpy, by_loading, by_assigning, by_replacing, by_bias],
)
def test_changed_weights_show_at_once(change: Callable[[Net], None]) -> None:
    net = network()
    inference = fast(net)
    check(inference, image())
    before = net(image())
    change(net)
    assert not torch.equal(net(image()), before)
    check(inference, image())
    check(inference, image(10, 10))


def training(net: Net) -> None:
    net.last.train()


def hook(net: Net) -> None:
    net.first.register_forward_hook(lambda *_: None)


def forward(net: Net) -> None:
    net.first.forward = lambda x: x  # type: ignore[method-assign]


def stranger(net: Net) -> None:
    net.first = nn.Sequential(net.first)  # type: ignore[assignment]


def half(net: Net) -> None:
    net.double()


def gradient(net: Net) -> None:
    net.requires_grad_(True)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("change", [training, hook, forward, stranger, half, gradient])
def test_what_only_the_network_can_do_is_left_to_it(change: Callable[[Net], None]) -> None:
    net = network()
    inference = fast(net)
    check(inference, image())
    change(net)
    assert inference((8, 9), image()) is None


@pytest.mark.usefixtures("kernels")
def test_calls_that_are_not_ordinary_are_left_to_the_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inference, x = fast(network()), image()
    assert inference((8, 9), x.double()) is None
    assert inference((8, 9), x.clone().requires_grad_(True)) is None
    with torch.autocast("cpu"):
        assert inference((8, 9), x) is None
    assert inference((7, 7), image(7, 7)) is None  # the planner has no plan
    with torch.no_grad():
        assert inference((8, 9), x.clone().requires_grad_(True)) is not None
    with torch.inference_mode():
        made = inference((8, 9), x)
    assert made is not None
    assert not made.is_inference()
    monkeypatch.setenv("GENART_NATIVE", "off")
    assert inference((8, 9), x) is None
    monkeypatch.setenv("GENART_NATIVE", "auto")
    check(inference, x)


@pytest.mark.usefixtures("kernels")
def test_few_plans_are_kept() -> None:
    calls: list[Size] = []

    def counted(net: Net, program: Program, size: Size) -> Callable[..., Tensor] | None:
        calls.append(size)
        return plan(net, program, size)

    inference = Inference(network(), counted, (Net, nn.Conv2d))
    for side in [8, 10, 12, 14, 16, 8]:  # the first one is forgotten
        check(inference, image(side, side))
    assert [h for h, _ in calls] == [8, 10, 12, 14, 16, 8]
    check(inference, image(14, 14))
    assert len(calls) == 6


@pytest.mark.usefixtures("kernels")
def test_several_threads_may_ask() -> None:
    inference = fast(network())
    wrong: list[Any] = []

    def ask(side: int) -> None:
        try:
            for _ in range(10):
                check(inference, image(side, side))
        except AssertionError as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(side,)) for side in (8, 10, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.usefixtures("kernels")
def test_a_copy_has_a_network_of_its_own() -> None:
    inference = fast(network())
    other = copy.deepcopy(inference)
    other.network.first.weight.neg_()
    check(inference, image())
    check(other, image())
