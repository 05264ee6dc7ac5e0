"""Frames to Spout receivers, https://github.com/jlai/Python-SpoutGL."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

import genart

_PATIENCE = 10  # frames that Spout may refuse before it is told


class SpoutSink:
    """Sends frames as a Spout sender: RGBA with straight alpha, or RGB.

    The sender is made with the first frame, because Spout belongs to the thread that writes.

    Args:
        path: the sender's name; "genart" if empty.

    Raises:
        GenartError: this is not Windows.
        MissingExtra: SpoutGL is not installed.
    """

    def __init__(self, path: str = "", **_: Any) -> None:
        if platform.system() != "Windows":
            raise genart.GenartError("Spout is on Windows only; use ndi or, on macOS, syphon.")
        try:
            import SpoutGL
        except ImportError as error:
            raise genart.errors.MissingExtra("SpoutGL", "spout") from error
        self._spout, self._name = SpoutGL, str(path).strip() or "genart"
        self._sender: Any = None
        self._refused = 0

    def write(self, frame: genart.Frame) -> None:
        """Send one frame, uint8 (h, w, 3 or 4) sRGB, of any size.

        Raises:
            OutputAway: Spout takes no frames; a later one tries again.
        """
        if self._sender is None:
            self._sender = self._spout.SpoutSender()
            self._sender.setSenderName(self._name)
        (height, width, depth), formats = frame.shape, self._spout.enums
        kind = formats.GL_RGBA if depth == 4 else formats.GL_RGB
        pixels = np.ascontiguousarray(frame)
        # Neither turned upside down (rows run from the top here, as there) nor into a framebuffer.
        if self._sender.sendImage(pixels, width, height, kind, False, 0):
            self._refused = 0
            self._sender.setFrameSync(self._name)
            return
        self._refused += 1
        if self._refused > _PATIENCE:
            raise genart.errors.OutputAway(
                "Spout takes no frames; does the graphics driver share them?"
            )

    def close(self) -> None:
        """Take the sender away."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.releaseSender()
