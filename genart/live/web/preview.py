"""The live image for browsers: the newest frame as JPEG, whenever a browser asks for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import numpy as np
from PIL import Image as Pictures
from simplejpeg import encode_jpeg

from genart.contracts import Frame
from genart.media.frames import on_black

_QUALITY = 85
_LARGEST = 1280  # pixels a side; a preview needs no more


class Preview:
    """A sink that keeps the newest frame; each client asks for one when it is ready.

    A client has one image in flight, so a slow one skips frames and is never behind.
    """

    def __init__(self) -> None:
        self._latest: tuple[int, Frame] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: asyncio.Event | None = None
        self._waiting, self._ended = 0, False
        self._encoded: tuple[int, bytes] = (0, b"")
        self._lock: asyncio.Lock | None = None

    def write(self, frame: Frame) -> None:
        """Keep one frame."""
        number = self._latest[0] if self._latest else 0
        self._latest = (number + 1, frame)
        if self._waiting and self._loop is not None and self._news is not None:
            try:
                self._loop.call_soon_threadsafe(self._news.set)
            except RuntimeError:  # the event loop has just ended
                self._loop = None

    def close(self) -> None:
        """End the waiting of every client; from any thread."""
        self._ended = True
        if self._loop is not None and self._news is not None:
            with suppress(RuntimeError):  # the event loop has just ended
                self._loop.call_soon_threadsafe(self._news.set)

    async def next(self, after: int) -> tuple[int, bytes] | None:
        """The number and JPEG of the newest frame, once it is newer than number `after`.

        None at the end, when there are no more.
        """
        if self._news is None:
            self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
            self._lock = asyncio.Lock()
        self._waiting += 1
        try:
            while not self._ended and (self._latest is None or self._latest[0] <= after):
                self._news.clear()
                await self._news.wait()
        finally:
            self._waiting -= 1
        return None if self._ended else await self._jpeg()

    async def _jpeg(self) -> tuple[int, bytes]:
        assert self._lock is not None
        assert self._latest is not None
        async with self._lock:  # encoded once for all that wait
            number, frame = self._latest
            if self._encoded[0] != number:
                self._encoded = (number, await asyncio.to_thread(jpeg, frame))
            return self._encoded


def jpeg(frame: Frame) -> bytes:
    """A frame as JPEG, reduced where a side is above 1280 pixels."""
    frame = on_black(frame)
    if max(frame.shape[:2]) > _LARGEST:
        picture = Pictures.fromarray(frame)
        picture.thumbnail((_LARGEST, _LARGEST), Pictures.Resampling.BILINEAR)
        frame = np.asarray(picture)
    made: bytes = encode_jpeg(np.ascontiguousarray(frame), _QUALITY, "RGB", "420")
    return made
