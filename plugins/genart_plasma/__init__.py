"""Plasma: a generator made of sine waves, with no weights to load.

The smallest example of a generator plug-in, and the test double for a network. Only `plasma.py`
imports torch, and only when a generator is made.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import genart

if TYPE_CHECKING:
    import torch


@genart.hookimpl
def register_generators(register: genart.Register[genart.Generator]) -> None:
    """Offer plasma plain, with three classes, and with an alpha channel."""
    plain = partial(_plasma, "plasma", 0, False)
    classes = partial(_plasma, "plasma-classes", 3, False)
    alpha = partial(_plasma, "plasma-alpha", 0, True)
    register("plasma", genart.Spec(plain, about="Silk computed from a formula, without weights."))
    register("plasma-classes", genart.Spec(classes, about="Plasma with three classes."))
    register("plasma-alpha", genart.Spec(alpha, about="Plasma on a transparent background."))


def _plasma(
    name: str,
    num_classes: int,
    alpha: bool,
    device: str | torch.device = "cpu",
    resolution: int | tuple[int, int] = 256,
) -> genart.Generator:
    from genart_plasma.plasma import Plasma

    return Plasma(name, device=device, resolution=resolution, num_classes=num_classes, alpha=alpha)
