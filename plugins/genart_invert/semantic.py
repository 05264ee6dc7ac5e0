"""Search in z with classifier features: for any generator, with or without classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import genart

_SEEN = 224  # pixels a side of what the classifier looks at
_LATE, _SPREAD = 15, 3.0  # its last block, and the standard deviation of its features
_BATCH = 8
_ALONE = 8  # after this part of the steps the best head goes on alone
_FALL = 0.5  # in this share at the end the learning rate falls to 0


class Semantic:
    """Finds z, and the label where there are classes, by pixels and by late features.

    As Gen Studio did: the best of some random latents, then RMSProp on the mean squared
    error of pixels at full size plus that of a classifier's late features at 224 px. The best
    latent may be a bad start: several are followed for an eighth of the steps, and the best of them
    goes on alone, with a learning rate that falls to 0 in the second half. With a weight
    of 0 the image keeps colours and positions; with 5 it keeps the subject. The classifier is
    EfficientNet-Lite0, its features the averages of its last block, divided by 3.

    Args:
        weight: of the features beside the pixels, 0 or more.
        tries: random latents to start from.
        heads: how many of them are followed at first; 1 is Gen Studio's.
        rate: the learning rate.
        limit: z is clamped to -limit..limit.
        keep: number of intermediate latents to store, for a film; 0 for none.

    Raises:
        UsageError: a weight below 0, or fewer than 1 try or head.
    """

    def __init__(
        self,
        *,
        weight: float = 5.0,
        tries: int = 30,
        heads: int = 8,
        rate: float = 0.1,
        limit: float = 2.0,
        keep: int = 0,
    ) -> None:
        if not weight >= 0 or tries < 1 or heads < 1:
            raise genart.UsageError(
                "The weight of the features must be 0 or more, with at least 1 try and 1 head, "
                f"not {weight}, {tries} and {heads}."
            )
        self.weight, self.tries, self.heads, self.rate = weight, tries, heads, rate
        self.limit, self.keep = limit, keep

    def __call__(
        self,
        generator: genart.Generator,
        target: genart.Image,
        *,
        steps: int,
        seed: int = 0,
        progress: Callable[[genart.Progress], None] | None = None,
    ) -> genart.Inversion:
        """Search for `steps` steps; target is (n, 3, h, w) in -1..1 at the generator's size.

        The first of `losses` is that of the best random latent.

        Raises:
            UsageError: fewer than 1 step.
        """
        if steps < 1:
            raise genart.UsageError(f"A search needs at least 1 step, not {steps}.")
        target = target.to(generator.device)
        search = _Search(self, generator, target, seed, self.heads if steps // _ALONE else 1)
        losses = [float(search.best.loss.view(len(target), -1)[:, 0].mean())]
        path = [search.best_latent()] if self.keep else []
        for step in range(steps):
            if step == steps // _ALONE:
                search.keep_best_heads()
            losses.append(search.step(self.rate * min(1.0, (1 - step / steps) / _FALL)))
            if self.keep and (step + 1) * self.keep // steps > step * self.keep // steps:
                path.append(search.best_latent())
            if progress:
                progress(genart.Progress(step + 1, steps, "step", f"{losses[-1]:.4f}"))
        found, image = search.end()
        losses.append(float(search.best.loss.mean()))
        return genart.Inversion(found, image, losses, path=path, features="EfficientNet-Lite0")

    @torch.no_grad()
    def begin(
        self, generator: genart.Generator, target: Tensor, wanted: Tensor, seed: int, heads: int
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """For each target the z and class logits of the best tries, and their losses, in order."""
        chance = np.random.RandomState(seed)
        z = torch.from_numpy(chance.randn(self.tries, generator.z_dim)).float().to(target.device)
        z = z.clamp(-self.limit, self.limit)
        classes = None
        if generator.num_classes:
            drawn = torch.from_numpy(chance.randint(generator.num_classes, size=self.tries))
            classes = 4 * F.one_hot(drawn, generator.num_classes).float().to(target.device)
        found = torch.stack([
            self._every(generator, z, classes, picture[None], seen[None])
            for picture, seen in zip(target, wanted, strict=True)
        ])  # fmt: skip
        loss, at = found.topk(min(heads, self.tries), largest=False)
        at = at.flatten()
        return z[at].clone(), None if classes is None else classes[at].clone(), loss.flatten()

    def _every(
        self,
        generator: genart.Generator,
        z: Tensor,
        classes: Tensor | None,
        target: Tensor,
        wanted: Tensor,
    ) -> Tensor:
        rows = []
        for start in range(0, len(z), _BATCH):
            part = slice(start, start + _BATCH)
            places = _latent(z[part], None if classes is None else classes[part])
            image = genart.media.image_on_black(generator(places))
            rows.append(self.loss(image, target, wanted))
        return torch.cat(rows)

    def loss(self, image: Tensor, target: Tensor, wanted: Tensor) -> Tensor:
        """(n,): pixels, and the classifier's features by their weight."""
        pixels = (image - target).square().mean((1, 2, 3))
        if not self.weight:
            return pixels
        return pixels + self.weight * (self.seen(image) - wanted).square().mean(1)

    def seen(self, image: Tensor) -> Tensor:
        """The features of images, (n, 320)."""
        small = F.interpolate(
            image[:, :3], (_SEEN, _SEEN), mode="bilinear", antialias=True, align_corners=False
        )
        (late,) = genart.perception.features(str(image.device))(small, [_LATE])
        seen: Tensor = late.mean((2, 3)) / _SPREAD
        return seen


class _Search:
    """A search under way: z and class logits, several heads a target to begin with."""

    def __init__(
        self, settings: Semantic, generator: genart.Generator, target: Tensor, seed: int, heads: int
    ) -> None:
        self.settings, self.generator, self.targets = settings, generator, len(target)
        wanted = settings.seen(target) if settings.weight else target
        z, classes, first = settings.begin(generator, target, wanted, seed, heads)
        heads = len(z) // len(target)
        self.target, self.wanted = (each.repeat_interleave(heads, 0) for each in (target, wanted))
        self.variables = [each.requires_grad_() for each in (z, classes) if each is not None]
        self.rmsprop = torch.optim.RMSprop(self.variables, lr=settings.rate)
        self.best = _Best(first, self.variables)

    def step(self, rate: float) -> float:
        """One step; returns the mean loss of each target's best head before it.

        As many rows at once as there are targets: further heads take time and no memory.
        """
        self.rmsprop.param_groups[0]["lr"] = rate
        self.rmsprop.zero_grad(set_to_none=True)
        parts = []
        for start in range(0, len(self.target), self.targets):
            part = self._loss(slice(start, start + self.targets))
            part.sum().backward()  # type: ignore[no-untyped-call]
            parts.append(part.detach())
        loss = torch.cat(parts)
        self.best.consider(loss, self.variables)
        self.rmsprop.step()
        with torch.no_grad():
            self.variables[0].clamp_(-self.settings.limit, self.settings.limit)
        return float(loss.view(self.targets, -1).min(1).values.mean())

    def keep_best_heads(self) -> None:
        """Of each target's heads the one that came nearest goes on alone."""
        rows, states = self._rows(), [self.rmsprop.state[each] for each in self.variables]
        self.target, self.wanted = self.target[rows], self.wanted[rows]
        self.variables = [each.detach()[rows].clone().requires_grad_() for each in self.variables]
        self.rmsprop = torch.optim.RMSprop(self.variables, lr=self.settings.rate)
        for each, state in zip(self.variables, states, strict=True):
            self.rmsprop.state[each] = {k: v[rows] if v.ndim else v for k, v in state.items()}
        self.best = self.best.of(rows)

    def best_latent(self) -> genart.Latent:
        """Where each target's best head is now."""
        return _latent(*_pair([each.detach()[self._rows()].clone() for each in self.variables]))

    @torch.no_grad()
    def end(self) -> tuple[genart.Latent, genart.Image]:
        """The best latents, and their images."""
        self.best.consider(self._loss(), self.variables)
        found = _latent(*_pair(self.best.kept))
        return found, genart.media.image_on_black(self.generator(found))

    def _loss(self, rows: slice = slice(None)) -> Tensor:
        latent = _latent(*_pair([each[rows] for each in self.variables]))
        image = genart.media.image_on_black(self.generator(latent))
        return self.settings.loss(image, self.target[rows], self.wanted[rows])

    def _rows(self) -> Tensor:
        """The row of each target's best head."""
        heads = self.best.loss.view(self.targets, -1)
        first = torch.arange(self.targets, device=heads.device) * heads.shape[1]
        return first + heads.argmin(1)


class _Best:
    """The best latent of each target so far: RMSProp can move away from a good one."""

    def __init__(self, loss: Tensor, variables: list[Tensor]) -> None:
        self.loss, self.kept = loss.clone(), [each.detach().clone() for each in variables]

    def consider(self, loss: Tensor, variables: list[Tensor]) -> None:
        """Take the latents whose loss is lower."""
        better = loss < self.loss
        self.loss = torch.where(better, loss, self.loss)
        for kept, each in zip(self.kept, variables, strict=True):
            kept[better] = each.detach()[better]

    def of(self, rows: Tensor) -> _Best:
        """Those of some rows."""
        return _Best(self.loss[rows], [each[rows] for each in self.kept])


def _pair(variables: list[Tensor]) -> tuple[Tensor, Tensor | None]:
    """z, and the class logits where there are classes."""
    return variables[0], variables[1] if len(variables) > 1 else None


def _latent(z: Tensor, classes: Tensor | None) -> genart.Latent:
    return genart.Latent("z", z, None if classes is None else classes.softmax(1))
