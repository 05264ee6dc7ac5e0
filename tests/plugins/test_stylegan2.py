"""StyleGAN2: the same images as the official code, and what a generator promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.stylegan2_cases import CASES, SEEDS, WAYS, fill, picked, pictures, places

import genart
from genart.testing import check_generator
from genart_stylegan2.config import Config
from genart_stylegan2.discriminator import Discriminator
from genart_stylegan2.generator import StyleGAN2
from genart_stylegan2.layers import upsample
from genart_stylegan2.network import Network

FIXTURE = Path(__file__).with_name("stylegan2.npz")


def make(case: str = "16px", **changes: Any) -> StyleGAN2:
    network = Network(Config.from_dict(CASES[case] | changes))
    return StyleGAN2.from_network(fill(network).requires_grad_(False), name=case)


@pytest.fixture(scope="module")
def model() -> StyleGAN2:
    return make("32px")


@pytest.fixture(scope="module")
def official() -> dict[str, np.ndarray]:
    with np.load(FIXTURE) as archive:
        return dict(archive)


@pytest.mark.parametrize("case", CASES)
def test_images_are_the_official_ones(case: str, official: dict[str, np.ndarray]) -> None:
    ours = make(case)
    latent = ours.sample(
        SEEDS, None if not ours.num_classes else [n % ours.num_classes for n in SEEDS]
    )
    images = torch.stack(
        [ours(latent, noise=noise, truncation=psi, cutoff=cutoff) for noise, psi, cutoff in WAYS]
    )
    if ours.config.img_channels == 1:
        assert torch.equal(images[:, :, 0], images[:, :, 2]), "grey is three equal channels"
        images = images[:, :, :1]
    wanted = official[f"{case}/pixels"]
    np.testing.assert_allclose(picked(images.numpy()), wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize("case", [case for case in CASES if case != "4px"])
def test_the_critic_judges_as_the_official_one(case: str, official: dict[str, np.ndarray]) -> None:
    settings = {"architecture": "resnet"} | CASES[case]
    critic = fill(Discriminator(Config.from_dict(settings)))
    label = places(settings)[1]
    with torch.no_grad():
        logits = critic(pictures(settings), None if label is None else label.repeat(2, 1))
    np.testing.assert_allclose(logits, official[f"{case}/logits"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("case", ["4px", "grey", "alpha", "conditional", "w wider than z"])
def test_it_meets_the_contract(case: str) -> None:
    check_generator(make(case))


def test_alpha_models_give_four_channels() -> None:
    assert make("alpha")(make("alpha").sample(1)).shape == (1, 4, 16, 16)


def test_an_image_does_not_depend_on_its_batch() -> None:
    wide = make("64px", channel_base=4096, channel_max=128)
    together = wide(wide.sample([1, 2, 3, 4, 5]))
    alone = torch.cat([wide(wide.sample(seed)) for seed in (1, 2, 3, 4, 5)])
    assert torch.equal(together, alone)


def test_the_walk_through_noise_starts_at_const_and_closes(model: StyleGAN2) -> None:
    latent = model.sample(1)
    still = model(latent)
    assert torch.equal(model(latent, noise=0.0), still)
    assert torch.equal(model(latent, noise=1.0), still)
    assert not torch.equal(model(latent, noise=0.25), still)
    near = (model(latent, noise=0.999) - still).abs().mean()
    assert near < 0.1 * (model(latent, noise=0.5) - still).abs().mean()


def test_every_place_may_have_its_own_noise_phase(model: StyleGAN2) -> None:
    latent = model.sample([1, 2])
    both = model(latent, noise=torch.tensor([0.0, 0.25]))
    assert torch.allclose(both[:1], model(latent[0]), atol=1e-5)
    assert torch.allclose(both[1:], model(latent[1], noise=0.25), atol=1e-5)


def test_random_noise_is_fresh_each_time_and_none_is_none(model: StyleGAN2) -> None:
    latent = model.sample(1)
    assert not torch.equal(model(latent, noise="random"), model(latent, noise="random"))
    quiet = model(latent, noise="none")
    assert torch.equal(quiet, model(latent, noise="none"))
    assert not torch.equal(quiet, model(latent))


def test_a_w_serves_every_layer_and_is_truncated_like_any(model: StyleGAN2) -> None:
    ws = model.map(model.sample([1, 2]))
    w = genart.Latent("w", ws.values[:, 0])
    assert torch.equal(model(w), model(ws))
    assert torch.equal(model.map(w, 0.0).values[0, 0], model.network.mapping.w_avg)


def test_each_place_has_its_own_share_of_truncation(model: StyleGAN2) -> None:
    z = model.sample([1, 2])
    breathing = genart.Latent("z", z.values, truncation=torch.tensor([1.0, 0.5]))
    ws = model.map(breathing, 0.8).values
    assert torch.allclose(ws[0], model.map(z[0], 0.8).values[0])
    assert torch.allclose(ws[1], model.map(z[1], 0.4).values[0])


def test_a_reduced_model_gives_the_image_so_far_of_the_same_latents() -> None:
    smooth = make("64px")
    coarse = smooth.reduced(1)
    assert coarse is not None
    assert (coarse.resolution, coarse.num_ws) == ((32, 32), smooth.num_ws)
    ws = smooth.map(smooth.sample([1, 2]), 0.7)
    assert coarse(ws).shape == (2, 3, 32, 32)
    block = smooth.network.synthesis.b64
    with torch.no_grad():  # silence what the last block adds to the image
        block.torgb.weight.zero_()
        block.torgb.bias.zero_()
    assert torch.allclose(upsample(coarse(ws), block.resample_filter), smooth(ws), atol=1e-5)


def test_a_reduced_model_keeps_its_aspect_and_may_be_reduced_again(model: StyleGAN2) -> None:
    once = model.widened((32, 64)).reduced(1)
    assert once is not None
    again = once.reduced(2)
    assert again is not None
    assert (once.resolution, again.resolution) == ((16, 32), (4, 8))
    assert again.reduced(1) is None
    check_generator(once)


@pytest.mark.parametrize("architecture", ["orig", "resnet"])
def test_only_a_skip_network_has_smaller_images(architecture: str) -> None:
    assert make(architecture).reduced(1) is None


def test_all_blocks_in_half_precision_stay_near_without_being_configured_for_it() -> None:
    network = make("clamp").network
    ws = torch.randn(1, network.config.num_ws, network.config.w_dim)
    lean, full = network.synthesis(ws, half="all"), network.synthesis(ws)
    assert not torch.equal(lean, full)
    assert (lean - full).abs().max() < 0.02 * full.abs().max()
    assert make("clamp").in_half() is None  # a CPU is no faster with it


@pytest.mark.parametrize("architecture", ["skip", "orig", "resnet"])
def test_half_precision_stays_near_and_never_overflows(architecture: str) -> None:
    network = make("clamp", architecture=architecture).network
    ws = network.mapping(torch.randn(2, 32))[:, None].expand(-1, 10, -1)
    full, half = network.synthesis(ws), network.synthesis(ws, half=True)
    assert half.dtype == torch.float32
    assert 0 < (full - half).abs().max() < 0.01 * full.abs().max()
    assert network.synthesis(100 * ws, half=True).isfinite().all()


@pytest.mark.parametrize(
    ("size", "resolution"),
    [
        ((32, 64), (32, 64)),
        ((64, 128), (32, 64)),
        ((96, 32), (96, 32)),
        ((9, 16), (32, 56)),
        ((64, 64), (32, 32)),
    ],
)
def test_a_widened_model_has_the_aspect_asked_for(
    model: StyleGAN2, size: tuple[int, int], resolution: tuple[int, int]
) -> None:
    wide = model.widened(size)
    assert wide.resolution == resolution
    assert tuple(wide(wide.sample(1)).shape) == (1, 3, *resolution)


def test_a_widened_image_is_one_scene_without_a_seam(model: StyleGAN2) -> None:
    wide = model.widened((32, 64))
    steps = wide(wide.sample(1), noise="none").diff(dim=3).abs().mean((0, 1, 2))
    assert steps[15:48].max() <= 3 * steps.median()
    assert model.widened((32, 32)) is model
    wide.source = Path("model.safetensors")
    assert wide.widened((32, 32)).source == wide.source
    assert wide.widened((32, 32)).resolution == (32, 32)


def test_style_mixing_takes_layers_from_another_seed(model: StyleGAN2) -> None:
    rows, cols = model.sample([1, 2]), model.sample([3])
    a, b = model.map(rows).values, model.map(cols).values
    mixed = genart.mix(model, rows, cols, [0, 1, 2])
    assert torch.equal(mixed.values[:, :3], b.expand(2, -1, -1)[:, :3])
    assert torch.equal(mixed.values[:, 3:], a[:, 3:])
    assert not torch.equal(model(mixed), model(rows))


def test_a_class_changes_the_image_and_blends() -> None:
    classes = make("conditional")
    first, second = classes.sample(1, 0), classes.sample(1, 1)
    assert not torch.equal(classes(first), classes(second))
    bare = genart.Latent("z", first.values)
    assert torch.equal(classes(bare), classes(first)), "no label means class 0"
    half = genart.Latent("z", first.values, (first.label + second.label) / 2)
    assert not torch.equal(classes(half), classes(first))


def test_gradients_reach_the_latent_where_asked_and_are_not_kept_elsewhere(
    model: StyleGAN2,
) -> None:
    w = model.map(model.sample(1)).values.clone().requires_grad_(True)
    model(genart.Latent("w+", w), noise="none").square().mean().backward()
    assert w.grad is not None
    assert w.grad.abs().amax((0, 2)).min() > 0, "every layer counts"
    assert not model(model.sample(1)).requires_grad


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda g: g(genart.Latent("z", torch.zeros(1, 7))), r"needs values of shape \(n, 32\)"),
        (lambda g: g(genart.Latent("w", torch.zeros(1, 7))), r"\(n, 32\) here, not \(1, 7\)"),
        (lambda g: g(genart.Latent("w+", torch.zeros(1, 3, 32))), r"\(n, 8, 32\)"),
        (lambda g: g(g.sample(1), cutoff=-1), "Cutoff -1 is below 0"),
        (lambda g: g(g.sample(1), noise="loud"), 'Noise "loud" is not one of const, random, none'),
        (lambda g: g(g.sample(1), noise=float("nan")), "finite number"),
        (lambda g: g(g.sample([1, 2]), noise=torch.zeros(3)), "1 phase or 2"),
        (lambda g: g(g.sample(1), noise=None), "neither a name nor a number"),
        (
            lambda g: g(genart.Latent("z", torch.zeros(1, 32), torch.ones(1, 2))),
            "has no classes",
        ),
        (lambda g: g.widened((1, 100)), "at most 8 times"),
        (lambda g: g.reduced(-1), "0 or more times, not -1"),
    ],
)
def test_a_wrong_argument_says_what_is_allowed(model: StyleGAN2, call: Any, says: str) -> None:
    with pytest.raises(genart.UsageError, match=says):
        call(model)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"img_resolution": 48}, "power of two from 4 to 2048"),
        ({"img_resolution": "64"}, "img_resolution is '64'"),
        ({"img_channels": 2}, "1, 3 or 4"),
        ({"architecture": "stylegan3"}, "orig, skip, resnet"),
        ({"mapping_layers": 10**9}, r"1\.\.32"),
        ({"channel_max": True}, "whole number"),
        ({"channel_base": 8}, "16 .img_resolution. or more"),
        ({"conv_clamp": float("nan")}, "above 0, or None"),
        ({"resample_filter": [1, -1]}, "do not sum to 0"),
        ({"resample_filter": None}, "1 to 16 numbers"),
        ({"blur": 1}, "Unknown StyleGAN2 settings: blur"),
    ],
)
def test_a_shape_out_of_range_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(genart.UsageError, match=says):
        Config.from_dict(CASES["16px"] | changes)


def test_settings_survive_json() -> None:
    config = Config.from_dict(CASES["filter of 6, resnet"])
    assert Config.from_dict(config.to_dict()) == config
