"""An encoder as an inverter, optionally followed by a search."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import genart

from .projector import Projector


class Encoder:
    """Finds w in one pass of an encoder; with steps, the projector goes on from there.

    Args:
        encoder: its file; found by itself beside the model, or among genart's own.
        options: for the projector, see `Projector`.

    Raises:
        UsageError: an option that is none.
    """

    def __init__(self, *, encoder: str | Path = "", **options: Any) -> None:
        if "start" in options:
            raise genart.UsageError("The method encoder starts at its own estimate. Remove start.")
        self.search = Projector(start="encoder", encoder=encoder, **options)

    def __call__(
        self,
        generator: genart.Generator,
        target: genart.Image,
        *,
        steps: int,
        seed: int = 0,
        progress: Callable[[genart.Progress], None] | None = None,
    ) -> genart.Inversion:
        """Estimate, then search for `steps` steps; target is (n, 3, h, w) in -1..1.

        Raises:
            UsageError: no encoder, or that of another generator; fewer than 0 steps.
        """
        if steps < 0:
            raise genart.UsageError(f"A search needs 0 or more steps, not {steps}.")
        if steps:
            return self.search(generator, target, steps=steps, seed=seed, progress=progress)
        target = target.to(generator.device)
        latent, compare = self.search.guess(generator, target)
        with torch.no_grad():
            image = genart.media.image_on_black(generator(latent))
            loss = float(compare(image).mean())
        if progress:
            progress(genart.Progress(1, 1, "step", f"{loss:.4f}"))
        return genart.Inversion(latent, image, [loss], features=compare.name)
