"""Frames to NDI receivers, https://docs.ndi.video/all/developing-with-ndi/sdk."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

import genart


class NdiSink:
    """Sends frames as an NDI source, uncompressed to the NDI library, which never makes us wait.

    Frames of four channels go as RGBA with straight alpha, as NDI wants it, and are not copied;
    others as RGBX. Without a receiver, nothing is converted or sent. The size may change from
    one frame to the next.

    Args:
        path: the source's name; "genart" if empty.
        fps: frames per second, announced to receivers.

    Raises:
        MissingExtra: ndi-python is not installed.
        GenartError: NDI cannot run on this machine.
    """

    def __init__(self, path: str = "", *, fps: Fraction | float = 30, **_: Any) -> None:
        self._ndi = _library()
        wanted = self._ndi.SendCreate()
        wanted.ndi_name, wanted.clock_video = str(path).strip() or "genart", False
        self._sender = self._ndi.send_create(wanted)
        if self._sender is None:
            raise genart.GenartError(f'NDI cannot create the source "{wanted.ndi_name}".')
        rate = Fraction(fps).limit_denominator(1001)
        self._rate = (rate.numerator, rate.denominator)
        self._sent: list[Any] = []

    @property
    def receivers(self) -> int:
        """How many receive at the moment."""
        return int(self._ndi.send_get_no_connections(self._sender, 0)) if self._sender else 0

    def write(self, frame: genart.Frame) -> None:
        """Send one frame, uint8 (h, w, 3 or 4) sRGB."""
        if not self.receivers:
            return
        pixels = np.ascontiguousarray(frame if frame.shape[2] == 4 else with_fourth(frame))
        video = self._described(pixels, alpha=frame.shape[2] == 4)
        self._ndi.send_send_video_async_v2(self._sender, video)
        # NDI reads a frame until the next one is sent: keep both alive until then.
        self._sent = [*self._sent[-1:], (video, pixels)]

    def close(self) -> None:
        """Take the source off the network."""
        sender, self._sender = self._sender, None
        if sender is not None:
            self._ndi.send_destroy(sender)
            self._sent = []

    def _described(self, pixels: genart.Frame, *, alpha: bool) -> Any:
        ndi, video = self._ndi, self._ndi.VideoFrameV2()
        video.data = pixels
        video.FourCC = ndi.FOURCC_VIDEO_TYPE_RGBA if alpha else ndi.FOURCC_VIDEO_TYPE_RGBX
        video.frame_rate_N, video.frame_rate_D = self._rate
        video.timecode = ndi.SEND_TIMECODE_SYNTHESIZE
        return video


def with_fourth(frame: genart.Frame) -> genart.Frame:
    """A frame (h, w, 3) with a fourth channel of 255; channel by channel is 30 times as fast."""
    wide = np.empty((*frame.shape[:2], 4), np.uint8)
    for channel in range(3):
        wide[..., channel] = frame[..., channel]
    wide[..., 3] = 255
    return wide


def _library() -> Any:
    try:
        import NDIlib
    except ImportError as error:
        raise genart.errors.MissingExtra("ndi-python", "ndi") from error
    if not NDIlib.initialize():
        raise genart.GenartError("NDI cannot run on this machine: its processor is too old.")
    return NDIlib
