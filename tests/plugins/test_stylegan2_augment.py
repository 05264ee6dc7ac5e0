"""Adaptive augmentation: what it changes, how often, and how its strength is controlled."""

import pytest
import torch

from genart_stylegan2.augment import Controller, augment, diff_augment


def test_no_augmentation_at_p_zero_and_every_group_changes_images():
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


def test_gradients_reach_the_images_through_every_augmentation():
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


COUNT = 4000


def drawn(images, p, pipe, seed=1):
    """COUNT augmented copies of an image (c, h, w)."""
    copies = images.expand(COUNT, -1, -1, -1)
    return augment(copies, p, pipe, torch.Generator().manual_seed(seed))


def colour_maps(p):
    """The matrix (n, 3, 3) and the offset (n, 3) that colour augmentation applies."""
    basis = torch.cat([torch.eye(3), torch.zeros(3, 1)], 1)[:, None]  # red, green, blue, black
    made = drawn(basis, p, "c")[:, :, 0].double()
    offset = made[:, :, 3]
    return made[:, :, :3] - offset[:, :, None], offset


def parts_of_colour(p):
    """Offset, contrast, luma flip, saturation and hue angle of every colour map, (n,) each."""
    matrix, offset = colour_maps(p)
    grey = torch.full((3,), 3**-0.5, dtype=torch.float64)
    across = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64) / 2**0.5
    third = torch.linalg.cross(grey, across)
    torch.testing.assert_close(
        matrix @ grey, (matrix @ grey @ grey)[:, None] * grey, rtol=1e-4, atol=1e-5
    )
    contrast = (matrix @ grey) @ grey
    x, y = (matrix @ across) @ across, (matrix @ across) @ third
    assert (offset - offset[:, :1]).abs().max() < 1e-6
    return offset[:, 0], contrast.abs(), contrast < 0, torch.hypot(x, y), torch.atan2(y, x)


def test_colour_is_drawn_as_in_the_paper():
    """Karras et al. 2020b, appendix B: brightness N(0, 0.2^2), contrast lognormal 0.5 ln 2 ..."""
    offset, contrast, flip, along, angle = parts_of_colour(1.0)
    assert offset.mean().item() == pytest.approx(0, abs=0.015)
    assert offset.std().item() == pytest.approx(0.2, rel=0.05)
    assert contrast.log2().mean().item() == pytest.approx(0, abs=0.04)
    assert contrast.log2().std().item() == pytest.approx(0.5, rel=0.05)
    assert flip.double().mean().item() == pytest.approx(0.5, abs=0.03)
    saturation = (along / contrast).log2()
    assert saturation.mean().item() == pytest.approx(0, abs=0.06)
    assert saturation.std().item() == pytest.approx(1.0, rel=0.05)
    for turn in (1, 2):
        assert (turn * angle).cos().mean().item() == pytest.approx(0, abs=0.04)
        assert (turn * angle).sin().mean().item() == pytest.approx(0, abs=0.04)


def test_each_change_of_colour_happens_with_probability_p():
    offset, contrast, flip, along, angle = parts_of_colour(0.25)
    same = [
        offset.abs() < 1e-6, (contrast - 1).abs() < 1e-5, (along / contrast - 1).abs() < 1e-5,
        angle.abs() < 1e-5,
    ]  # fmt: skip
    for neutral in same:
        assert neutral.double().mean().item() == pytest.approx(0.75, abs=0.03)
    assert flip.double().mean().item() == pytest.approx(0.125, abs=0.03)


def test_colour_of_grey_images_is_contrast_brightness_and_flip():
    whole = drawn(torch.tensor([[[0.0, 1.0]]]), 1.0, "c").double()
    assert whole.shape == (COUNT, 1, 1, 2)
    offset, gain = whole[:, 0, 0, 0], whole[:, 0, 0, 1] - whole[:, 0, 0, 0]
    assert offset.std().item() == pytest.approx(0.2, rel=0.05)
    assert gain.abs().log2().std().item() == pytest.approx(0.5, rel=0.05)
    assert gain.abs().log2().mean().item() == pytest.approx(0, abs=0.04)
    assert (gain < 0).double().mean().item() == pytest.approx(0.5, abs=0.03)
    two = torch.rand(1, 2, 4, 4)
    assert torch.equal(augment(two, 1.0, "c"), two), "other numbers of channels have no colour"


def affine_maps(p, side=32):
    """Where pixels come from: the matrix (n, 2, 2) and the shift (n, 2) of the middle, in -1..1."""
    at = (torch.arange(side) + 0.5) * 2 / side - 1
    ramps = torch.stack([at.expand(side, side), at[:, None].expand(side, side)])  # x, y
    made = drawn(ramps, p, "g").double()
    low, high = side // 2 - 1, side // 2
    across = (made[:, :, low, high] - made[:, :, low, low]) * side / 2
    down = (made[:, :, high, low] - made[:, :, low, low]) * side / 2
    middle = made[:, :, low : high + 1, low : high + 1].mean((2, 3))
    inside = middle.abs().amax(1) < 0.5  # further out, mirrored edges come in
    return torch.stack([across, down], 2)[inside], middle[inside], inside


def test_geometry_is_drawn_as_in_the_paper():
    """Scale and squeeze are lognormal with 0.2 ln 2, shifts N(0, 0.125^2) of the side."""
    matrix, middle, inside = affine_maps(1.0)
    assert inside.double().mean() > 0.8
    scale = -matrix.det().abs().log2() / 2
    assert scale.mean().item() == pytest.approx(0, abs=0.02)
    assert scale.std().item() == pytest.approx(0.2, rel=0.06)
    longest, shortest = torch.linalg.svdvals(matrix).unbind(1)
    squeeze = (longest / shortest).log2() / 2  # the absolute value of a normal draw
    assert squeeze.square().mean().sqrt().item() == pytest.approx(0.2, rel=0.06)
    assert (matrix.det() > 0).all(), "nothing is mirrored"
    angle = torch.atan2(matrix[:, 1, 0] - matrix[:, 0, 1], matrix[:, 0, 0] + matrix[:, 1, 1])
    for turn in (1, 2):
        assert (turn * angle).cos().mean().item() == pytest.approx(0, abs=0.04)
        assert (turn * angle).sin().mean().item() == pytest.approx(0, abs=0.04)
    shift = torch.linalg.solve(matrix, -middle)
    assert shift.mean().item() == pytest.approx(0, abs=0.02)
    assert shift.abs().median().item() == pytest.approx(0.25 * 0.6745, rel=0.1)


def test_each_change_of_geometry_happens_with_probability_p():
    matrix, middle, _ = affine_maps(0.5)
    scale, (longest, shortest) = matrix.det(), torch.linalg.svdvals(matrix).unbind(1)
    upright = (matrix - matrix.mT).abs().amax((1, 2)) < 1e-4
    still = middle.abs().amax(1) < 1e-4
    for neutral in ((scale - 1).abs() < 1e-4, longest / shortest < 1 + 1e-4, upright, still):
        assert neutral.double().mean().item() == pytest.approx(0.5, abs=0.06)
    whole = upright & ((scale - 1).abs() < 1e-4) & (longest / shortest < 1 + 1e-4) & still
    assert whole.double().mean().item() == pytest.approx(0.5**4, abs=0.02)


def test_where_nothing_changes_pixels_are_the_same_bit_for_bit():
    image = torch.rand(3, 8, 8)
    made = drawn(image, 0.5, "g")
    same = (made == image).flatten(1).all(1)
    assert same.double().mean().item() == pytest.approx(0.5**4, abs=0.02)


def test_diff_augment_changes_brightness_saturation_and_contrast_by_its_ranges():
    half = torch.tensor([1.0, 0.0, -1.0])[:, None, None].expand(3, 8, 8).clone()
    half[:, :, 4:] += 0.25  # the colour is 1, 0, -1; right is brighter than left
    made = diff_augment(half.expand(COUNT, -1, -1, -1), torch.Generator().manual_seed(1)).double()
    kept = (made != 0).flatten(1).double().mean(1)
    assert kept.min() > 0.3, "the hole and the edge take less than the rest"
    seen = (made[:, 1] != 0).sum(1)
    green = made[:, 1].sum(1) / seen
    left, right, shown = green[:, 2], green[:, 5], (seen > 0)[:, [2, 5]].all(1)
    contrast = ((right - left) / 0.25)[shown]
    bounds = torch.tensor([contrast.min(), contrast.max(), contrast.mean()])
    assert bounds.tolist() == pytest.approx([0.5, 1.5, 1.0], abs=0.03)
    brightness = ((left + right) / 2 - 0.125)[shown]
    bounds = torch.tensor([brightness.min(), brightness.max(), brightness.mean()])
    assert bounds.tolist() == pytest.approx([-0.5, 0.5, 0.0], abs=0.03)
    colour = made[:, 0] - made[:, 1]
    saturation = colour.flatten(1).amax(1)[shown] / contrast
    bounds = torch.tensor([saturation.min(), saturation.max(), saturation.mean()])
    assert bounds.tolist() == pytest.approx([0.0, 2.0, 1.0], abs=0.05)


def test_diff_augment_shifts_by_an_eighth_and_cuts_out_half_the_side():
    white = torch.ones(COUNT, 3, 16, 24)  # brightness leaves it above 0
    made = diff_augment(white, torch.Generator().manual_seed(1))[:, 0] > 0
    rows, columns = made.any(2), made.any(1)
    top, bottom = rows.int().argmax(1), rows.flip(1).int().argmax(1)
    left, right = columns.int().argmax(1), columns.flip(1).int().argmax(1)
    corners = made[:, 0, 0] & made[:, -1, -1] & made[:, 0, -1] & made[:, -1, 0]
    assert corners.double().mean() > 0.02, "some are not shifted"
    most = [int(edge.max()) for edge in (top, bottom, left, right)]
    assert most == [2, 2, 2, 2]
    whole = corners & rows.all(1) & columns.all(1)
    hole = ~made[whole]
    assert int(hole.any(2).sum(1).max()) == 2 * (16 // 4) - 1
    assert int(hole.any(1).sum(1).max()) == 2 * (24 // 4) - 1
    assert torch.equal(hole.flatten(1).sum(1), hole.any(2).sum(1) * hole.any(1).sum(1)), "a box"
    assert hole.double().mean(0)[8, 12] > 3 * hole.double().mean(0)[1, 1] > 0


def test_the_controller_has_the_papers_target_and_speed():
    control = Controller()
    assert (control.p.item(), control.target, control.kimg) == (0.0, 0.6, 500)
    control = Controller(0.5)
    assert control.update(0.6, 50_000) == pytest.approx(0.6), "on target is not below it"
    assert control.update(0.599, 50_000) == pytest.approx(0.5)


def test_mirrors_and_turns_are_equally_frequent():
    image = torch.randn(1, 4, 4)
    known = [flipped.rot90(k, (1, 2)) for k in range(4) for flipped in (image, image.flip(2))]
    made = drawn(image, 1.0, "b")
    shares = [(made == each).flatten(1).all(1).double().mean().item() for each in known]
    assert shares == pytest.approx([1 / 8] * 8, abs=0.03)


def test_each_blit_happens_with_probability_p():
    image = torch.rand(1, 16, 16)
    same = (drawn(image, 0.5, "b") == image).flatten(1).all(1).double().mean().item()
    unmoved = 0.5 + 0.5 * 0.25  # a quarter of the shifts by up to 2 pixels is less than half of one
    assert same == pytest.approx(0.75 * (0.5 + 0.5 / 4) * unmoved**2, abs=0.03)
