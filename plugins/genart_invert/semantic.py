"""Search in z by what a classifier sees: for any generator, with or without classes."""

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


class Semantic:
    """Finds z, and the label where there are classes, by pixels and by late features.

    As a museum's Gen Studio did: the best of some random places, then RMSProp on the mean squared
    error of pixels at full size plus that of a classifier's late features at 224 px. With a weight
    of 0 the picture keeps colours and places; with 5 it keeps what is shown. The classifier is
    EfficientNet-Lite0, its features the averages of its last block, divided by 3.

    Args:
        weight: of the features beside the pixels, 0 or more.
        tries: random places to begin from.
        rate: the learning rate.
        limit: z is held to -limit..limit.
        keep: how many places on the way to keep, for a film; 0 for none.

    Raises:
        UsageError: a weight below 0, or fewer than 1 try.
    """

    steps = 400  # unless asked for others

    def __init__(
        self,
        *,
        weight: float = 5.0,
        tries: int = 30,
        rate: float = 0.1,
        limit: float = 2.0,
        keep: int = 0,
    ) -> None:
        if not weight >= 0 or tries < 1:
            raise genart.UsageError(
                f"The weight of the features is 0 or more and there is 1 try or more, not {weight} "
                f"and {tries}."
            )
        self.weight, self.tries, self.rate, self.limit = weight, tries, rate, limit
        self.keep = keep

    def __call__(
        self,
        generator: genart.Generator,
        target: genart.Image,
        *,
        steps: int = steps,
        seed: int = 0,
        progress: Callable[[genart.Progress], None] | None = None,
    ) -> genart.Inversion:
        """Search for `steps` steps; target is (n, 3, h, w) in -1..1 at the generator's size.

        The first of `losses` is that of the best random place.

        Raises:
            UsageError: fewer than 1 step.
        """
        if steps < 1:
            raise genart.UsageError(f"A search takes 1 step or more, not {steps}.")
        target = target.to(generator.device)
        wanted = self._seen(target) if self.weight else target
        z, classes, first = self._begin(generator, target, wanted, seed)
        turned = [z.requires_grad_()] + ([] if classes is None else [classes.requires_grad_()])
        search = torch.optim.RMSprop(turned, lr=self.rate)
        losses, best = [float(first.mean())], _Best(first, turned)
        path = [_still(z, classes)] if self.keep else []
        for step in range(steps):
            loss = self._loss(generator(_latent(z, classes)), target, wanted)
            best.consider(loss.detach(), turned)
            search.zero_grad(set_to_none=True)
            loss.sum().backward()  # type: ignore[no-untyped-call]
            search.step()
            with torch.no_grad():
                z.clamp_(-self.limit, self.limit)
            losses.append(float(loss.detach().mean()))
            if self.keep and (step + 1) * self.keep // steps > step * self.keep // steps:
                path.append(_still(z, classes))
            if progress:
                progress(genart.Progress(step + 1, steps, "step", f"{losses[-1]:.4f}"))
        with torch.no_grad():
            best.consider(self._loss(generator(_latent(z, classes)), target, wanted), turned)
            found = _latent(*best.places)
            image = generator(found)
        losses.append(float(best.loss.mean()))
        return genart.Inversion(found, image, losses, path=path, features="EfficientNet-Lite0")

    @torch.no_grad()
    def _begin(
        self, generator: genart.Generator, target: Tensor, wanted: Tensor, seed: int
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """For each target the z and class logits of the best try, and its loss."""
        chance = np.random.RandomState(seed)
        z = torch.from_numpy(chance.randn(self.tries, generator.z_dim)).float().to(target.device)
        z = z.clamp(-self.limit, self.limit)
        classes = None
        if generator.num_classes:
            drawn = torch.from_numpy(chance.randint(generator.num_classes, size=self.tries))
            classes = 4 * F.one_hot(drawn, generator.num_classes).float().to(target.device)
        found = torch.stack([
            self._losses(generator, z, classes, picture[None], seen[None])
            for picture, seen in zip(target, wanted, strict=True)
        ])  # fmt: skip
        loss, at = found.min(1)
        return z[at].clone(), None if classes is None else classes[at].clone(), loss

    def _losses(
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
            rows.append(self._loss(generator(places), target, wanted))
        return torch.cat(rows)

    def _loss(self, image: Tensor, target: Tensor, wanted: Tensor) -> Tensor:
        """(n,): pixels, and the classifier's features by their weight."""
        pixels = (image - target).square().mean((1, 2, 3))
        if not self.weight:
            return pixels
        return pixels + self.weight * (self._seen(image) - wanted).square().mean(1)

    def _seen(self, image: Tensor) -> Tensor:
        """What the classifier makes of images, (n, 320)."""
        small = F.interpolate(
            image[:, :3], (_SEEN, _SEEN), mode="bilinear", antialias=True, align_corners=False
        )
        (late,) = genart.features(str(image.device))(small, [_LATE])
        seen: Tensor = late.mean((2, 3)) / _SPREAD
        return seen


class _Best:
    """The best place of each target so far: RMSProp may leave a good one behind."""

    def __init__(self, loss: Tensor, turned: list[Tensor]) -> None:
        self.loss, self._kept = loss.clone(), [each.detach().clone() for each in turned]

    def consider(self, loss: Tensor, turned: list[Tensor]) -> None:
        """Take the places whose loss is lower."""
        better = loss < self.loss
        self.loss = torch.where(better, loss, self.loss)
        for kept, each in zip(self._kept, turned, strict=True):
            kept[better] = each.detach()[better]

    @property
    def places(self) -> tuple[Tensor, Tensor | None]:
        """The z and class logits."""
        return self._kept[0], self._kept[1] if len(self._kept) > 1 else None


def _latent(z: Tensor, classes: Tensor | None) -> genart.Latent:
    return genart.Latent("z", z, None if classes is None else classes.softmax(1))


def _still(z: Tensor, classes: Tensor | None) -> genart.Latent:
    """Where the search is now."""
    return _latent(z.detach().clone(), None if classes is None else classes.detach().clone())
