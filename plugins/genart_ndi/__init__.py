"""NDI: the picture, with its alpha, to any NDI receiver on the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import genart


@genart.hookimpl
def register_sinks(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer "ndi"."""
    register("ndi", ndi)


def ndi(**options: Any) -> genart.Sink:
    """NDI, with alpha: --to ndi:NAME."""
    from genart_ndi.sink import NdiSink

    return NdiSink(**options)


ndi.live = True  # type: ignore[attr-defined]
