"""NDI: the image, with its alpha, to any NDI receiver on the network."""

from __future__ import annotations

from typing import Any

import genart


@genart.hookimpl
def register_sinks(register: genart.Register[genart.Sink]) -> None:
    """Offer "ndi"."""
    register("ndi", genart.Spec(ndi, live=True))


def ndi(**options: Any) -> genart.Sink:
    """NDI, with alpha: --to ndi:NAME."""
    from genart_ndi.sink import NdiSink

    return NdiSink(**options)
