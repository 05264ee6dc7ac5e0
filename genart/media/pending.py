"""Frames that may be on their way from a GPU yet, so that the next is begun before they are in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from genart.errors import SketchError
from genart.media.frames import Sent, frame_to_image, send_frames
from genart.media.image_types import Frame, Image


class PendingFrame:
    """A frame, or one that is on its way; calling it waits, and gives the same frame each time.

    Args:
        frame: the frame, or what was sent, of which the first is it.
    """

    def __init__(self, frame: Frame | Sent) -> None:
        self._sent = frame if isinstance(frame, Sent) else None
        self._frame = None if isinstance(frame, Sent) else frame

    @property
    def ready(self) -> bool:
        """Whether calling it does not wait."""
        return self._sent is None or self._sent.ready

    def __call__(self) -> Frame:
        """The frame."""
        if self._sent is not None:
            self._frame, self._sent = self._sent.wait()[0], None
        assert self._frame is not None
        return self._frame


def in_turn(coming: Iterable[PendingFrame]) -> Iterator[Frame]:
    """Frames in their order; one that is on its way is waited for when the next was begun."""
    late: PendingFrame | None = None
    for each in coming:
        if late is not None:
            yield late()
        late = None if each.ready else each
        if late is None:
            yield each()
    if late is not None:
        yield late()


def as_frame(picture: Image | Frame, size: tuple[int, int]) -> Frame:
    """What a sketch drew, as a frame that covers size (h, w); see `sent`."""
    return sent(picture, size)()


def sent(picture: Image | Frame, size: tuple[int, int]) -> PendingFrame:
    """What a sketch drew, as a frame that covers size (h, w), perhaps on its way.

    Raises:
        SketchError: neither an image of one picture nor a frame.
    """
    if isinstance(picture, np.ndarray) and picture.shape[:2] == size:  # noqa: SIM102, for mypy
        if picture.dtype == np.uint8:
            return PendingFrame(picture)
    return PendingFrame(send_frames(as_image(picture), size))


def as_image(picture: Image | Frame) -> Image:
    """What a sketch drew, as an image of one picture.

    Raises:
        SketchError: neither an image of one picture nor a frame.
    """
    if isinstance(picture, np.ndarray):
        picture = frame_to_image(np.array(picture))  # a copy: torch wants to be able to write
    if not isinstance(picture, torch.Tensor) or len(picture) != 1:
        what = getattr(picture, "shape", type(picture).__name__)
        raise SketchError(f"draw must return an image (1, 3, h, w) or a frame, not {what}.")
    return picture
