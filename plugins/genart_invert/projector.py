"""StyleGAN2's projector: the w whose image looks most like another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

import genart

from .initialization import STARTS, initial_w, statistics
from .noise_maps import fresh_maps, renormalise, structure
from .schedule import Schedule

SPACES = ("w", "w+")


class Projector:
    """Optimises w, or w+, until the image looks like the target.

    After Karras et al. 2020a ("Analyzing and Improving the Image Quality of StyleGAN"), appendix
    D: the noise added to w decreases, the learning rate rises and falls; noise maps stay noise.
    The paper starts at the average w; this starts at the best of some candidates. Several
    targets are searched for at once, each as if it were alone.

    Args:
        space: "w" gives latents that stay editable, "w+" images that are closer.
        start: "auto" takes for each target the best of the average, `tries` random latents and the
            encoder's estimate, if the model has an encoder; "average", "samples" and "encoder" take
            one of these. A Latent in w or w+ starts there: one latent, or one per target, without
            added noise, which would lose a good start.
        tries: random latents to choose from.
        samples: number of random w for the average and its standard deviation.
        encoder: the encoder's file; found by itself beside the model, or among genart's own.
        noise: whether noise maps of its own are searched along, as the paper does, so that w need
            not explain noise. Without, the generator's maps are used, with which every image of
            the result is made later; that comes closer to images of the generator's own.
        noise_weight: how much they are kept from becoming images.
        pixels: the weight of the mean squared difference of pixels beside the features.
        keep: number of intermediate latents to store, for a film; 0 for none.
        schedule: learning rate and noise; the paper's, unless given.
        features: what images are compared by; see `genart.perception.perceptual_loss`.

    Raises:
        UsageError: a space or start that is none, or a count below 1.
    """

    def __init__(
        self,
        *,
        space: str = "w",
        start: str | genart.Latent = "auto",
        tries: int = 32,
        samples: int = 10_000,
        encoder: str | Path = "",
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
        if isinstance(start, str) and start not in STARTS:
            raise genart.UsageError(f'A search starts at {", ".join(STARTS)}, not "{start}".')
        if samples < 2 or tries < 1:
            raise genart.UsageError(
                "An average needs at least 2 samples and a start at least 1 try, not "
                f"{samples} and {tries}."
            )
        self.space, self.samples, self.keep, self.features = space, samples, keep, features
        self.start, self.tries, self.encoder = start, tries, encoder
        self.noise, self.noise_weight, self.pixels = noise, noise_weight, pixels
        noise_scale = 0.0 if isinstance(start, genart.Latent) else Schedule.noise
        self.schedule = schedule or Schedule(noise=noise_scale)

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

        Raises:
            UsageError: a target of another size, or fewer than 1 step.
        """
        if steps < 1:
            raise genart.UsageError(f"A search needs at least 1 step, not {steps}.")
        search = _Search(self, generator, target.to(generator.device), seed)
        losses = []
        path = [search.latent()] if self.keep else []
        for step in range(steps):
            losses.append(search.step(step / steps))
            if self.keep and (step + 1) * self.keep // steps > step * self.keep // steps:
                path.append(search.latent())
            if progress:
                progress(genart.Progress(step + 1, steps, "step", f"{losses[-1]:.4f}"))
        found = search.latent()
        with torch.no_grad():
            image = genart.media.image_on_black(generator(found))
        return genart.Inversion(found, image, losses, path=path, features=search.compare.name)

    def guess(
        self, generator: genart.Generator, target: genart.Image
    ) -> tuple[genart.Latent, genart.perception.PerceptualLoss]:
        """Return the latent where a search starts, and the loss that compares images."""
        search = _Search(self, generator, target, 0)
        return search.latent(), search.compare


class _Search:
    """A projection under way: w, its noise maps, and what moves them."""

    def __init__(
        self, settings: Projector, generator: genart.Generator, target: Tensor, seed: int
    ) -> None:
        self.settings, self.generator, self.target = settings, generator, target
        self.draw = torch.Generator().manual_seed(seed)
        self.compare = genart.perception.perceptual_loss(target, settings.features)
        _, self.spread = statistics(generator, settings.samples)
        w = initial_w(
            settings.start,
            generator,
            self.compare,
            target,
            settings.tries,
            settings.samples,
            settings.encoder,
        )
        rows = generator.num_ws if settings.space == "w+" else 1
        w = w.expand(len(target), rows, -1) if w.shape[1] == 1 else w[:, :rows]
        self.w = w.clone().requires_grad_()
        self.maps: dict[str, Tensor] = {}
        if settings.noise and isinstance(generator, genart.models.NoiseMaps):
            self.maps = fresh_maps(generator.noise_maps(), len(target), self.draw)
        self.adam = torch.optim.Adam(
            [self.w, *self.maps.values()], betas=(0.9, 0.999), lr=settings.schedule.rate
        )

    def step(self, t: float) -> float:
        """One step when the share t is done; returns the mean loss before it."""
        for group in self.adam.param_groups:
            group["lr"] = self.settings.schedule.rate_at(t)
        # the same chance for every target, so that a search does not depend on its neighbours
        noise = torch.randn((1, *self.w.shape[1:]), generator=self.draw).to(self.w)
        noisy = self.w + noise * (self.spread * self.settings.schedule.noise_at(t))
        image = self._picture(self._latent(noisy))
        loss = self.compare(image)
        loss = loss + self.settings.pixels * (image - self.target).square().mean((1, 2, 3))
        total = loss.sum()
        if self.maps:
            total = total + self.settings.noise_weight * structure(self.maps.values()).sum()
        self.adam.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        self.adam.step()
        renormalise(self.maps.values())
        return float(loss.detach().mean())

    def latent(self) -> genart.Latent:
        """Where it is."""
        return self._latent(self.w.detach().clone())

    def _latent(self, w: Tensor) -> genart.Latent:
        if self.settings.space == "w":
            return genart.Latent("w", w[:, 0])
        return genart.Latent("w+", w)

    def _picture(self, latent: genart.Latent) -> genart.Image:
        if self.maps and isinstance(self.generator, genart.models.NoiseMaps):
            return genart.media.image_on_black(self.generator.with_maps(latent, self.maps))
        return genart.media.image_on_black(self.generator(latent))
