"""The losses of CycleGAN and pix2pix, the gradient penalty and the image pool."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genart_translate.objectives import Pool, adversarial, gradient_penalty


def test_a_pool_gives_back_older_fakes_at_even_chance() -> None:
    torch.manual_seed(0)
    pool = Pool(50)
    fakes = torch.arange(2050.0).view(-1, 1, 1, 1)
    back = [float(pool.exchange(fake[None])) for fake in fakes]
    assert back[:50] == list(range(50))  # until it is full
    fresh = [n == value for n, value in enumerate(back) if n >= 50]
    assert 0.45 < np.mean(fresh) < 0.55
    ages = [n - value for n, value in enumerate(back) if n >= 500 and n != value]
    assert 80 < np.mean(ages) < 120  # 50 entries, every second step one of them is exchanged
    assert len(set(back[50:])) == 2000  # each fake is used once, those of the filling twice
    assert len(pool.held) == 50
    assert torch.equal(Pool(0).exchange(fakes[:3]), fakes[:3])


def test_objectives_are_those_of_their_papers() -> None:
    logits = torch.tensor([-1.0, 0.0, 2.0])
    assert adversarial(logits, True, "lsgan") == pytest.approx((4 + 1 + 1) / 3)
    assert adversarial(logits, False, "lsgan") == pytest.approx((1 + 0 + 4) / 3)
    cross = -np.log(1 / (1 + np.exp(-logits.numpy().astype(float)))).mean()
    assert float(adversarial(logits, True, "vanilla")) == pytest.approx(cross)
    assert adversarial(logits, True, "wgangp") == pytest.approx(-1 / 3)
    slope = torch.full((1, 3, 4, 4), 0.5)  # a critic of gradient norm 0.5 * sqrt(48)
    pictures = torch.rand(2, 3, 4, 4)
    penalty = gradient_penalty(lambda x: (x * slope).flatten(1).sum(1), pictures, pictures)
    assert float(penalty) == pytest.approx((0.5 * 48**0.5 - 1) ** 2, rel=1e-5)


def test_objectives_of_fakes_are_those_of_their_papers() -> None:
    logits = torch.tensor([[-1.0, 0.0], [2.0, 3.0]])
    cross = np.log(1 + np.exp(logits.numpy().astype(float))).mean()
    assert float(adversarial(logits, False, "vanilla")) == pytest.approx(cross)
    assert float(adversarial(logits, False, "wgangp")) == pytest.approx(1.0)
    assert adversarial(logits.half(), True, "wgangp").dtype == torch.float32


def test_the_gradient_penalty_looks_at_one_place_between_each_real_and_its_fake() -> None:
    torch.manual_seed(0)
    reals, fakes = torch.full((500, 1, 2, 2), 3.0), torch.full((500, 1, 2, 2), 1.0)
    weight, seen = torch.ones(4, requires_grad=True), list[torch.Tensor]()

    def critic(images: torch.Tensor) -> torch.Tensor:
        seen.append(images.detach())
        return (images.flatten(1) * weight).sum(1)

    penalty = gradient_penalty(critic, reals, fakes)
    assert penalty.item() == pytest.approx((2.0 - 1.0) ** 2)
    (slope,) = torch.autograd.grad(penalty, weight)
    torch.testing.assert_close(slope, torch.full((4,), 2 * 1.0 * 0.5))
    share = (seen[0] - 1) / 2
    torch.testing.assert_close(share, share[:, :, :1, :1].expand_as(share))
    shares = share[:, 0, 0, 0]
    assert 0 <= shares.min() < 0.02 < 0.98 < shares.max() <= 1
    assert shares.mean().item() == pytest.approx(0.5, abs=0.05)


def test_a_restored_pool_continues_as_the_saved_one() -> None:
    torch.manual_seed(0)
    pool, other = Pool(3), Pool(3)
    other.restore(pool.state(), torch.device("cpu"))
    assert other.held == []
    first = torch.arange(16.0).view(4, 1, 2, 2).requires_grad_()
    back = pool.exchange(first)
    assert back.shape == first.shape
    assert not back.requires_grad
    other.restore(pool.state(), torch.device("cpu"))
    assert [x.shape for x in other.held] == [(1, 1, 2, 2)] * 3
    chance = torch.get_rng_state()
    one = pool.exchange(first + 100)
    torch.set_rng_state(chance)
    assert torch.equal(other.exchange(first + 100), one)
