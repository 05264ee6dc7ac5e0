"""A step of CycleGAN and pix2pix: rates, order, crops, discriminators, sheets, restore."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from genart_translate.data import Domains
from genart_translate.objectives import adversarial, gradient_penalty
from genart_translate.settings import CycleGANSettings, Pix2PixSettings
from genart_translate.trainer import KINDS
from genart_translate.training import Training

TINY: dict[str, Any] = {
    "resolution": 8, "filters": 4, "blocks": 1, "levels": 2, "critic_filters": 4,
    "critic_layers": 0, "pool": 2, "epochs": 2.0, "decay": 2.0, "jitter": 1.25,
}  # fmt: skip
SETTINGS = {"cyclegan": CycleGANSettings, "pix2pix": Pix2PixSettings}
BOTH = pytest.mark.parametrize("kind", ["cyclegan", "pix2pix"])


def run_of(kind: str = "cyclegan", count: int = 6, other: int | None = None, **words: Any) -> Any:
    """A run on `count` random images of 10 x 10 pixels in one domain, `other` in the second."""
    rng = torch.Generator().manual_seed(0)
    a, b = (
        torch.randint(0, 256, (n, 3, 10, 10), dtype=torch.uint8, generator=rng)
        for n in (count, other or count)
    )
    settings = SETTINGS[kind].from_options(TINY | words)
    return KINDS[kind].make(settings, Domains(a, b), torch.device("cpu"))


@BOTH
def test_a_run_lasts_its_epochs_and_its_rate_ends_at_0(kind: str) -> None:
    run = run_of(kind, epochs=1.0, decay=2.0, batch=2, lr=0.01)
    assert run.total == 9
    rates = []
    for _ in range(9):
        rates.append([optimiser.param_groups[0]["lr"] for optimiser in (run.g_opt, run.d_opt)])
        run.step()
    falling = [0.01] * 4 + [0.01 * k / 6 for k in (5, 4, 3, 2, 1)]
    assert [g for g, _ in rates] == pytest.approx(falling)
    assert [d for _, d in rates] == pytest.approx(falling)
    assert (run.rate, run.epoch, run.steps) == (0.0, 3.0, 9)
    assert run_of(kind, epochs=0.001, decay=0.0).total == 1
    assert run_of(kind, epochs=0.4, decay=0.0, count=6, batch=1).total == 3


def test_an_epoch_is_a_pass_over_the_larger_domain() -> None:
    run = run_of(count=3, other=8, batch=2)
    run.step()
    assert (run.epoch, run.total) == (0.25, 16)


@BOTH
def test_adam_has_the_rate_and_the_momentum_of_the_settings(kind: str) -> None:
    run = run_of(kind, lr=0.003, beta1=0.3)
    for optimiser, names in ((run.g_opt, run.generators), (run.d_opt, run.critics)):
        (group,) = optimiser.param_groups
        assert (group["lr"], group["betas"]) == (0.003, (0.3, 0.999))
        known = {id(p) for name in names for p in run.nets[name].parameters()}
        assert {id(p) for p in group["params"]} == known


@BOTH
def test_the_schedule_gets_the_mean_loss_of_each_epoch(kind: str) -> None:
    run, told, paid = run_of(kind, count=5, batch=2, pool=0), list[float](), list[float]()
    run.schedule.epoch_ended = told.append
    for _ in range(8):
        paid.append(run.step()["g"])
    assert told == pytest.approx([sum(paid[:3]) / 3, sum(paid[3:5]) / 2, sum(paid[5:8]) / 3])


@BOTH
def test_discriminators_and_generators_are_updated_one_after_the_other(kind: str) -> None:
    run = run_of(kind)
    descend, seen = run._descend, list[tuple[bool, bool, bool]]()

    def note(optimiser: Any, loss: torch.Tensor) -> None:
        learning = {p.requires_grad for name in run.critics for p in run.nets[name].parameters()}
        nets = run.critics if optimiser is run.d_opt else run.generators
        before = [p.detach().clone() for name in nets for p in run.nets[name].parameters()]
        descend(optimiser, loss)
        after = [p for name in nets for p in run.nets[name].parameters()]
        moved = any(not torch.equal(*pair) for pair in zip(before, after, strict=True))
        seen.append((optimiser is run.d_opt, learning == {True}, moved))

    run._descend = note
    run.step()
    order = [(False, False, True), (True, True, True)]
    assert seen == (order if kind == "cyclegan" else order[::-1])


@BOTH
@pytest.mark.parametrize("loss", ["lsgan", "vanilla"])
def test_the_discriminator_loss_is_half_the_sum_of_both_parts(kind: str, loss: str) -> None:
    run = run_of(kind, loss=loss)
    name, channels = run.critics[0], 3 if kind == "cyclegan" else 6
    reals, fakes = torch.rand(2, channels, 8, 8), torch.rand(2, channels, 8, 8)
    critic = run.nets[name]
    both = adversarial(critic(reals), True, loss) + adversarial(critic(fakes), False, loss)
    assert run._critic_loss(name, reals, fakes).item() == pytest.approx(both.item() / 2)


def test_wgangp_adds_the_weighted_gradient_penalty() -> None:
    run = run_of(loss="wgangp", penalty=7.0)
    critic, reals, fakes = run.nets["critic_a"], torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    torch.manual_seed(1)
    loss = run._critic_loss("critic_a", reals, fakes).item()
    torch.manual_seed(1)
    slope = gradient_penalty(critic, reals, fakes).item()
    apart = (critic(fakes).mean() - critic(reals).mean()).item() / 2
    assert loss == pytest.approx(apart + 7.0 * slope, rel=1e-4)


def test_each_discriminator_sees_reals_of_its_domain_and_fakes_from_the_pool() -> None:
    run = run_of()
    judged = dict[str, tuple[torch.Tensor, torch.Tensor]]()
    critic_loss = run._critic_loss

    def note(name: str, reals: torch.Tensor, fakes: torch.Tensor) -> torch.Tensor:
        judged[name] = reals, fakes
        return critic_loss(name, reals, fakes)

    run._critic_loss = note
    a, b = run._next()
    with torch.no_grad():
        made = {"critic_a": run.nets["b_to_a"](b), "critic_b": run.nets["a_to_b"](a)}
    log = run._step(a, b)
    for name, reals in (("critic_a", a), ("critic_b", b)):
        assert torch.equal(judged[name][0], reals)
        torch.testing.assert_close(judged[name][1], made[name])
    run.pools["critic_a"].exchange = lambda fakes: torch.zeros_like(fakes)
    run._step(a, b)
    assert not judged["critic_a"][1].any(), "the discriminator gets what the pool gives"
    assert log["d"] > 0


def test_the_discriminator_of_pix2pix_sees_source_and_image() -> None:
    run = run_of("pix2pix", l1=3.0)
    judged, critic_loss = list[tuple[torch.Tensor, torch.Tensor]](), run._critic_loss

    def note(name: str, reals: torch.Tensor, fakes: torch.Tensor) -> torch.Tensor:
        judged.append((reals, fakes))
        return critic_loss(name, reals, fakes)

    run._critic_loss = note
    a, b = run._next()
    run.nets.train()
    with torch.no_grad():
        fake = run.nets["a_to_b"](a)
    log = run._step(a, b)
    assert torch.equal(judged[0][0], torch.cat([a, b], 1))
    torch.testing.assert_close(judged[0][1], torch.cat([a, fake], 1))
    assert log["l1"] == pytest.approx((fake - b).abs().mean().item(), rel=1e-5)
    assert log["g"] == pytest.approx(log["fool"] + 3.0 * log["l1"], rel=1e-5)


def test_crops_and_mirrors_follow_the_draws() -> None:
    run = run_of()
    domain = torch.arange(300, dtype=torch.uint8).reshape(1, 3, 10, 10)
    index = torch.tensor([0, 0, 0])
    draws = torch.tensor([[0.0, 0.0, 0.5], [0.999, 0.34, 0.499], [0.4, 0.999, 0.9]])
    made = (run._jittered(domain, index, draws) + 1) * 127.5
    wanted = [domain[0, :, :8, :8], domain[0, :, 2:, 1:9].flip(2), domain[0, :, 1:9, 2:]]
    torch.testing.assert_close(made, torch.stack(wanted).float(), atol=1e-3, rtol=0)
    assert made.is_contiguous(memory_format=torch.channels_last)
    plain = (run_of(flip=False)._jittered(domain, index, draws) + 1) * 127.5
    torch.testing.assert_close(plain[1], wanted[1].flip(2).float(), atol=1e-3, rtol=0)
    middle = (run._middle(domain, 0) + 1) * 127.5
    torch.testing.assert_close(middle[0], domain[0, :, 1:9, 1:9].float(), atol=1e-3, rtol=0)


def test_every_epoch_of_a_domain_shows_each_image_once_in_an_order_of_its_seed() -> None:
    run, orders = run_of(count=6, other=4, batch=2, seed=3), {"a": list[int](), "b": list[int]()}
    for step in range(12):
        run.steps = step
        for domain, count in (("a", 6), ("b", 4)):
            orders[domain] += run._order(domain, count).tolist()
    for domain, count in (("a", 6), ("b", 4)):
        epochs = [orders[domain][i : i + count] for i in range(0, 24, count)]
        assert all(sorted(epoch) == list(range(count)) for epoch in epochs)
        assert len(set(map(tuple, epochs))) > 1
    same, other, later = run_of(seed=3), run_of(seed=4), run_of(seed=3)
    first = [same._shuffled("a", 50, 0).tolist(), same._shuffled("b", 50, 0).tolist()]
    assert first[0] != first[1], "domains have orders of their own"
    assert other._shuffled("a", 50, 0).tolist() != first[0]
    assert later._shuffled("a", 50, 1).tolist() != first[0]
    assert later._shuffled("a", 50, 0).tolist() == first[0]
    for number, domain in enumerate("ab"):  # or a run that goes on would have another order
        rng = torch.Generator().manual_seed((3 * 1_000_003 + 7) * 2 + number)
        assert torch.equal(later._shuffled(domain, 9, 7), torch.randperm(9, generator=rng))


def test_the_domains_of_cyclegan_are_cropped_apart_and_pairs_alike() -> None:
    torch.manual_seed(0)
    both = torch.arange(300, dtype=torch.uint8).reshape(1, 3, 10, 10)
    for kind in KINDS:
        settings = SETTINGS[kind].from_options(TINY | {"batch": 16})
        run = KINDS[kind].make(settings, Domains(both, both), torch.device("cpu"))
        a, b = run._next()  # type: ignore[attr-defined]
        assert torch.equal(a, b) == (kind == "pix2pix")
        assert len({tuple(x.flatten().tolist()) for x in a}) > 8


@BOTH
def test_without_averaging_what_is_kept_is_the_last_generator(kind: str) -> None:
    run, averaged = run_of(kind, ema=0.0), run_of(kind, ema=50.0)
    assert run.learnt("a_to_b") is run.nets["a_to_b"]
    assert averaged.learnt("a_to_b") is not averaged.nets["a_to_b"]
    run.step()
    assert run.state()["averaged"] == {}
    before = [p.detach().clone() for p in averaged.learnt("a_to_b").parameters()]
    averaged.nets.eval()
    averaged.step()
    after = averaged.learnt("a_to_b").parameters()
    assert not all(torch.equal(*pair) for pair in zip(before, after, strict=True))
    assert averaged.nets.training


@BOTH
def test_a_sheet_is_the_same_each_time_and_leaves_the_run_alone(kind: str) -> None:
    run = run_of(kind, dropout=True, count=9)
    run.step()
    chance = torch.get_rng_state()
    rows = run.sheet()
    assert torch.equal(torch.get_rng_state(), chance)
    assert run.nets["a_to_b"].training
    for row, again in zip(rows, run.sheet(), strict=True):
        assert all(map(torch.equal, row, again))
    if kind == "cyclegan":
        assert [len(row) for row in rows] == [3] * 8
        sources = [run._middle(run.data.a, n) for n in (0, 2, 4, 6)]
        sources += [run._middle(run.data.b, n) for n in (0, 2, 4, 6)]
        assert all(torch.equal(row[0], source) for row, source in zip(rows, sources, strict=True))
        assert torch.equal(rows[0][1], run._shown("a_to_b", rows[0][0]))
        assert torch.equal(rows[0][2], run._shown("b_to_a", rows[0][1]))
        assert torch.equal(rows[7][1], run._shown("b_to_a", rows[7][0]))
        assert torch.equal(rows[7][2], run._shown("a_to_b", rows[7][1]))
    else:
        assert [len(row) for row in rows] == [6] * 4
        assert torch.equal(rows[0][3], run._middle(run.data.a, 1))
        assert torch.equal(rows[0][1], run._shown("a_to_b", rows[0][0]))
        assert torch.equal(rows[3][5], run._middle(run.data.b, 7))


def same_state(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_state(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_state, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


@BOTH
def test_a_step_after_a_restore_is_the_step_that_would_have_come(kind: str) -> None:
    words = {"schedule": "plateau", "ema": 4.0, "batch": 2, "count": 4}
    run, other = run_of(kind, **words), run_of(kind, **words)
    for _ in range(3):
        run.step()
    kept = copy.deepcopy(run.state())
    assert (kept["steps"], kept["paid"][1], len(kept["pools"])) == (3, 1, len(run.critics))
    run.step()
    other.restore(kept)
    assert same_state(other.state() | {"rng": 0}, kept | {"rng": 0})
    other.step()
    assert same_state(run.state(), other.state())


@BOTH
def test_the_seed_decides_the_weights(kind: str) -> None:
    first, again, other = (run_of(kind, seed=seed).nets.state_dict() for seed in (1, 1, 2))
    assert same_state(first, again)
    assert not same_state(first, other)
    weights = [weight for weight in first.values() if weight.ndim == 4]
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)


def test_initial_weights_have_the_gain_of_the_settings() -> None:
    wide, narrow = (
        run_of(filters=32, init_gain=gain).nets["a_to_b"].state_dict() for gain in (0.5, 0.02)
    )
    name = next(name for name, weight in wide.items() if weight.ndim == 4)
    assert wide[name].std().item() == pytest.approx(0.5, rel=0.1)
    assert narrow[name].std().item() == pytest.approx(0.02, rel=0.1)


def test_runs_are_of_their_kind() -> None:
    assert all(isinstance(run_of(kind), Training) for kind in KINDS)
