"""The exponential moving average (EMA) of a network's weights, which trainers keep as the model."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)

_LEAST = 1e-8  # of a half-life: at the first step nothing of the initial weights is kept


class WeightAverage(Generic[N]):
    """A copy of a network whose weights are the exponential moving average of the original's.

    Images of averaged weights are better than those of the last step (Yazici et al. 2019, "The
    Unusual Effectiveness of Averaging in GAN Training").

    Args:
        network: the network in training; the average starts at its weights.

    Attributes:
        network: the averaged copy, in evaluation mode and without gradients.
    """

    def __init__(self, network: N) -> None:
        self.network: N = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: N, decay: float) -> None:
        """Add the weights after a step: mean = decay * mean + (1 - decay) * weight.

        Buffers are copied.

        Args:
            network: the network in training.
            decay: 0..1, the share of the mean that is kept; see `ramped_decay`.
        """
        means: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(means, list[Tensor](network.parameters()), 1 - decay)
        for kept, new in zip(self.network.buffers(), network.buffers(), strict=True):
            kept.copy_(new)


def ramped_decay(half_life: float, ramp: float, step: float = 1.0) -> float:
    """The decay of one step of an average whose memory grows from nothing to its half-life.

    Without the ramp, the random initial weights would stay in the average for several half-lives
    (Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data").

    Args:
        half_life: after this many units the mean keeps half of what it was.
        ramp: the longest half-life now, such as 5 % of the units trained so far.
        step: units of one step.
    """
    half: float = 0.5 ** (step / min(half_life, max(ramp, _LEAST)))
    return half
