"""Optimisation of an image with L-BFGS or Adam."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

import genart

from .objective import Losses, Objective
from .parameterization import Pixels, Waves, canvas

OPTIMIZERS = ("lbfgs", "adam")
_ADAM = 0.05  # of the range -1..1 in a step, at rate 1
_UP = 1.3  # the factor by which a step may increase the loss before it is undone
_WINDOW = 20  # steps over which the total has to fall


@dataclass
class Optimisation:
    """How images are searched for.

    Args:
        optimizer: "lbfgs" (steps of length `rate` along the direction, no line search) or "adam".
        rate: for Adam in units of the range -1..1, times 0.05; it falls to a tenth by a cosine.
        canvas: what is searched, "pixels" or "waves".
        tolerance: stop where the total has fallen by less than this share over 20 steps.
        pairs: how many pairs of images L-BFGS remembers.
        watch: called with the step, the losses and the current image; returns True to stop.
    """

    optimizer: str = "lbfgs"
    rate: float = 1.0
    canvas: str = "pixels"
    tolerance: float = 0.0
    pairs: int = 20
    watch: Callable[[int, Losses, Tensor], bool | None] = field(default=lambda *_: None)


def descend(first: Tensor, objective: Objective, steps: int, course: Optimisation) -> Tensor:
    """The image after `steps` evaluations, clipped to -1..1.

    Args:
        first: (1, 3, h, w) in -1..1, left alone.
        objective: gives losses and gradient.
        steps: how many evaluations at most.
        course: how.

    Raises:
        UsageError: an unknown optimizer.
        GenartError: the losses are no numbers any more.
    """
    ground = canvas(course.canvas, first)
    walker = _walker(ground, course, steps)
    totals: list[float] = []
    for n in range(steps):
        picture = ground.image()
        found, gradient = objective(picture)
        if not math.isfinite(found.total) and course.optimizer == "adam":
            raise genart.GenartError(
                f"The losses of step {n + 1} are not finite numbers. Use lower weights or a "
                "lower rate."
            )
        totals.append(found.total)
        if course.watch(n + 1, found, picture) or _stalled(totals, course.tolerance):
            break
        walker.step(found.total, ground.gradient(gradient), n)
    return walker.best().clamp(-1, 1)


def _stalled(totals: list[float], tolerance: float) -> bool:
    if not tolerance or len(totals) <= _WINDOW:
        return False
    before, now = totals[-1 - _WINDOW], min(totals[-_WINDOW:])
    return before - now < tolerance * abs(before)


def _walker(ground: Pixels | Waves, course: Optimisation, steps: int) -> _Lbfgs | _Adam:
    if course.optimizer == "lbfgs":
        return _Lbfgs(ground, course.rate, course.pairs)
    if course.optimizer == "adam":
        return _Adam(ground, course.rate * _ADAM, steps)
    raise genart.UsageError(
        f'The optimizer is {" or ".join(OPTIMIZERS)}, not "{course.optimizer}".'
    )


class _Lbfgs:
    """L-BFGS (Liu and Nocedal 1989) without a line search.

    A step that increases the loss is undone, the curvature is reset, and steps are half as long
    from there: then the next one goes down the gradient.
    """

    def __init__(self, ground: Pixels | Waves, rate: float, pairs: int) -> None:
        self._ground, self._rate, self._pairs = ground, rate, pairs
        self._scale, self._least = 0.0, math.inf
        self._kept = ground.searched.detach().clone()
        self._slope = torch.zeros_like(self._kept)
        self._begin()

    @torch.no_grad()
    def step(self, total: float, gradient: Tensor, n: int) -> None:
        """One step, from the gradient at the image as it is."""
        self._scale = self._scale or 1e4 / max(abs(total), 1e-12)  # torch wants curvature > 1e-10
        if total <= self._least:
            self._least = total
            self._kept.copy_(self._ground.searched)
            self._slope.copy_(gradient)
        elif not total <= self._least * _UP:
            self._ground.searched.copy_(self._kept)
            self._rate /= 2
            gradient, total = self._slope, self._least
            self._begin()
        self._leaf.grad = gradient * self._scale
        self._optimizer.step(lambda: total * self._scale)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def best(self) -> Tensor:
        """The image with the lowest total."""
        self._ground.searched.copy_(self._kept)
        return self._ground.image()

    def _begin(self) -> None:
        self._leaf = self._ground.searched.requires_grad_()
        self._optimizer = torch.optim.LBFGS(
            [self._leaf], lr=self._rate, max_iter=1, history_size=self._pairs,
            tolerance_grad=0, tolerance_change=0,
        )  # fmt: skip


class _Adam:
    """Adam (Kingma and Ba 2015); its rate falls to a tenth by a cosine."""

    def __init__(self, ground: Pixels | Waves, rate: float, steps: int) -> None:
        self._ground, self._rate, self._steps = ground, rate, max(steps, 1)
        leaf = ground.searched.requires_grad_()
        self._optimizer = torch.optim.Adam([leaf], lr=rate, betas=(0.9, 0.99))

    @torch.no_grad()
    def step(self, total: float, gradient: Tensor, n: int) -> None:
        """One step, from the gradient at the image as it is."""
        falling = 0.55 + 0.45 * math.cos(math.pi * n / self._steps)
        self._optimizer.param_groups[0]["lr"] = self._rate * falling
        self._ground.searched.grad = gradient
        self._optimizer.step()
        self._ground.settle()

    @torch.no_grad()
    def best(self) -> Tensor:
        """The image as it is."""
        return self._ground.image()
