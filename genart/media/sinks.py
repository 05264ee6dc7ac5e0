"""Sinks of the core: frames kept in memory."""

from __future__ import annotations

from genart.media.image_types import Frame


class MemorySink:
    """Keeps every frame in a list: for tests, notebooks and short loops.

    Attributes:
        frames: what was written, in order.
        closed: whether the film is finished.
    """

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.closed = False

    def write(self, frame: Frame) -> None:
        """Keep one frame."""
        self.frames.append(frame)

    def close(self) -> None:
        """Mark the film as finished."""
        self.closed = True
