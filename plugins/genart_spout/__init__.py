"""Spout: the picture, with its alpha, to other programs on the same Windows machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import genart


@genart.hookimpl
def register_sinks(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer "spout"."""
    register("spout", spout)


def spout(**options: Any) -> genart.Sink:
    """Spout, on Windows: --to spout:NAME."""
    from genart_spout.sink import SpoutSink

    return SpoutSink(**options)


spout.live = True  # type: ignore[attr-defined]
