"""Losses of discriminators and generators, and the pool of older fakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def adversarial(logits: Tensor, real: bool, objective: str) -> Tensor:
    """The loss of logits that should mean real, or fake.

    Args:
        logits: of a discriminator, any shape.
        real: the target.
        objective: "lsgan" (least squares, Mao et al. 2017), "vanilla" (cross-entropy, Goodfellow
            et al. 2014) or "wgangp" (Wasserstein, Arjovsky et al. 2017).
    """
    logits = logits.float()
    if objective == "wgangp":
        return -logits.mean() if real else logits.mean()
    if objective == "lsgan":
        return (logits - float(real)).square().mean()
    return F.softplus(-logits if real else logits).mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], reals: Tensor, fakes: Tensor) -> Tensor:
    """Mean squared distance from 1 of the discriminator's gradient between reals and fakes.

    Gulrajani et al. 2017, section 4; one point per image, drawn from the global random state.

    Args:
        critic: the discriminator; gives logits.
        reals: (n, c, h, w).
        fakes: like the reals.
    """
    share = torch.rand(len(reals), 1, 1, 1).to(reals)
    between = torch.lerp(fakes.detach(), reals, share).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    length = gradient.flatten(1).square().sum(1).sqrt()
    return (length - 1).square().mean()


class Pool:
    """Fakes of earlier steps, so that discriminators do not follow only the newest.

    Shrivastava et al. 2017: until it is full it keeps what comes and gives it back; then an image
    is, at even chance, exchanged for a random one of the pool.

    Args:
        size: how many it holds; 0 gives back what comes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.held: list[Tensor] = []

    def exchange(self, fakes: Tensor) -> Tensor:
        """Images (n, c, h, w) for as many, without gradients; draws from the global state."""
        fakes = fakes.detach().float()
        return torch.cat([self._one(fake[None]) for fake in fakes]) if self.size else fakes

    def _one(self, fake: Tensor) -> Tensor:
        if len(self.held) < self.size:
            self.held.append(fake)
            return fake
        if torch.rand([]) < 0.5:
            return fake
        place = int(torch.randint(self.size, []))
        older, self.held[place] = self.held[place], fake
        return older

    def state(self) -> dict[str, Any]:
        """What it holds, as one tensor."""
        return {"held": torch.cat(self.held) if self.held else torch.zeros(0)}

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Hold what `state` gave."""
        self.held = list(state["held"].to(device).split(1)) if state["held"].numel() else []
