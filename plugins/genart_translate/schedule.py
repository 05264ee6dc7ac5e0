"""Schedules of the learning rate."""

from __future__ import annotations

import math
from typing import Any

_STEP_FACTOR = 0.1
_PLATEAU_FACTOR, _PLATEAU_BETTER, _PLATEAU_PATIENCE = 0.2, 0.01, 5


class Schedule:
    """A factor on the learning rate, 1 at the beginning.

    "linear" stays at 1 for `epochs` and falls to 0 over `decay`; "cosine" falls to 0 over both
    (Loshchilov and Hutter 2017); "step" is a tenth of it every `step` epochs; "plateau" a fifth of
    it after 5 epochs in which the generators' loss did not fall by 1 %; "constant" stays.

    Args:
        policy: one of these.
        epochs: of the first part.
        decay: epochs of the second part.
        step: epochs, for "step".
    """

    def __init__(self, policy: str, epochs: float, decay: float, step: float) -> None:
        self.policy, self.epochs, self.decay, self.step = policy, epochs, decay, step
        self.best, self.bad, self.lowered = math.inf, 0, 0  # of "plateau"

    def factor(self, epoch: float) -> float:
        """The factor after so many epochs; they need not be whole."""
        total = self.epochs + self.decay
        if self.policy == "linear":
            if epoch >= total:
                return 0.0
            return 1.0 if epoch < self.epochs else (total - epoch) / self.decay
        if self.policy == "cosine":
            return (1 + math.cos(math.pi * min(epoch / total, 1.0))) / 2
        if self.policy == "step":
            return float(_STEP_FACTOR ** int(min(epoch, total) / self.step))
        return float(_PLATEAU_FACTOR**self.lowered)

    def epoch_ended(self, loss: float) -> None:
        """Report the mean loss of the generators in the finished epoch."""
        if loss < self.best * (1 - _PLATEAU_BETTER):
            self.best, self.bad = loss, 0
            return
        self.bad += 1
        if self.bad > _PLATEAU_PATIENCE:
            self.lowered, self.bad = self.lowered + 1, 0

    def state(self) -> dict[str, Any]:
        """The state of "plateau"."""
        return {"best": self.best, "bad": self.bad, "lowered": self.lowered}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore the result of `state`."""
        self.best, self.bad = float(state["best"]), int(state["bad"])
        self.lowered = int(state["lowered"])
