"""From a picture to its place in latent space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import genart


@genart.hookimpl
def register_inverters(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer the projector and the semantic search."""
    register("projector", _projector)
    register("semantic", _semantic)


def _projector(**options: Any) -> genart.Inverter:
    """Optimisation in w or w+ with a perceptual loss, for generators with such spaces."""
    from genart_invert.projector import Projector

    return Projector(**options)


def _semantic(**options: Any) -> genart.Inverter:
    """Search in z by pixels and by what a classifier sees, for any generator."""
    from genart_invert.semantic import Semantic

    return Semantic(**options)
