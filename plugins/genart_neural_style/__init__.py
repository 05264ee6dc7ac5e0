"""Neural style: a picture repainted in the manner of another, by optimisation.

Only factories import torch, when somebody asks for a stylizer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import genart


@genart.hookimpl
def register_stylizers(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer neural style by optimisation."""
    register("gatys", _gatys)


def _gatys(style: Any, **options: Any) -> genart.Stylizer:
    """Neural style after Gatys, Ecker and Bethge 2016: each picture is optimised by itself."""
    from .gatys import Gatys

    return Gatys(style, **options)
