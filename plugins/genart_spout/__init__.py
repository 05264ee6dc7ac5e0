"""Spout: the image, with its alpha, to other programs on the same Windows machine."""

from __future__ import annotations

from typing import Any

import genart


@genart.hookimpl
def register_sinks(register: genart.Register[genart.Sink]) -> None:
    """Offer "spout"."""
    register("spout", genart.Spec(spout, live=True))


def spout(**options: Any) -> genart.Sink:
    """Spout, on Windows: --to spout:NAME."""
    from genart_spout.sink import SpoutSink

    return SpoutSink(**options)
