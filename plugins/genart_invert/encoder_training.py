"""Training of an encoder on a generator's own images, with a replay memory of the newest."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

import genart

from .encoder import (
    SUMMARY,
    Head,
    Shape,
    summarise,
)
from .encoder_settings import EncoderSettings
from .initialization import random_w, statistics

_TRAIN_FACTOR = 8  # a batch from the replay memory is this many times as large as a new one


class EncoderTraining:
    """A training run: everything it needs to go on is in `state()`.

    Args:
        settings: of the run.
        generator: whose images it learns from.
    """

    def __init__(self, settings: EncoderSettings, generator: genart.Generator) -> None:
        self.settings, self.generator = settings, generator
        self.draw = torch.Generator().manual_seed(settings.seed)
        with torch.random.fork_rng():
            torch.manual_seed(settings.seed)
            self.head = Head(Shape(generator.w_dim, settings.width))
        average, spread = statistics(generator)
        self.head.average.copy_(average)
        self.head.spread.fill_(spread)
        self.head.to(generator.device)
        self.adam = torch.optim.Adam(self.head.parameters(), lr=settings.rate, betas=(0.9, 0.99))
        self.shown = 0
        self.seen = torch.zeros(settings.memory, SUMMARY, dtype=torch.float16)
        self.targets = torch.zeros(settings.memory, generator.w_dim)

    def step(self) -> dict[str, float]:
        """Make some images, ask for their w first, then learn from them and from others.

        Returns:
            "unseen" and "loss": the squared distance of estimate and w on new and on remembered
            images, where the average's is 1.
        """
        unseen = self._generate()
        for group in self.adam.param_groups:
            done = min(self.shown / self.settings.samples, 1.0)
            group["lr"] = self.settings.rate * (0.5 + 0.5 * math.cos(math.pi * done))
        losses = [self._train_batch() for _ in range(self.settings.recall)]
        return {"unseen": unseen, "loss": sum(losses) / len(losses)}

    @torch.no_grad()
    def _generate(self) -> float:
        n, memory = self.settings.batch, self.settings.memory
        w = random_w(self.generator, n, self.draw)
        seen = summarise(genart.media.image_on_black(self.generator(genart.Latent("w", w))))
        wanted = (w - self.head.average) / self.head.spread
        at = torch.arange(self.shown, self.shown + n) % memory
        self.seen[at], self.targets[at] = seen.half().cpu(), wanted.cpu()
        self.shown += n
        return float((self.head(seen) - wanted).square().sum(1).mean())

    def _train_batch(self) -> float:
        held = min(self.shown, self.settings.memory)
        rows = torch.randint(
            held, (min(_TRAIN_FACTOR * self.settings.batch, held),), generator=self.draw
        )
        device = self.generator.device
        made = self.head(self.seen[rows].float().to(device))
        loss = (made - self.targets[rows].to(device)).square().sum(1).mean()
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """All that a run goes on from, tensors and plain values."""
        return {
            "settings": self.settings.to_dict(), "shown": self.shown,
            "head": self.head.state_dict(), "adam": self.adam.state_dict(),
            "draw": self.draw.get_state(), "seen": self.seen, "places": self.targets,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.head.load_state_dict(state["head"])
        self.adam.load_state_dict(state["adam"])
        self.draw.set_state(torch.as_tensor(state["draw"]).cpu())
        self.shown = int(state["shown"])
        self.seen, self.targets = (_own(state[name]) for name in ("seen", "places"))


def _own(tensor: Tensor) -> Tensor:
    return tensor.clone()
