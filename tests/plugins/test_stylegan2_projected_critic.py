"""The projected critic: scales, classes, views and the discriminator of pixels."""

import torch
import torch.nn.functional as F

from genart_stylegan2.projected_critic import PixelDiscriminator, ProjectedCritic, random_views


def test_the_critic_scores_four_scales_and_pixels_and_its_features_are_frozen():
    critic = ProjectedCritic(64)
    assert [tuple(x.shape[1:]) for x in critic(torch.zeros(2, 3, 32, 32))] == [
        (1, 4, 4), (1, 4, 4), (1, 4, 4), (1, 2, 2), (1, 8, 8),
    ]  # fmt: skip
    learning = {name.split(".")[0] for name, p in critic.named_parameters() if p.requires_grad}
    assert learning == {"judges", "pixel_judge"}


def test_the_projected_critic_scores_an_image_by_its_class():
    critic, image = ProjectedCritic(64, classes=3).eval(), torch.randn(1, 3, 64, 64)
    maps = critic.project(image, torch.tensor([[0.0, 0.0, 1.0]]))
    first, second = (critic.judge(maps, torch.eye(3)[i : i + 1]) for i in (0, 1))
    for a, b in list(zip(first, second, strict=True))[:4]:
        assert not torch.allclose(a, b)
    assert torch.equal(first[4], second[4]), "pixels are scored without the class"


def test_the_pixel_discriminator_learns_to_reject_a_pattern_of_two_or_three_pixels():
    torch.manual_seed(0)
    stripes = 0.01 * torch.sin(2 * torch.pi * torch.arange(32) / 2.46)[:, None]
    judge = PixelDiscriminator()
    optimiser = torch.optim.Adam(judge.parameters(), lr=0.001, betas=(0.0, 0.99))

    def scores():
        smooth = F.interpolate(torch.randn(4, 3, 8, 8) * 0.3, (32, 32), mode="bicubic")
        grain = torch.randn(4, 3, 32, 32) * 0.005
        return judge(smooth + grain).mean(), judge(smooth + grain + stripes).mean()

    for _ in range(40):
        plain, striped = scores()
        optimiser.zero_grad()
        (F.softplus(-plain) + F.softplus(striped)).backward()
        optimiser.step()
    with torch.no_grad():
        plain, striped = scores()
    assert plain > striped + 0.5


def test_views_lie_inside_the_image_and_some_are_the_whole():
    x, y, side = random_views(1000, "cpu").T
    assert (x.abs() + side).max() <= 1 + 1e-6
    assert (y.abs() + side).max() <= 1 + 1e-6
    assert side.min() >= 0.5
    assert 0.3 < (side == 1).float().mean() < 0.5


def test_a_view_is_that_part_of_the_image():
    critic, image = ProjectedCritic(64), torch.rand(1, 3, 64, 64)
    views = torch.tensor([[0.0, 0.0, 1.0], [0.5, -0.5, 0.5]])
    whole, part = (critic.features(image, view[None]) for view in views)
    for a, b in zip(whole, critic.features(image), strict=True):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)
    right_top = F.interpolate(image[:, :, :32, 32:], (64, 64), mode="bicubic")
    for a, b in zip(part, critic.features(right_top), strict=True):
        assert F.cosine_similarity(a.flatten(), b.flatten(), dim=0) > 0.95
