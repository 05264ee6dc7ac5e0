"""StyleGAN2's projector: the w whose picture looks most like another."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

import genart

from .maps import fresh_maps, renormalise, structure
from .schedule import Schedule

SPACES = ("w", "w+")


class Projector:
    """Optimises w, or w+, until the picture looks like the target.

    After Karras et al. 2020a ("Analyzing and Improving the Image Quality of StyleGAN"), appendix
    D: it begins at the average w and shakes w less and less; noise maps are kept noise. Several
    targets are searched for at once, each as if it were alone.

    Args:
        space: "w" gives places that stay editable, "w+" pictures that are closer.
        samples: how many random w tell the average and its spread.
        noise: whether noise maps of its own are searched along, as the paper does, so that w need
            not explain grain. Without, the generator's maps are used, with which every picture of
            the result is made later; that comes closer to pictures of the generator's own.
        noise_weight: how much they are kept from becoming pictures.
        pixels: the weight of the mean squared difference of pixels beside the features.
        keep: how many places on the way to keep, for a film; 0 for none.
        schedule: learning rate and shaking.
        features: what pictures are compared by; see `genart.perceptual_loss`.

    Raises:
        UsageError: a space that is neither, or a count below 1.
    """

    def __init__(
        self,
        *,
        space: str = "w",
        samples: int = 10_000,
        noise: bool = False,
        noise_weight: float = 1e5,
        pixels: float = 0.1,
        keep: int = 0,
        schedule: Schedule | None = None,
        features: str = "auto",
    ) -> None:
        if space not in SPACES:
            raise genart.UsageError(
                f"The projector searches in {' or '.join(SPACES)}, not {space}."
            )
        if samples < 2:
            raise genart.UsageError(f"An average takes 2 samples or more, not {samples}.")
        self.space, self.samples, self.keep, self.features = space, samples, keep, features
        self.noise, self.noise_weight, self.pixels = noise, noise_weight, pixels
        self.schedule = schedule or Schedule()

    def __call__(
        self,
        generator: genart.Generator,
        target: genart.Image,
        *,
        steps: int = 1000,
        seed: int = 0,
        progress: Callable[[genart.Progress], None] | None = None,
    ) -> genart.Inversion:
        """Search for `steps` steps; target is (n, 3, h, w) in -1..1 at the generator's size.

        Raises:
            UsageError: a target of another size, or fewer than 1 step.
        """
        if steps < 1:
            raise genart.UsageError(f"A search takes 1 step or more, not {steps}.")
        target = target.to(generator.device)
        draw = torch.Generator().manual_seed(seed)
        average, spread = statistics(generator, self.samples)
        shape = (
            len(target),
            *((1,) if self.space == "w" else (generator.num_ws,)),
            average.numel(),
        )
        w = average.expand(shape).clone().requires_grad_()
        maps: dict[str, Tensor] = {}
        if self.noise and isinstance(generator, genart.NoiseMaps):
            maps = fresh_maps(generator.noise_maps(), len(target), draw)
        compare = genart.perceptual_loss(target, self.features)
        adam = torch.optim.Adam([w, *maps.values()], betas=(0.9, 0.999), lr=self.schedule.rate)
        losses, path = [], [w.detach().clone()] if self.keep else []
        for step in range(steps):
            t = step / steps
            for group in adam.param_groups:
                group["lr"] = self.schedule.rate_at(t)
            shaken = w + _shake(shape, draw).to(w) * (spread * self.schedule.noise_at(t))
            image = _picture(generator, _latent(shaken, self.space), maps)
            loss = compare(image) + self.pixels * (image - target).square().mean((1, 2, 3))
            kept_noise = structure(maps.values()) if maps else loss.new_zeros(())
            adam.zero_grad(set_to_none=True)
            (loss + self.noise_weight * kept_noise).sum().backward()
            adam.step()
            renormalise(maps.values())
            losses.append(float(loss.detach().mean()))
            if self.keep and (step + 1) * self.keep // steps > step * self.keep // steps:
                path.append(w.detach().clone())
            if progress:
                progress(genart.Progress(step + 1, steps, "step", f"{losses[-1]:.4f}"))
        found = _latent(w.detach(), self.space)
        with torch.no_grad():
            image = generator(found)
        return genart.Inversion(
            found, image, losses, features=compare.name,
            path=[_latent(each, self.space) for each in path],
        )  # fmt: skip


def statistics(generator: genart.Generator, samples: int, seed: int = 123) -> tuple[Tensor, float]:
    """The average of w over random z, (w_dim,), and the root of its mean squared distance."""
    z = torch.from_numpy(np.random.RandomState(seed).randn(samples, generator.z_dim)).float()
    label = generator.sample([0]).label
    with torch.no_grad():
        places = genart.Latent(
            "z", z.to(generator.device), None if label is None else label.expand(samples, -1)
        )
        w = generator.map(places).values[:, 0]
    average = w.mean(0)
    return average, math.sqrt(float((w - average).square().sum(1).mean()))


def _shake(shape: tuple[int, ...], draw: torch.Generator) -> Tensor:
    """The same chance for every target, so that a search does not depend on its neighbours."""
    return torch.randn((1, *shape[1:]), generator=draw)


def _latent(w: Tensor, space: str) -> genart.Latent:
    return genart.Latent("w", w[:, 0]) if space == "w" else genart.Latent("w+", w)


def _picture(
    generator: genart.Generator, latent: genart.Latent, maps: dict[str, Tensor]
) -> genart.Image:
    if maps and isinstance(generator, genart.NoiseMaps):
        return generator.with_maps(latent, maps)
    return generator(latent)
