"""Syphon: the image, with its alpha, to other programs on the same Mac."""

from __future__ import annotations

from typing import Any

import genart


@genart.hookimpl
def register_sinks(register: genart.Register[genart.Sink]) -> None:
    """Offer "syphon"."""
    register("syphon", genart.Spec(syphon, live=True))


def syphon(**options: Any) -> genart.Sink:
    """Syphon, on macOS: --to syphon:NAME."""
    from genart_syphon.sink import SyphonSink

    return SyphonSink(**options)
