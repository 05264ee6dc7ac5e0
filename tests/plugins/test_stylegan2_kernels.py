"""StyleGAN2 by kernels: the network's own images, and never one of weights that have gone."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from support.engine_cases import (
    affine,
    bias,
    both,
    by_assigning,
    by_data,
    by_loading,
    by_numpy,
    by_replacing,
    by_step,
    const,
    image,
    in_place,
    network,
    noise_map,
    noise_strength,
    places,
)
from support.engine_cases import (
    kernels as by_kernels,
)
from support.stylegan2_cases import CASES

import genart
from genart_stylegan2.generator import StyleGAN2

CLOSE = 2e-5  # found: 9.5e-6 at worst, of images up to 3
pytestmark = pytest.mark.usefixtures("kernels")


@pytest.fixture
def model() -> StyleGAN2:
    return StyleGAN2.from_network(network())


@pytest.fixture
def reference(model: StyleGAN2) -> StyleGAN2:
    return StyleGAN2.from_network(model.network, engine=False)


def agree(model: StyleGAN2, reference: StyleGAN2, latent: genart.Latent | None = None) -> bool:
    latent = model.sample(1) if latent is None else latent
    return torch.allclose(model(latent), reference(latent), rtol=0, atol=CLOSE)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("case", CASES)
def test_it_makes_what_the_network_makes(case: str) -> None:
    fast, slow = both(network(case))
    torch.testing.assert_close(fast, slow, rtol=0, atol=CLOSE)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("architecture", ["skip", "resnet"])
@pytest.mark.parametrize("start", [(4, 4), (5, 4), (4, 13)])
def test_an_image_is_the_same_bit_for_bit_on_any_number_of_threads(
    architecture: str, start: tuple[int, int]
) -> None:
    net = network(architecture, img_resolution=64)
    made, before = [], torch.get_num_threads()
    for many in (1, 2, 3, 1):
        torch.set_num_threads(many)
        try:
            made.append(image(by_kernels(net), places(net), start=start, top=64))
        finally:
            torch.set_num_threads(before)
    assert made[0] is not None
    assert all(torch.equal(each, made[0]) for each in made)


@pytest.mark.parametrize("architecture", ["skip", "orig", "resnet"])
@pytest.mark.parametrize("noise", ["const", "random", "none", torch.tensor([0.3])], ids=str)
@pytest.mark.parametrize("start", [(4, 4), (4, 7), (8, 4), (4, 32)])
def test_it_knows_every_kind_of_network_noise_and_aspect(
    architecture: str, noise: Any, start: tuple[int, int]
) -> None:
    fast, slow = both(network(architecture), noise, start)
    torch.testing.assert_close(fast, slow, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("taps", [(1,), (1, 1), (1, 2, 1), (1, 2, 3, 4), (1, 5, 10, 10, 5, 1)])
@pytest.mark.parametrize("architecture", ["skip", "resnet"])
def test_it_knows_every_filter(taps: tuple[int, ...], architecture: str) -> None:
    fast, slow = both(network(architecture, resample_filter=taps))
    torch.testing.assert_close(fast, slow, rtol=1e-5, atol=CLOSE)


def test_it_knows_large_images_and_many_channels() -> None:
    fast, slow = both(network(img_resolution=256, channel_base=4096, channel_max=300))
    torch.testing.assert_close(fast, slow, rtol=0, atol=5e-5)


@pytest.mark.parametrize("top", [4, 8, 16])
def test_it_stops_early_where_asked(top: int) -> None:
    fast, slow = both(network(), top=top)
    assert fast.shape[-1] == top
    torch.testing.assert_close(fast, slow, rtol=0, atol=CLOSE)


def test_generators_play_it_in_batches_truncated_with_labels_and_at_any_size() -> None:
    net = network("conditional")
    fast = StyleGAN2.from_network(net)
    slow = StyleGAN2.from_network(net, engine=False)
    latent = fast.sample([1, 2, 3, 4], [0, 1, 2, 3])
    for options in ({}, {"truncation": 0.6}, {"truncation": 0.5, "cutoff": 3}, {"noise": 0.4}):
        made = fast(latent, **options)
        torch.testing.assert_close(made, slow(latent, **options), rtol=0, atol=CLOSE)
    assert torch.equal(fast(latent)[2:3], fast(latent[2])), "whatever the batch, bit for bit"
    wide, small = fast.widened((16, 32)), fast.reduced(1)
    assert small is not None
    assert torch.equal(wide(latent[1]), wide(latent[1]))
    coarse = slow.reduced(1)
    assert coarse is not None
    torch.testing.assert_close(small(latent), coarse(latent), rtol=0, atol=CLOSE)


def test_an_image_is_its_own_and_stays_as_it_is(model: StyleGAN2) -> None:
    first = model(model.sample(1))
    before = first.clone()
    first_again = model(model.sample(1))
    model(model.sample(2))
    assert torch.equal(first, before)
    assert torch.equal(first_again, before), "the same latent gives the same image"


@pytest.mark.parametrize(
    "change",
    [
        in_place, by_data, by_numpy, by_loading, by_assigning, by_step, by_replacing,
        noise_strength, noise_map, bias, affine, const,
    ],
)  # fmt: skip
def test_changed_weights_show_at_once(model: StyleGAN2, reference: StyleGAN2, change: Any) -> None:
    latent = model.sample(1)
    before = model(latent)
    change(model.network)
    after = model(latent)
    assert (after - before).abs().max() > 100 * CLOSE
    assert torch.allclose(after, reference(latent), rtol=1e-4, atol=5 * CLOSE)


def test_hooks_and_other_forwards_are_heeded(model: StyleGAN2) -> None:
    latent = model.sample(1)
    before = model(latent)
    layer = model.network.synthesis.b16.conv1
    hook = layer.register_forward_hook(lambda _, __, made: made.neg())
    assert not torch.allclose(model(latent), before, atol=0.01)
    hook.remove()
    assert torch.equal(model(latent), before)
    layer.forward = lambda *args, **kwargs: -type(layer).forward(layer, *args, **kwargs)
    assert not torch.allclose(model(latent), before, atol=0.01)
    del layer.forward
    hook = torch.nn.modules.module.register_module_forward_hook(
        lambda module, _, made: made.neg() if module is layer else None
    )
    assert not torch.allclose(model(latent), before, atol=0.01)
    hook.remove()
    assert torch.equal(model(latent), before)


def test_gradients_flow_to_the_latent(model: StyleGAN2, reference: StyleGAN2) -> None:
    model(model.sample(1))
    grads = []
    for generator in (model, reference):
        z = genart.Latent("z", generator.sample(1).values.requires_grad_())
        generator(z).square().sum().backward()
        grads.append(z.values.grad)
    assert grads[0] is not None
    assert grads[0].abs().sum() > 0
    assert torch.equal(grads[0], grads[1])


@pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")  # in torch's own jvp
def test_forward_derivatives_and_vmap_are_left_to_the_network(
    model: StyleGAN2, reference: StyleGAN2
) -> None:
    z = model.sample(1).values
    paint = lambda values: model(genart.Latent("z", values))  # noqa: E731
    plain = lambda values: reference(genart.Latent("z", values))  # noqa: E731
    made, slope = torch.func.jvp(paint, (z,), (torch.ones_like(z),))
    assert slope.abs().sum() > 0
    assert torch.equal(slope, torch.func.jvp(plain, (z,), (torch.ones_like(z),))[1])
    assert torch.allclose(made, paint(z), atol=CLOSE)
    many = torch.func.vmap(paint)(model.sample([1, 2]).values[:, None])
    assert torch.allclose(many[:, 0], paint(model.sample([1, 2]).values), atol=CLOSE)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_other_numbers_than_float32_are_left_to_the_network(kind: torch.dtype) -> None:
    net = network()
    net.synthesis.to(kind)
    assert image(by_kernels(net), places(net)) is None


def test_a_filter_that_is_no_product_of_few_taps_is_left_to_the_network() -> None:
    net = network()
    net.synthesis.b16.conv0.resample_filter.add_(0.05)
    assert image(by_kernels(net), places(net)) is None
    long = network(resample_filter=tuple(range(1, 10)))
    assert image(by_kernels(long), places(long)) is None


def test_what_watches_or_changes_every_call_is_left_to_the_network() -> None:
    net = network()
    engine = by_kernels(net)
    ask = lambda ws: engine(((4, 4), 32, frozenset()), ws, "const", {})  # noqa: E731
    assert ask(places(net)) is None, "gradients of the weights are wanted"
    net.requires_grad_(False)
    assert ask(places(net).double()) is None
    assert ask(places(net).requires_grad_()) is None
    with torch.autocast("cpu", torch.bfloat16):
        assert ask(places(net)) is None
    with torch.inference_mode():
        inside = ask(places(net))
    outside = ask(places(net))
    assert inside is not None
    assert outside is not None
    assert torch.equal(inside, outside)


def test_two_threads_take_turns_with_one_model_and_two_models_play_at_once() -> None:
    shared, own = StyleGAN2.from_network(network()), StyleGAN2.from_network(network("64px"))
    latents = [shared.sample(seed) for seed in range(6)]
    wanted = [[model(latent) for latent in latents] for model in (shared, shared, own)]
    found: list[list[torch.Tensor]] = [[], [], []]

    def play(n: int, model: StyleGAN2) -> None:
        found[n].extend(model(latent) for latent in latents)

    threads = [
        threading.Thread(target=play, args=(n, model))
        for n, model in enumerate((shared, shared, own))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for made, right in zip(found, wanted, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(made, right, strict=True))


def test_a_model_that_has_played_can_be_copied_and_pickled(model: StyleGAN2) -> None:
    latent = model.sample(1)
    played = model(latent)
    twin = copy.deepcopy(model)
    in_place(twin.network)
    assert not torch.equal(twin(latent), played), "a copy has its own weights"
    assert torch.equal(pickle.loads(pickle.dumps(model))(latent), played)
    assert torch.equal(model(latent), played)


def test_compile_for_readies_what_plays(model: StyleGAN2) -> None:
    ready = model.compile_for(size=(32, 64))
    assert ready.resolution == (32, 64)
    latent = model.sample(1)
    assert torch.equal(ready(latent), model.widened((32, 64))(latent))
    assert model.compile_for() is model
    with pytest.raises(genart.UsageError, match="at least 1 image"):
        model.compile_for(batch=0)
    with pytest.raises(genart.UsageError, match="to load it there"):
        model.compile_for(device="meta")


def test_changed_layers_are_those_of_the_network(model: StyleGAN2, reference: StyleGAN2) -> None:
    names = model.layer_names()
    latent = model.sample(1)
    for changed in ([names[1]], [names[0], names[-1]], names):
        changes = {name: lambda x: x.flip(-1) * 0.5 for name in changed}
        made = [each._images(latent, 1.0, None, "const", changes) for each in (model, reference)]
        torch.testing.assert_close(made[0], made[1], rtol=0, atol=CLOSE)


def test_without_kernels_the_network_makes_the_images(
    model: StyleGAN2, reference: StyleGAN2, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agree(model, reference)
    monkeypatch.setenv("GENART_NATIVE", "off")
    assert torch.equal(model(model.sample(1)), reference(model.sample(1)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    work = (
        "import os, sys, torch\n"
        "from support.engine_cases import image, kernels, network, places\n"
        "torch.set_num_threads(2)\n"
        "net = network()\n"
        "made = kernels(net)\n"
        "first = image(made, places(net))\n"
        "assert first is not None\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(0 if torch.equal(image(made, places(net)), first) else 5)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    tests = str(Path(__file__).parents[1])
    paths = os.pathsep.join(filter(None, [tests, os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", work],
        env={**os.environ, "PYTHONPATH": paths}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0
