"""Constant perceptual speed, measured with another yardstick than the one it uses."""

import itertools

import pytest
import torch

import genart
from genart.latents.constant_speed import pyramid
from genart.plugins import registry

PHASES = [k / 60 for k in range(61)]


@pytest.fixture(scope="module")
def plasma():
    return registry("generator").create("plasma", resolution=40)


def variation(walk, plasma, truncation=1.0):
    """Standard deviation over mean of the pixel distances between neighbouring frames."""
    images = plasma(walk.at(PHASES), truncation=truncation)
    steps = (images[1:] - images[:-1]).abs().mean((1, 2, 3))
    return (steps.std() / steps.mean()).item()


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("easing", ["linear", "sine"])
def test_frames_travel_equal_distances(loop, easing, plasma):
    uneven = genart.walk(plasma.sample([1, 2, 2, 3]), "cubic", loop=loop, easing=easing)
    even = genart.latents.even(uneven, plasma, truncation=0.8)
    assert variation(even, plasma, 0.8) < variation(uneven, plasma, 0.8) / 3


def test_a_breathing_walk_can_be_even_too(plasma):
    uneven = genart.walk(plasma.sample([1, 2, 3]), "pulse")
    assert variation(genart.latents.even(uneven, plasma), plasma) < variation(uneven, plasma) / 2


def test_an_even_loop_closes_bit_for_bit_and_starts_where_it_started(plasma):
    walk = genart.walk(plasma.sample([1, 2, 3]), "slerp")
    even = genart.latents.even(walk, plasma)
    assert even.loop
    assert torch.equal(even(0).values, even(1).values)
    assert torch.equal(even(0).values, walk(0).values)
    assert torch.equal(even(-0.25).values, even(0.75).values)


def test_an_even_open_walk_keeps_both_ends(plasma):
    keys = plasma.sample([1, 2, 3])
    even = genart.latents.even(genart.walk(keys, loop=False, easing="sine"), plasma)
    assert not even.loop
    assert torch.equal(even(0).values, keys[0].values)
    assert torch.equal(even(1).values, keys[2].values)


def test_an_even_walk_never_turns_back(plasma):
    keys = plasma.sample([1, 2])
    even = genart.latents.even(genart.walk(keys, "linear", loop=False, easing="hold"), plasma)
    left = (even.at(PHASES).values - keys.values[1]).norm(dim=1)
    assert (left[1:] < left[:-1]).all()


def test_a_still_walk_stays_still(plasma):
    walk = genart.walk(plasma.sample([1, 1]), "linear")
    even = genart.latents.even(walk, plasma)
    assert torch.equal(even(0.4).values, walk(0.4).values)


@pytest.mark.parametrize("loop", [True, False])
def test_a_walk_that_is_even_already_stays_as_it_is(loop, plasma):
    seen = itertools.count()
    walk = genart.walk(plasma.sample([1, 2, 3]), "cubic", loop=loop)
    even = genart.latents.even(
        walk, plasma, features=lambda image: torch.tensor([[float(next(seen))] for _ in image])
    )
    between = [0.0, 0.003, 0.007, *PHASES, 0.994, 0.997]
    torch.testing.assert_close(even.at(between).values, walk.at(between).values)


def test_features_can_be_ones_own(plasma):
    walk = genart.walk(plasma.sample([1, 2, 3]), "cubic")
    even = genart.latents.even(walk, plasma, features=lambda image: image.flatten(1))
    assert variation(even, plasma) < variation(walk, plasma) / 2
    assert not torch.equal(even(0.4).values, genart.latents.even(walk, plasma)(0.4).values)


def test_progress_ends_at_the_total(plasma):
    seen = []
    genart.latents.even(
        genart.walk(plasma.sample([1, 2])), plasma, samples=20, progress=seen.append
    )
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total == 21
    assert seen[-1].unit == "image"


def test_few_samples_are_refused(plasma):
    with pytest.raises(genart.UsageError, match="4 samples or more"):
        genart.latents.even(genart.walk(plasma.sample([1, 2])), plasma, samples=3)


def test_a_yardstick_does_not_depend_on_size_and_sees_edges():
    ramp = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    large = torch.nn.functional.interpolate(ramp, scale_factor=4, mode="nearest")
    torch.testing.assert_close(pyramid(ramp), pyramid(large))
    flat, brighter = torch.zeros(1, 3, 64, 64), torch.full((1, 3, 64, 64), 0.2)
    checks = 0.2 * (torch.arange(64) % 2 * 2 - 1.0).expand(1, 3, 64, 64)
    far = (pyramid(checks) - pyramid(flat)).norm()
    assert (pyramid(brighter) - pyramid(flat)).norm() > 0.2
    assert far > 0.3
    assert pyramid(torch.zeros(2, 3, 1, 5)).shape[0] == 2
