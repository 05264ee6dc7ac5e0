"""Frames to a virtual camera, https://letmaik.github.io/pyvirtualcam."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

import genart


class CameraSink:
    """Sends frames to v4l2loopback on Linux, to OBS's camera or Unity Capture elsewhere.

    A frame with an odd side loses a row or column: cameras have even ones.

    Args:
        path: the device, such as "/dev/video2" or "OBS Virtual Camera"; "" takes the first.
        fps: frames per second, announced to programs that watch.
        size: (h, w) of the frames.

    Raises:
        MissingExtra: pyvirtualcam is not installed.
        GenartError: there is no such camera.
    """

    def __init__(
        self, path: str = "", *, fps: Fraction | float, size: tuple[int, int], **_: Any
    ) -> None:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise genart.errors.MissingExtra("pyvirtualcam", "virtualcam") from error
        self._size = (size[0] // 2 * 2, size[1] // 2 * 2)
        try:
            self._camera = pyvirtualcam.Camera(
                width=self._size[1], height=self._size[0], fps=float(fps), device=path or None
            )
        except RuntimeError as error:
            raise genart.GenartError(f"No virtual camera: {error}") from error

    def write(self, frame: genart.Frame) -> None:
        """Send one frame, uint8 (h, w, 3 or 4) sRGB; alpha is painted on black."""
        cut = genart.media.on_black(frame)[: self._size[0], : self._size[1]]
        self._camera.send(np.ascontiguousarray(cut))

    def close(self) -> None:
        """Leave the camera."""
        self._camera.close()
