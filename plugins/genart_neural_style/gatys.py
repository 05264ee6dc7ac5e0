"""The stylizer `gatys`."""

from __future__ import annotations

from typing import Any

import genart


class Gatys:
    """Neural style by optimisation."""

    def __init__(self, style: Any, **options: Any) -> None:
        raise genart.UsageError("Not built yet.")

    def __call__(self, image: genart.Image) -> genart.Image:
        """(n, 3, h, w) in -1..1 to the same."""
        return image
