"""Streams to servers and players: RTMP, RTMPS, SRT, UDP, RTSP.

The ffmpeg of imageio-ffmpeg encodes and sends, in a separate process: a server that
does not answer holds up that process only. PyAV's wheels have no SRT, and PyAV keeps the
interpreter to itself while it connects, which would stop the image.
"""

from __future__ import annotations

from typing import Any

import genart
from genart_stream.protocols import PROTOCOLS


@genart.hookimpl
def register_sinks(register: genart.Register[genart.Sink]) -> None:
    """Offer a sink for each scheme of a URL."""
    for scheme in PROTOCOLS:
        register(scheme, genart.Spec(_stream, about=PROTOCOLS[scheme].about, live=True))


def _stream(path: str, *, fps: Any, size: tuple[int, int], **_: Any) -> genart.Sink:
    from genart_stream.sink import StreamSink

    return StreamSink(path, fps=fps, size=size)
