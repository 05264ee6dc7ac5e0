"""Plasma: a generator made of sine waves, with no weights to load.

The smallest example of a generator plug-in, and the double that tests use in place of a network.
Only `plasma.py` imports torch, and only when somebody asks for a picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import genart

if TYPE_CHECKING:
    import torch


@genart.hookimpl
def register_generators(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer plasma plain, with three classes, and with an alpha channel."""
    register("plasma", _factory("plasma", "Silk from a formula, without weights."))
    register(
        "plasma-classes", _factory("plasma-classes", "Plasma in three classes.", num_classes=3)
    )
    register("plasma-alpha", _factory("plasma-alpha", "Plasma that is clear outside.", alpha=True))


def _factory(name: str, about: str, **kind: Any) -> Callable[..., genart.Generator]:
    def create(
        device: str | torch.device = "cpu", resolution: int | tuple[int, int] = 256
    ) -> genart.Generator:
        from genart_plasma.plasma import Plasma

        return Plasma(name, device=device, resolution=resolution, **kind)

    create.__doc__ = about
    return create
