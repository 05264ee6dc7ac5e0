"""Sends frames to a server; reconnects if it disconnects."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

import genart
from genart_stream.encoder import Encoder
from genart_stream.target import read_target

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 10.0  # seconds from the beginning of a try to the next
_STEADY = 30.0  # seconds after which a connection counts as a good one


class StreamSink:
    """Streams frames as H.264; connects with the first frame, and again when it is cut off.

    Args:
        path: the URL, see `read_target`.
        fps: frames per second.
        size: (h, w) of the frames.
        now: a clock in seconds.

    Raises:
        UsageError: a URL or option that cannot be.
    """

    def __init__(
        self,
        path: str,
        *,
        fps: Fraction | float,
        size: tuple[int, int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = Fraction(fps)
        self._target = read_target(path, self._rate, size)
        self._now = now
        self._encoder: Encoder | None = None
        self._size, self._since = size, 0.0
        self._wait, self._retry = _FIRST_WAIT, 0.0
        self._away = ""

    def write(self, frame: genart.Frame) -> None:
        """Send one frame, uint8 (h, w, 3 or 4); alpha is painted on black.

        Raises:
            OutputAway: the other end is gone, or not there yet; a later frame tries again.
        """
        if self._encoder is None or frame.shape[:2] != self._size:
            self._connect(frame.shape[:2])
        assert self._encoder is not None
        try:
            self._encoder.write(genart.media.on_black(frame))
        except OSError:
            raise self._lost(self._encoder) from None
        if self._away and not self._encoder.begun:
            raise genart.errors.OutputAway(self._away)
        self._away = ""

    def close(self) -> None:
        """Finish the stream."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()

    def abort(self) -> None:
        """Stop at once."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.kill()

    def _connect(self, size: tuple[int, int]) -> None:
        if self._now() < self._retry:
            raise genart.errors.OutputAway(self._away)
        self.close()
        self._size, self._since = size, self._now()
        self._encoder = Encoder(self._target, self._rate, size)

    def _lost(self, encoder: Encoder) -> genart.errors.OutputAway:
        was = "is disconnected" if encoder.begun else "does not answer"
        steady = encoder.begun and self._now() - self._since > _STEADY
        self._away = f"{self._target.place} {was} ({encoder.reason()}); trying again."
        self.abort()
        wait = _FIRST_WAIT if steady else self._wait
        self._retry, self._wait = self._since + wait, min(2 * wait, _LONGEST_WAIT)
        return genart.errors.OutputAway(self._away)
