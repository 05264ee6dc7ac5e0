"""One step of StyleGAN2's training: optimisers, averaged weights, order of the pictures."""

import pytest
import torch

from genart_stylegan2.data import Dataset
from genart_stylegan2.settings import Settings
from genart_stylegan2.training import Training

SMALL = {
    "resolution": 16, "z_dim": 8, "w_dim": 8, "mapping_layers": 2, "channel_base": 128,
    "channel_max": 16, "batch": 4, "r1_every": 2, "pl_every": 2,
}  # fmt: skip


def run_of(count=6, **settings):
    """A run on `count` random pictures, with settings of SMALL."""
    rng = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8, generator=rng)
    return Training(
        Settings(**{**SMALL, **settings}), Dataset(pictures, None, 0), torch.device("cpu")
    )


@pytest.mark.parametrize(
    ("settings", "half_lives"),
    [
        ({"ema_kimg": 10.0, "ema_rampup": 0.5}, [2, 4, 6]),  # half of the pictures so far
        ({"ema_kimg": 0.005, "ema_rampup": 1.0}, [4, 5, 5]),  # ema_kimg is the most
    ],
    ids=["ramp-up", "full"],
)
def test_the_half_life_of_the_averaged_weights_grows_with_the_pictures_shown(settings, half_lives):
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
        run._descend(optimiser, sum(p.sum() for p in parameters))
        moved = [p.detach().clone() for p in parameters]
        run._descend(optimiser, sum((p * 0).sum() for p in parameters))
        assert all(map(torch.equal, parameters, moved)), "without a gradient nothing moves"
        group = optimiser.param_groups[0]
        assert group["lr"] == pytest.approx(rate * share)
        assert group["betas"][1] == pytest.approx(0.99**share)
    assert run_of(dlr=0.02, gamma=0.0).d_opt.param_groups[0]["lr"] == 0.02, "no regulariser"
