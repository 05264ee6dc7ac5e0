"""Frames to Spout receivers, https://github.com/jlai/Python-SpoutGL."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

import genart

_PATIENCE = 10  # refused frames before an error is reported


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
            raise genart.GenartError("Spout works on Windows only. Use ndi or, on macOS, syphon.")
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
        # Not flipped (rows run from the top in both) and not sent to a framebuffer.
        if self._sender.sendImage(pixels, width, height, kind, False, 0):
            self._refused = 0
            self._sender.setFrameSync(self._name)
            return
        self._refused += 1
        if self._refused > _PATIENCE:
            raise genart.errors.OutputAway(
                "Spout accepts no frames. Check whether the graphics driver supports sharing."
            )

    def close(self) -> None:
        """Take the sender away."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.releaseSender()
