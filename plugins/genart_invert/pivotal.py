"""Pivotal tuning: the generator is tuned to make the image at the latent that was found."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

import genart

from .encoder_inverter import Encoder
from .initialization import random_w, statistics
from .projector import Projector


class Pivotal:
    """Inverts to w, then tunes a copy of the generator around what was found.

    After Roich et al. 2021 ("Pivotal Tuning for Latent-based Editing of Real Images"): the w stay
    where they are, the pivots, and the weights of synthesis move until the images there are the
    wanted ones; elsewhere the tuned generator is kept similar to the original. All images of a
    call get
    one tuned generator, which is the result's `generator`.

    Args:
        tuning: steps of tuning for each `batch` of images.
        rate: the learning rate of tuning, falling to 0 along a cosine.
        batch: images per step.
        pixels: the weight of the mean squared difference of pixels beside the features.
        local: the weight of similarity elsewhere; 0 switches it off.
        reach: distance from a pivot that counts as elsewhere, in standard deviations of w.
        pivot: the method that finds the latents, "projector" or "encoder".
        features: what images are compared by; see `genart.perception.perceptual_loss`.
        options: for that method, such as `start`: a Latent in w with one latent per image
            is taken for the pivots themselves with `steps=1`, which moves nothing.

    Raises:
        UsageError: a value below what makes sense, or an option that is none.
    """

    def __init__(
        self,
        *,
        tuning: int = 200,
        rate: float = 3e-3,
        batch: int = 4,
        pixels: float = 1.0,
        local: float = 0.1,
        reach: float = 1.0,
        pivot: str = "projector",
        features: str = "auto",
        **options: Any,
    ) -> None:
        if tuning < 1 or batch < 1 or min(rate, pixels, local, reach) < 0:
            raise genart.UsageError(
                "Tuning needs at least 1 step and 1 image, and no weight below 0."
            )
        if pivot not in ("projector", "encoder"):
            raise genart.UsageError(f'Pivots are found by projector or encoder, not "{pivot}".')
        if options.pop("space", "w") != "w":
            raise genart.UsageError("Pivots are in w: tuning replaces w+.")
        self.tuning, self.rate, self.batch, self.features = tuning, rate, batch, features
        self.pixels, self.local, self.reach = pixels, local, reach
        self.start = options.pop("start", None)
        kind = Projector if pivot == "projector" else Encoder
        self.finder = partial(kind, features=features, **options)
        self._finder(slice(0, 1), 1)  # reports wrong options before the work

    def __call__(
        self,
        generator: genart.Generator,
        target: genart.Image,
        *,
        steps: int,
        seed: int = 0,
        progress: Callable[[genart.Progress], None] | None = None,
    ) -> genart.Inversion:
        """Search for `steps` steps and tune; target is (n, 3, h, w) in -1..1.

        Raises:
            UsageError: a generator that cannot be tuned, or whatever the search refuses.
        """
        tuned = genart.models.copy_of(generator)
        tuned.name = f"{generator.name}-tuned"
        target = target.to(generator.device)
        parts = [slice(i, i + self.batch) for i in range(0, len(target), self.batch)]
        total = (steps + self.tuning) * len(parts)
        found = [
            self._finder(part, len(target))(
                generator, target[part], steps=steps, seed=seed,
                progress=_from(progress, k * steps, total),
            )
            for k, part in enumerate(parts)
        ]  # fmt: skip
        pivots = torch.cat([each.latent.values for each in found])
        search = [sum(row) / len(row) for row in zip(*(each.losses for each in found), strict=True)]
        run = _Tuning(self, generator, tuned, pivots, target, seed)
        losses = run.go(parts, _from(progress, steps * len(parts), total))
        latent = genart.Latent("w", pivots)
        with torch.no_grad():
            image = genart.media.image_on_black(torch.cat([tuned(latent[part]) for part in parts]))
        path = [genart.join(list(each)) for each in zip(*(one.path for one in found), strict=True)]
        return genart.Inversion(
            latent, image, [*search, *losses], path=path, features=found[0].features,
            generator=tuned,
        )  # fmt: skip

    def _finder(self, part: slice, n: int) -> genart.Inverter:
        """The method that finds the pivots of some of n images, from given start latents."""
        if self.start is None:
            return self.finder()
        one_each = isinstance(self.start, genart.Latent) and len(self.start) == n
        return self.finder(start=self.start[part] if one_each else self.start)


class _Tuning:
    """Tuning under way."""

    def __init__(
        self,
        settings: Pivotal,
        parent: genart.Generator,
        tuned: genart.Generator,
        pivots: Tensor,
        target: Tensor,
        seed: int,
    ) -> None:
        self.settings, self.parent, self.tuned = settings, parent, tuned
        self.pivots, self.target = pivots, target
        self.draw = torch.Generator().manual_seed(seed)
        _, self.spread = statistics(parent)
        self.weights = _weights(tuned)

    def go(
        self, parts: list[slice], progress: Callable[[genart.Progress], None] | None
    ) -> list[float]:
        """Every part `tuning` times, alternating; returns the losses."""
        compare = [
            genart.perception.perceptual_loss(self.target[part], self.settings.features)
            for part in parts
        ]
        total = self.settings.tuning * len(parts)
        adam = torch.optim.Adam(self.weights, lr=self.settings.rate, betas=(0.9, 0.999))
        losses = []
        for weight in self.weights:
            weight.requires_grad_()
        for step in range(total):
            for group in adam.param_groups:
                group["lr"] = self.settings.rate * (0.5 + 0.5 * math.cos(math.pi * step / total))
            at = step % len(parts)
            adam.zero_grad(set_to_none=True)
            losses.append(self._near(parts[at], compare[at]))
            if self.settings.local:
                self._far(parts[at])
            adam.step()
            if progress:
                progress(genart.Progress(step + 1, total, "step", f"tuning {losses[-1]:.4f}"))
        for weight in self.weights:
            weight.requires_grad_(False)
            weight.grad = None
        return losses

    def _near(self, part: slice, compare: genart.perception.PerceptualLoss) -> float:
        """The images at the pivots are the wanted ones."""
        image = _picture(self.tuned, self.pivots[part])
        pixels = (image - self.target[part]).square().mean((1, 2, 3))
        loss = (compare(image) + self.settings.pixels * pixels).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _far(self, part: slice) -> None:
        """At a latent at some distance from a pivot the image must stay that of the parent."""
        rows = self.pivots[part]
        pivot = rows[torch.randint(len(rows), (1,), generator=self.draw)]
        away = random_w(self.parent, 1, self.draw) - pivot
        w = pivot + away / away.norm().clamp(min=1e-8) * (self.settings.reach * self.spread)
        with torch.no_grad():
            was = genart.media.image_on_black(self.parent(genart.Latent("w", w)))
        image = _picture(self.tuned, w)
        apart = genart.perception.perceptual_loss(was, self.settings.features)(image)
        pixels = (image - was).square().mean((1, 2, 3))
        loss = (self.settings.local * (apart + self.settings.pixels * pixels)).mean()
        loss.backward()  # type: ignore[no-untyped-call]


def _picture(generator: genart.Generator, w: Tensor) -> Tensor:
    """Images that carry gradients to the weights: generators follow them where w asks for them."""
    latent = genart.Latent("w", w.detach().clone().requires_grad_())
    return genart.media.image_on_black(generator(latent))


def _weights(generator: genart.Generator) -> list[Tensor]:
    """The weights that make images of w, not those that make w."""
    network: Any = getattr(generator, "network", None)
    return [each for name, each in network.named_parameters() if not name.startswith("mapping.")]


def _from(
    progress: Callable[[genart.Progress], None] | None, done: int, total: int
) -> Callable[[genart.Progress], None] | None:
    """Reports the steps of a part as steps of the whole."""
    if progress is None:
        return None
    return lambda each: progress(genart.Progress(done + each.done, total, "step", each.note))
