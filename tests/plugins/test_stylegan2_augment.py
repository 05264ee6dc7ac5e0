"""Adaptive augmentation: what it changes, how often, and how its strength is controlled."""

import pytest
import torch

from genart_stylegan2.augment import Controller, augment, diff_augment


def test_no_augmentation_at_p_zero_and_every_group_changes_pictures():
    images = torch.rand(8, 3, 16, 16) * 2 - 1
    assert augment(images, 0.0) is images
    for group in "bgc":
        changed = augment(images, 1.0, group, torch.Generator().manual_seed(1))
        assert changed.shape == images.shape
        assert (changed - images).abs().amax((1, 2, 3)).min() > 0, group


def test_augmentation_happens_with_probability_p():
    images = torch.rand(400, 3, 8, 8) * 2 - 1
    changed = augment(images, 0.2, "c", torch.Generator().manual_seed(1))
    share = ((changed - images).abs().amax((1, 2, 3)) > 1e-4).float().mean().item()
    assert share == pytest.approx(1 - 0.8**5 * 1.0, abs=0.1)  # five colour transforms


@pytest.mark.parametrize(("size", "kinds"), [((4, 4), 8), ((3, 4), 4)])
def test_blits_mirror_and_turn_and_change_no_value(size, kinds):
    image = torch.randn(3, *size)
    turns = [image.rot90(k, (1, 2)) for k in range(4) if kinds == 8 or k % 2 == 0]
    known = [each.flip(2) if flip else each for each in turns for flip in (0, 1)]
    made = augment(image.expand(200, -1, -1, -1), 1.0, "b", torch.Generator().manual_seed(1))
    seen = {next(i for i, each in enumerate(known) if torch.equal(each, x)) for x in made}
    assert len(seen) == kinds


def test_a_shift_moves_whole_pixels_and_mirrors_at_the_edge():
    row = torch.arange(16.0).expand(1, 4, 16)
    made = augment(row.expand(300, -1, -1, -1), 1.0, "b", torch.Generator().manual_seed(1))
    shifted = {tuple(x[0, 0].int().tolist()) for x in made}
    assert (2, 1, *range(14)) in shifted, "two to the right"
    assert (*range(2, 16), 14, 13) in shifted, "two to the left"
    assert len(shifted) == 10, "-2..2, mirrored or not"


def test_luma_flip_and_hue_keep_grey_grey():
    grey = torch.linspace(-1, 1, 64).reshape(1, 1, 8, 8).expand(20, 3, 8, 8)
    changed = augment(grey, 1.0, "c", torch.Generator().manual_seed(3))
    assert (changed.amax(1) - changed.amin(1)).abs().max() < 1e-5


def test_gradients_reach_the_pictures_through_every_augmentation():
    images = torch.zeros(4, 3, 16, 16, requires_grad=True)
    augment(images, 1.0).sum().backward()
    assert torch.isfinite(images.grad).all()
    assert images.grad.abs().sum() > 0
    assert diff_augment(images.detach()).shape == images.shape


def test_the_controller_follows_the_sign_of_the_critic():
    control = Controller(0.5, target=0.6, kimg=1)
    assert control.update(0.9, 100) == pytest.approx(0.6)
    assert control.update(0.1, 300) == pytest.approx(0.3)
    assert control.update(-1, 10_000) == 0
    assert control.update(1, 10_000) == 1
