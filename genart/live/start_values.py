"""The values of Params with which a performance starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genart.contracts import Generator
from genart.models.loading import model_name
from genart.playback.sketch import Sketch
from genart.styling.factory import joined


def start_values(
    kind: type[Sketch],
    model: str | Path | Generator | None,
    style: str | Sequence[str],
    params: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the sketch's defaults, replaced by what was asked for, by "owner.name"."""
    asked = {**({"style.chain": joined(style)} if style else {}), **(params or {})}
    if model is not None:
        asked["model.name"] = model_name(model)
    # a constant-speed walk takes a hundred images, which delays the start
    return {**kind.defaults, "walk.even": False, **asked}
