"""Syphon: the picture, with its alpha, to other programs on the same Mac."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import genart


@genart.hookimpl
def register_sinks(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer "syphon"."""
    register("syphon", syphon)


def syphon(**options: Any) -> genart.Sink:
    """Syphon, on macOS: --to syphon:NAME."""
    from genart_syphon.sink import SyphonSink

    return SyphonSink(**options)


syphon.live = True  # type: ignore[attr-defined]
