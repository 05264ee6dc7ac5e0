"""Pomona, the included model: watercolours of fruit. See its model card, card.md.

A model is shipped like this: a package with the file, its card, and one hook.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import genart


@genart.hookimpl
def register_generators(register: genart.Register[genart.Generator]) -> None:
    """Offer "pomona"."""
    register("pomona", pomona)


def pomona(device: Any = "auto") -> genart.Generator:
    """Fruit watercolours, 128 px, trained by this project; plays on a CPU."""
    return genart.load(Path(__file__).with_name("pomona.safetensors"), device)
