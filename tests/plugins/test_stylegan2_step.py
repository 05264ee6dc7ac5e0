"""One step of StyleGAN2's training: optimisers, averaged weights, order of the images."""

import copy
import dataclasses
import math

import pytest
import torch

import genart
from genart_stylegan2 import training
from genart_stylegan2.data import Dataset
from genart_stylegan2.settings import Settings
from genart_stylegan2.training import Training

SMALL = {
    "resolution": 16, "z_dim": 8, "w_dim": 8, "mapping_layers": 2, "channel_base": 128,
    "channel_max": 16, "batch": 4, "r1_every": 2, "pl_every": 2,
}  # fmt: skip


def run_of(count=6, **settings):
    """A run on `count` random images, with settings of SMALL."""
    rng = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8, generator=rng)
    return Training(
        Settings(**{**SMALL, **settings}), Dataset(pictures, None, 0), torch.device("cpu")
    )


@pytest.mark.parametrize(
    ("settings", "half_lives"),
    [
        ({"ema_kimg": 10.0, "ema_rampup": 0.5}, [2, 4, 6]),  # half of the images so far
        ({"ema_kimg": 0.005, "ema_rampup": 1.0}, [4, 5, 5]),  # ema_kimg is the most
    ],
    ids=["ramp-up", "full"],
)
def test_the_half_life_of_the_averaged_weights_grows_with_the_images_shown(settings, half_lives):
    run = run_of(**settings)
    expected = [p.double() for p in run.average.network.parameters()]
    for half_life in half_lives:
        run.step()
        keep = 0.5 ** (run.settings.batch / half_life)
        now = [p.detach().double() for p in run.generator.parameters()]
        expected = [keep * old + (1 - keep) * new for old, new in zip(expected, now, strict=True)]
    for mean, wanted in zip(run.average.network.parameters(), expected, strict=True):
        torch.testing.assert_close(mean.double(), wanted, rtol=1e-5, atol=1e-7)
    assert torch.equal(run.average.network.mapping.w_avg, run.generator.mapping.w_avg)


def test_adam_has_no_momentum_and_a_rate_for_regularisers_of_their_own_step():
    run = run_of(glr=0.01, dlr=0.02, r1_every=3, pl_every=1, gamma=1.0)
    for optimiser, rate, share in ((run.g_opt, 0.01, 1 / 2), (run.d_opt, 0.02, 3 / 4)):
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        first = parameters[0].detach().clone()
        run._descend(optimiser, sum(p.sum() for p in parameters))
        torch.testing.assert_close(parameters[0], first - rate * share)
        moved = [p.detach().clone() for p in parameters]
        run._descend(optimiser, sum((p * 0).sum() for p in parameters))
        assert all(map(torch.equal, parameters, moved)), "without a gradient nothing moves"
        group = optimiser.param_groups[0]
        assert group["lr"] == pytest.approx(rate * share)
        assert group["betas"][1] == pytest.approx(0.99**share)
    assert run_of(dlr=0.02, gamma=0.0).d_opt.param_groups[0]["lr"] == 0.02, "no regulariser"


def recorded(run):
    """The losses that a run descends from now on, each with the name of its optimiser."""
    losses, descend = [], run._descend

    def note(optimiser, loss):
        losses.append(("g" if optimiser is run.g_opt else "d", loss.item()))
        descend(optimiser, loss)

    run._descend = note
    return losses


def test_regularisers_are_due_at_their_steps_and_weigh_for_the_steps_between():
    run = run_of(gamma=0.5, r1_every=3, pl_weight=4.0, pl_every=2, aug="none")
    losses, due = recorded(run), []
    for _ in range(7):
        before = len(losses)
        mean = run.path_mean.item()
        log = run.step()
        done = losses[before:]
        due.append(("r1" in log, "path" in log))
        assert [name for name, _ in done[:2]] == ["d", "g"], "critic, then generator"
        assert done[0][1] == pytest.approx(log["d"].item())
        assert done[1][1] == pytest.approx(log["g"].item(), rel=1e-5)
        if "r1" in log:
            assert done[2] == ("d", pytest.approx(0.5 * 3 * log["r1"].item(), rel=1e-5))
        if "path" in log:
            assert done[-1][0] == "g"
            length = mean + (log["path"].item() - mean) / 0.01  # of the step, on average
            least = 4.0 * 2 * (length - log["path"].item()) ** 2
            assert done[-1][1] >= least * 0.999
            assert done[-1][1] == pytest.approx(least, rel=0.5)
    assert [r1 for r1, _ in due] == [True, False, False] * 2 + [True]
    assert [path for _, path in due] == [True, False] * 3 + [True]
    assert (run.steps, run.shown) == (7, 28)


def test_without_weights_there_are_no_regularisers():
    log = run_of(gamma=0.0, pl_weight=0.0, aug="none").step()
    assert set(log) == {"g", "d", "sign", "p"}


def test_losses_are_logistic_and_their_sign_is_the_mean_over_reals():
    run = run_of(gamma=0.0, pl_weight=0.0, aug="none", mirror=False)
    run._reals, reals = lambda: (reals, None), run._reals()[0]
    run._fakes, fakes = lambda n: fakes, run._fakes(4)
    with torch.no_grad():
        on_reals, on_fakes = run.critic(reals)[0], run.critic(fakes[0])[0]
    log = run.step()
    wanted = torch.nn.functional.softplus(-on_reals).mean() + (1 + on_fakes.exp()).log().mean()
    assert log["d"].item() == pytest.approx(wanted.item(), rel=1e-4)
    assert log["sign"].item() == pytest.approx(on_reals.sign().mean().item())
    with torch.no_grad():
        fooled = (1 + (-run.critic(fakes[0])[0]).exp()).log().mean()  # after the critic's step
    assert log["g"].item() == pytest.approx(fooled.item(), rel=1e-3)


def test_the_augmentation_follows_the_signs_of_four_steps():
    run = run_of(aug="ada", ada_kimg=0.1, target=0.5, gamma=0.0, pl_weight=0.0)
    control, seen = run.control.p.item(), []
    for step in range(1, 9):
        log = run.step()
        seen.append(log["sign"].item())
        if step % 4 == 0:
            mean = sum(seen) / 4
            control += 16 / 100 if mean >= 0.5 else -16 / 100
            control, seen = min(max(control, 0.0), 1.0), []
        assert run.control.p.item() == pytest.approx(control)
        assert log["p"].item() == run.control.p.item()


def test_the_strength_of_augmentation_begins_where_it_is_set_or_at_0():
    assert run_of(aug="fixed", p=0.7).control.p.item() == pytest.approx(0.7)
    assert run_of(aug="ada", p=0.7).control.p.item() == 0.0
    control = run_of(aug="ada", target=0.3, ada_kimg=7.0).control
    assert (control.target, control.kimg) == (0.3, 7.0)


@pytest.mark.parametrize("aug", ["none", "diff", "fixed"])
def test_images_are_augmented_as_the_setting_says(aug):
    run, images = run_of(aug=aug, p=1.0, augpipe="b"), torch.rand(64, 3, 16, 16)
    made = run._augmented(images)
    same = (made == images).flatten(1).all(1).double().mean().item()
    assert (same == 1.0) == (aug == "none")
    values = {"none": 0, "fixed": 0, "diff": 1}  # blitting moves values and makes none
    new = ~torch.isin(made.unique(), images.unique())
    assert bool(new.any()) == bool(values[aug])


def test_every_epoch_shows_every_image_once_in_an_order_of_its_seed():
    run, other = run_of(count=6, seed=3), run_of(count=6, seed=4)
    orders = []
    for _ in range(9):
        orders += run._next(4).tolist()
        run.shown += 4
    epochs = [tuple(orders[i : i + 6]) for i in range(0, 36, 6)]
    assert all(sorted(epoch) == list(range(6)) for epoch in epochs)
    assert len(set(epochs)) > 3
    assert [other._shuffled(e).tolist() for e in range(6)] != [list(epoch) for epoch in epochs]
    again = run_of(count=6, seed=3)
    assert [tuple(again._shuffled(e).tolist()) for e in range(6)] == epochs
    rng = torch.Generator().manual_seed(3 * 1_000_003 + 4)  # as in runs that go on from before
    assert epochs[4] == tuple(torch.randperm(6, generator=rng).tolist())
    assert len(run_of(count=2)._next(5)) == 5, "a batch may be larger than the data"


def test_half_of_the_reals_are_mirrored_if_the_setting_is_on():
    count = 400
    plain = run_of(count=count, batch=count, mirror=False)
    mirrored = run_of(count=count, batch=count, mirror=True)
    images, label = plain._reals()
    assert label is None
    assert torch.equal(images, plain.data.batch(plain._next(count)))
    torch.manual_seed(0)
    shown = mirrored._reals()[0]
    same = (shown == images).flatten(1).all(1)
    turned = (shown == images.flip(3)).flatten(1).all(1)
    assert (same | turned).all()
    assert turned.double().mean().item() == pytest.approx(0.5, abs=0.08)


def test_styles_are_mixed_for_a_share_of_steps_from_a_layer_on():
    run = run_of(mixing=0.5)
    assert run.config.num_ws > 3
    cuts = []
    torch.manual_seed(0)
    for _ in range(300):
        with torch.no_grad():
            ws = run._styles(2, None)
        assert ws.shape == (2, run.config.num_ws, 8)
        other = (ws != ws[:, :1]).any(2)
        assert torch.equal(other[0], other[1])
        mixed = other[0].nonzero()
        cuts.append(int(mixed[0]) if len(mixed) else 0)
        if len(mixed):
            assert other[0, cuts[-1] :].all(), "all later layers have the second style"
    assert sum(cut > 0 for cut in cuts) / 300 == pytest.approx(0.5, abs=0.1)
    assert set(cuts) == set(range(run.config.num_ws))
    alone = run_of(mixing=0.0)
    with torch.no_grad():
        ws = alone._styles(2, None)
    assert torch.equal(ws, ws[:, :1].expand_as(ws))


def test_the_average_of_w_follows_the_styles_that_are_drawn():
    run = run_of()
    before = run.generator.mapping.w_avg.clone()
    run._styles(4, None)
    assert not torch.equal(run.generator.mapping.w_avg, before)


def test_labels_of_fakes_are_those_of_the_data_by_chance():
    pictures = torch.zeros(100, 3, 16, 16, dtype=torch.uint8)
    labels = torch.tensor([2] * 75 + [0] * 25)
    data = Dataset(pictures, labels, 3)
    run = Training(Settings(**SMALL, cond=True), data, torch.device("cpu"))
    assert run.config.c_dim == 3
    drawn = run._labels(2000)
    assert drawn.shape == (2000, 3)
    assert drawn.mean(0).tolist() == pytest.approx([0.25, 0.0, 0.75], abs=0.04)
    index = run._next(4)
    assert torch.equal(run._reals()[1], data.label(index))
    plain = Training(Settings(**SMALL), data, torch.device("cpu"))
    assert (plain.config.c_dim, plain._labels(4), plain._reals()[1]) == (0, None, None)


def test_gradients_that_are_no_numbers_do_no_harm():
    run = run_of()
    weight = next(run.generator.parameters())
    before = [p.detach().clone() for p in run.generator.parameters()]
    run._descend(run.g_opt, (weight * float("nan")).sum())
    assert all(map(torch.equal, run.generator.parameters(), before)), "nan counts as 0"
    run._descend(run.g_opt, weight.sum() * float("inf"))
    assert weight.grad.flatten()[0].item() == pytest.approx(1e5)
    assert torch.isfinite(weight).all()
    run._descend(run.g_opt, -weight.sum() * float("inf"))
    assert weight.grad.flatten()[0].item() == pytest.approx(-1e5)


def test_weights_that_a_loss_does_not_touch_stay_without_a_gradient():
    run = run_of()
    first, *others = run.generator.parameters()
    run._descend(run.g_opt, sum(p.sum() for p in run.generator.parameters()))
    run._descend(run.g_opt, first.sum())
    assert first.grad is not None
    assert all(p.grad is None for p in others)


def test_path_lengths_are_taken_over_half_a_batch():
    run, asked = run_of(batch=6, gamma=0.0), []
    fakes = run._fakes
    run._fakes = lambda n: asked.append(n) or fakes(n)
    run.step()
    assert asked == [6, 3]


def test_the_architecture_is_that_of_the_settings():
    run = run_of(mapping_layers=3, channel_base=64, channel_max=8, z_dim=6, w_dim=10)
    config = run.config
    assert (config.z_dim, config.w_dim, config.mapping_layers) == (6, 10, 3)
    assert (config.channel_base, config.channel_max) == (64, 8)
    weights = [p for p in run.generator.parameters() if p.ndim == 4]
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in weights)
    first, again, other = (next(run_of(seed=s).generator.parameters()) for s in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def same_state(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_state(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_state, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def test_a_step_after_a_restore_is_the_step_that_would_have_come():
    settings = {"aug": "ada", "ada_kimg": 0.05, "target": 0.0}
    run, other = run_of(**settings), run_of(**settings, seed=0)
    for _ in range(6):
        run.step()
    kept = copy.deepcopy(run.state())
    assert (kept["shown"], kept["steps"], len(kept["signs"])) == (24, 6, 2)
    run.step()
    run.step()
    other.restore(kept)
    assert same_state(other.state() | {"rng": 0}, kept | {"rng": 0})
    other.step()
    other.step()
    assert same_state(run.state(), other.state())


def test_a_restore_keeps_the_strength_that_is_fixed_now():
    before, now = run_of(aug="fixed", p=0.2), run_of(aug="fixed", p=0.6, glr=0.5)
    before.step()
    now.restore(before.state())
    assert now.control.p.item() == pytest.approx(0.6)
    assert now.g_opt.param_groups[0]["lr"] == pytest.approx(0.5 * 2 / 3)


def test_networks_of_another_shape_are_refused_with_the_first_tensor():
    state = run_of().state()
    says = r"The snapshot's generator has another shape .*first: mapping\.w_avg\)"
    with pytest.raises(genart.UsageError, match=says):
        run_of(w_dim=9).restore(state)


PROJECTED = {
    "critic": "projected", "critic_resolution": 64, "aug": "none", "batch": 2, "pl_weight": 0.0,
}  # fmt: skip


def test_the_projected_discriminator_adds_the_out_of_range_loss():
    run = run_of(**PROJECTED, gamma=0.0)
    fakes = run._fakes(2)
    with torch.no_grad():
        fakes[0].mul_(20)
    run._fakes = lambda n: fakes
    losses = recorded(run)
    log = run.step()
    over = (fakes[0].detach().abs() - 1).relu().square().mean().item()
    assert over > 0
    assert losses[1] == ("g", pytest.approx(log["g"].item() + 10 * over, rel=1e-4))
    hinge = losses[0][1]
    assert abs(log["sign"].item()) <= 1
    assert log["d"].item() == pytest.approx(hinge)
    assert 0 < hinge < 30, "five maps, about 1 for reals and 1 for fakes each"


def test_reconstruction_comes_first_alone_and_then_every_second_step():
    run = run_of(**PROJECTED, recon=0.5, recon_kimg=0.004, kl=1e9, gamma=1.0, r1_every=1)
    losses, logs = recorded(run), []
    assert run.kl_weight.item() == pytest.approx(1e-3)
    for _ in range(6):
        before = len(losses)
        weight = run.kl_weight.item()
        log = run.step()
        logs.append(("like" in log, "g" in log, "r1" in log))
        if "like" in log and run.shown <= 4:
            paid = 0.5 * (log["like"] + weight * log["kl"]).item()
            assert losses[before] == ("g", pytest.approx(paid, rel=1e-3))
        if "like" in log:
            assert run.kl_weight.item() == pytest.approx(weight / 1.01, rel=1e-5)
    alone, both, critic = (True, False, False), (True, False, True), (False, True, True)
    assert logs == [alone, alone, both, critic, both, critic]
    run.settings = dataclasses.replace(run.settings, kl=0.0)
    weight = run.kl_weight.item()
    run._reconstruction_step(*run._reals(), True)
    assert run.kl_weight.item() == pytest.approx(weight * 1.01, rel=1e-5)


def test_reconstruction_comes_as_often_as_asked():
    run = run_of(**PROJECTED, recon=0.5, recon_kimg=0.0, recon_every=3, gamma=0.0)
    assert ["like" in run.step() for _ in range(5)] == [True, False, False, True, False]


def test_reconstruction_draws_from_the_normal_that_the_encoder_gives(monkeypatch):
    run, drawn = run_of(**PROJECTED, recon=1.0, gamma=0.0), []
    run.encoder = lambda maps: (torch.full((2, 8), 0.5), torch.full((2, 8), 2.0))
    run.generator.mapping.register_forward_pre_hook(lambda net, given: drawn.append(given[0]))
    before = run.generator.mapping.w_avg.clone()
    with monkeypatch.context() as patch:
        patch.setattr(torch, "randn_like", torch.ones_like)
        run._reconstruction_step(*run._reals(), True)
    torch.testing.assert_close(drawn[0], torch.full((2, 8), 0.5 + math.e))
    assert not torch.equal(run.generator.mapping.w_avg, before), "the average of w follows"


@pytest.mark.parametrize("alone", [True, False])
def test_the_reconstruction_loss_has_its_parts(alone, monkeypatch):
    run = run_of(**PROJECTED, recon=3.0, gamma=0.0)
    monkeypatch.setattr(training, "generator_loss", lambda logits, hinge: torch.tensor(5.0))
    monkeypatch.setattr(training, "out_of_range", lambda images: torch.tensor(0.25))
    losses, weight = recorded(run), run.kl_weight.item()
    log = run._reconstruction_step(*run._reals(), alone)
    like = 3.0 * (log["like"] + weight * log["kl"]).item()
    assert losses == [("g", pytest.approx(like + (0 if alone else 5) + 10 * 0.25, rel=1e-5))]


def test_the_sign_on_reals_is_the_mean_over_all_maps():
    run = run_of(**PROJECTED, gamma=0.0)
    with torch.no_grad():
        for judge, value in zip(run.critic.judges, (1e6, 1e6, 1e6, -1e6), strict=True):
            judge.out.bias.fill_(value)
        run.critic.pixel_judge.layers[-1].bias.fill_(1e6)
    assert run._adversarial_step(*run._reals())["sign"].item() == pytest.approx(0.6)


def test_the_path_length_loss_is_the_squared_distance_from_the_running_mean(monkeypatch):
    run = run_of(pl_weight=3.0, pl_every=2)
    weight = next(run.generator.parameters())
    monkeypatch.setattr(
        training, "path_lengths", lambda images, ws: torch.tensor([1.0, 5.0]) + 0 * weight.sum()
    )
    losses = recorded(run)
    assert run.path_step()["path"].item() == pytest.approx(0.03)
    squares = ((1 - 0.03) ** 2 + (5 - 0.03) ** 2) / 2
    assert losses == [("g", pytest.approx(squares * 3 * 2, rel=1e-5))]
