"""Frames to Syphon clients, https://github.com/cansik/syphon-python."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

import genart


class SyphonSink:
    """Sends frames as a Syphon server through Metal: RGBA with straight alpha.

    Without a receiver, nothing is copied.

    Args:
        path: the server's name; "genart" if empty.

    Raises:
        GenartError: this is not macOS.
        MissingExtra: syphon-python is not installed.
    """

    def __init__(self, path: str = "", **_: Any) -> None:
        if platform.system() != "Darwin":
            raise genart.GenartError("Syphon works on macOS only. Use ndi or, on Windows, spout.")
        try:
            import syphon
            from syphon.utils.numpy import copy_image_to_mtl_texture
            from syphon.utils.raw import create_mtl_texture
        except ImportError as error:
            raise genart.errors.MissingExtra("syphon-python", "syphon") from error
        self._server: Any = syphon.SyphonMetalServer(str(path).strip() or "genart")
        self._create, self._copy = create_mtl_texture, copy_image_to_mtl_texture
        self._texture: Any = None
        self._size = (0, 0)

    def write(self, frame: genart.Frame) -> None:
        """Send one frame, uint8 (h, w, 3 or 4) sRGB, of any size."""
        if not self._server.has_clients:
            return
        height, width = frame.shape[:2]
        if (height, width) != self._size:
            self._texture = self._create(self._server.device, width, height)
            self._size = (height, width)
        self._copy(with_alpha(frame), self._texture)
        # Rows run from the top here; Syphon's image begins at the bottom.
        self._server.publish_frame_texture(self._texture, is_flipped=True)

    def close(self) -> None:
        """Take the server away."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()


def with_alpha(frame: genart.Frame) -> genart.Frame:
    """A frame of four channels; one of three becomes opaque."""
    if frame.shape[2] == 4:
        return frame
    return np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)])
