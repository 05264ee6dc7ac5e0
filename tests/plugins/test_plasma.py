"""The weightless generator: what every generator promises, on a formula."""

import pytest
import torch

import genart
from genart.plugins import registry

NAMES = ("plasma", "plasma-classes", "plasma-alpha")


@pytest.fixture(params=NAMES)
def plasma(request):
    return registry("generator").create(request.param, resolution=(24, 32))


@pytest.fixture
def plain():
    return registry("generator").create("plasma", resolution=32)


def test_an_image_has_the_asked_size_range_and_channels(plasma):
    image = plasma(plasma.sample([1, 2]))
    assert image.shape == (2, 4 if plasma.name == "plasma-alpha" else 3, 24, 32)
    assert image.dtype == torch.float32
    assert image.min() >= -1
    assert image.max() <= 1
    assert image[:, :3].std() > 0.2, "an image with contrast"


def test_an_image_does_not_depend_on_its_batch(plasma):
    keys = plasma.sample([5, 6, 7])
    together = plasma(keys, truncation=0.7)
    alone = torch.cat([plasma(keys[i], truncation=0.7) for i in range(3)])
    assert torch.equal(together, alone)


def test_another_instance_makes_the_same_image(plasma):
    twin = registry("generator").create(plasma.name, resolution=(24, 32))
    assert torch.equal(plasma(plasma.sample(3)), twin(twin.sample(3)))


def test_w_plus_latents_make_the_image_of_their_z(plasma):
    z = plasma.sample([1, 2])
    mapped = plasma.map(z, truncation=0.5, cutoff=4)
    assert mapped.space == "w+"
    assert mapped.values.shape == (2, plasma.num_ws, plasma.w_dim)
    assert torch.equal(plasma(mapped), plasma(z, truncation=0.5, cutoff=4))
    single = genart.Latent("w", plasma.map(z).values[:, 0], z.label)
    assert torch.equal(plasma(single), plasma(z))


def test_truncation_pulls_towards_one_average_image(plasma):
    keys = plasma.sample([1, 2])
    still = plasma.map(keys, truncation=0).values
    assert torch.equal(still[0], still[1])
    full, half = plasma.map(keys).values, plasma.map(keys, truncation=0.5).values
    torch.testing.assert_close(half - still, (full - still) / 2)


def test_cutoff_leaves_later_layers_alone(plain):
    keys = plain.sample(1)
    full, cut = plain.map(keys).values, plain.map(keys, truncation=0.5, cutoff=3).values
    assert torch.equal(full[:, 3:], cut[:, 3:])
    assert not torch.equal(full[:, :3], cut[:, :3])


def test_a_latents_own_truncation_multiplies_the_asked_one(plain):
    z = plain.sample([1, 2])
    breathing = genart.Latent("z", z.values, truncation=torch.tensor([1.0, 0.5]))
    got = plain.map(breathing, truncation=0.8).values
    torch.testing.assert_close(got[0], plain.map(z, truncation=0.8).values[0])
    torch.testing.assert_close(got[1], plain.map(z, truncation=0.4).values[1])


def test_noise_is_constant_random_absent_or_a_closed_walk(plain):
    key = plain.sample(1)
    const, none = plain(key), plain(key, noise="none")
    assert torch.equal(const, plain(key))
    assert not torch.equal(const, none)
    assert not torch.equal(plain(key, noise="random"), plain(key, noise="random"))
    walk = plain(plain.sample([1, 1, 1]), noise=torch.tensor([0.0, 0.3, 1.0]))
    assert torch.equal(walk[0], const[0])
    assert torch.equal(walk[2], const[0])
    assert not torch.equal(walk[1], const[0])


def test_unknown_noise_names_the_kinds(plain):
    with pytest.raises(genart.UsageError, match="const, random, none or a phase"):
        plain(plain.sample(1), noise="pink")


def test_alpha_is_opaque_inside_and_clear_outside():
    silk = registry("generator").create("plasma-alpha", resolution=64)
    alpha = silk(silk.sample(range(4)))[:, 3]
    assert (alpha[:, 32, 32] > 0.9).all()
    assert (alpha[:, 0, 0] < -0.9).all()


def test_classes_change_the_image_and_class_0_is_the_default():
    silk = registry("generator").create("plasma-classes", resolution=16)
    first, second = silk(silk.sample([1, 1], label=[0, 2]))
    assert not torch.equal(first, second)
    unlabelled = genart.Latent("z", silk.sample(1).values)
    assert torch.equal(silk(unlabelled)[0], first)


def test_layers_steer_different_stages(plain):
    key, other = plain.map(plain.sample([1])), plain.map(plain.sample([2]))
    base = plain(key, noise="none")
    for layer in range(plain.num_ws):
        values = key.values.clone()
        values[:, layer] = other.values[:, layer]
        assert (plain(genart.Latent("w+", values), noise="none") - base).abs().mean() > 0.005


def test_widened_paints_at_the_size_itself(plain):
    wide = plain.widened((18, 40))
    assert wide(wide.sample(1)).shape == (1, 3, 18, 40)
    assert torch.equal(wide.map(wide.sample(1)).values, plain.map(plain.sample(1)).values)


def test_images_can_be_followed_back_to_z(plain):
    z = plain.sample(1).values.requires_grad_()
    plain(genart.Latent("z", z)).mean().backward()
    assert z.grad is not None
    assert z.grad.abs().sum() > 0


def test_too_few_pixels_are_refused():
    with pytest.raises(genart.UsageError, match="at least 2x2 pixels"):
        registry("generator").create("plasma", resolution=1)
