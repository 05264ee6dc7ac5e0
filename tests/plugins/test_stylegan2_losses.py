"""The regularisers of StyleGAN2 and the divergence of its encoder, against closed forms."""

import pytest
import torch

from genart_stylegan2.encoder import divergence
from genart_stylegan2.losses import out_of_range, path_lengths, r1_penalty


def test_r1_of_a_linear_critic_is_half_its_squared_weight():
    weight = torch.randn(3, 4, 4)
    penalty = r1_penalty(
        lambda x: [(x[0] * weight).sum((1, 2, 3))[:, None]], [torch.randn(5, 3, 4, 4)]
    )
    assert penalty.item() == pytest.approx(weight.square().sum().item() / 2, rel=1e-5)


def test_only_what_leaves_the_range_of_images_costs():
    images = torch.tensor([-1.0, 0.3, 1.0, 3.0, -1.5]).reshape(1, 1, 1, 5)
    assert out_of_range(images[..., :3]) == 0
    assert out_of_range(images).item() == pytest.approx((2**2 + 0.5**2) / 5)


def test_path_lengths_of_a_linear_generator_are_its_scale():
    torch.manual_seed(0)
    ws = torch.randn(64, 1, 3 * 8 * 8, requires_grad=True)
    images = 2.5 * ws.reshape(64, 3, 8, 8)
    lengths = path_lengths(images, ws)
    # the noise has variance 1 / (h w) over 3 h w values, so lengths are 2.5 sqrt 3
    assert lengths.mean().item() == pytest.approx(2.5 * 3**0.5, rel=0.05)


def test_divergence_is_that_of_normals():
    mean, log_variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (log_variance / 2).exp()),
        torch.distributions.Normal(0.0, 1.0),
    ).sum()
    assert divergence(mean, log_variance).item() == pytest.approx(expected.item(), rel=1e-6)


def test_r1_averages_each_map_sums_maps_and_inputs_and_can_be_learnt_from():
    weight = torch.randn(3, 4, 4, requires_grad=True)

    def judge(seen):
        logits = [(x * weight).sum((1, 2, 3)) for x in seen]
        return [logits[0][:, None, None].expand(-1, 2, 3), 2 * logits[1][:, None]]

    penalty = r1_penalty(judge, [torch.randn(5, 3, 4, 4), torch.randn(5, 3, 4, 4)])
    assert penalty.item() == pytest.approx((1 + 4) * weight.square().sum().item() / 2, rel=1e-5)
    penalty.backward()
    torch.testing.assert_close(weight.grad, 5 * weight.detach())
    less = r1_penalty(judge, [torch.randn(5, 3, 4, 4), torch.randn(5, 3, 4, 4)], (1.0, 0.25))
    assert less.item() == pytest.approx((1 + 1) * weight.square().sum().item() / 2, rel=1e-5)


def test_path_lengths_average_over_layers_and_can_be_learnt_from():
    torch.manual_seed(0)
    scale = torch.tensor(2.0, requires_grad=True)
    ws = torch.randn(256, 2, 3 * 4 * 16, requires_grad=True)
    images = scale * (ws[:, 0] + 3 * ws[:, 1]).reshape(256, 3, 4, 16)
    lengths = path_lengths(images, ws)
    assert lengths.shape == (256,)
    assert lengths.mean().item() == pytest.approx(2 * (3 * (1 + 9) / 2) ** 0.5, rel=0.05)
    lengths.mean().backward()
    assert scale.grad.item() == pytest.approx((3 * (1 + 9) / 2) ** 0.5, rel=0.05)
