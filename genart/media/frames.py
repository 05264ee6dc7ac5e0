"""Frames from images and back: the only module that converts between -1..1 and bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F

from genart.errors import SketchError, UsageError
from genart.media.image_types import Frame, Image
from genart.profiling import span


def to_frames(image: Image, size: tuple[int, int] | None = None) -> list[Frame]:
    """Convert images (n, 1, 3 or 4, h, w) in -1..1 to n frames, uint8 (h, w, 3 or 4) sRGB.

    -1 becomes 0, +1 becomes 255, half way up is rounded to even; values outside are clipped and
    a value that is not a number becomes mid grey. All that happens on the image's device, so that
    few bytes travel.

    Args:
        image: torch float on any device.
        size: (h, w) to resize and centre-crop to, keeping the aspect; None keeps the image's.

    Raises:
        UsageError: no image.
    """
    return send_frames(image, size).wait()


def as_frame(picture: Image | Frame, size: tuple[int, int]) -> Frame:
    """Return what a sketch drew as a frame that covers size (h, w); see `begin_frame`."""
    return begin_frame(picture, size)()


def begin_frame(picture: Image | Frame, size: tuple[int, int]) -> PendingFrame:
    """Start to convert what a sketch drew to a frame that covers size (h, w).

    The next image can be drawn while the frame is copied from the device.

    Raises:
        SketchError: neither an image of one image nor a frame.
    """
    if isinstance(picture, np.ndarray) and picture.shape[:2] == size:  # noqa: SIM102, for mypy
        if picture.dtype == np.uint8:
            return PendingFrame(picture)
    return PendingFrame(send_frames(as_image(picture), size))


def as_image(picture: Image | Frame) -> Image:
    """Return what a sketch drew as an image (1, 1, 3 or 4, h, w).

    Raises:
        SketchError: neither an image of one image nor a frame.
    """
    if hasattr(picture, "__array_interface__"):  # numpy's, and a PIL image
        picture = frame_to_image(np.array(picture))  # a copy: torch wants to be able to write
    if not isinstance(picture, torch.Tensor) or len(picture) != 1:
        what = getattr(picture, "shape", type(picture).__name__)
        raise SketchError(
            f"draw must return an image (1, 3, h, w), a frame or a PIL image, not {what}."
        )
    return picture


class PendingFrame:
    """A frame that may still be copied from a GPU; calling it waits and returns the frame.

    Args:
        frame: the frame, or frames being copied, of which it is the first.
    """

    def __init__(self, frame: Frame | FrameTransfer) -> None:
        self._transfer = frame if isinstance(frame, FrameTransfer) else None
        self._frame = None if isinstance(frame, FrameTransfer) else frame

    @property
    def ready(self) -> bool:
        """Whether calling it does not wait."""
        return self._transfer is None or self._transfer.ready

    def __call__(self) -> Frame:
        """Return the frame, the same one each time."""
        if self._transfer is not None:
            self._frame, self._transfer = self._transfer.wait()[0], None
        assert self._frame is not None
        return self._frame


def in_order(pending: Iterable[PendingFrame]) -> Iterator[Frame]:
    """Yield frames in their order; one that is not ready is waited for once the next is begun."""
    late: PendingFrame | None = None
    for each in pending:
        if late is not None:
            yield late()
        late = None if each.ready else each
        if late is None:
            yield each()
    if late is not None:
        yield late()


def send_frames(image: Image, size: tuple[int, int] | None = None) -> FrameTransfer:
    """Convert images to frames and start to copy them to the host; see `to_frames`.

    Raises:
        UsageError: no image.
    """
    if not isinstance(image, torch.Tensor):
        what = type(image).__name__
        raise UsageError(
            f"An image is a tensor (n, 3, h, w), not {what}; genart.to_image makes one."
        )
    if image.ndim != 4 or image.shape[1] not in (1, 3, 4):
        raise UsageError(f"An image must have shape (n, 3, h, w), not {tuple(image.shape)}.")
    image = image.detach().float()
    if size is not None:
        with span("resize"):
            image = cover(image, size)
    with span("to bytes"):
        planes = _bytes(image).unbind(1)
        planes = planes * 3 if len(planes) == 1 else planes
        return FrameTransfer(torch.stack(planes, -1))


class FrameTransfer:
    """Frames (n, h, w, 3 or 4) that are copied from a device to the host.

    From CUDA they are copied on a separate stream into memory that the GPU writes by itself;
    torch keeps such memory for the next frames, so two or three pieces of it serve a whole film.

    Args:
        frames: uint8, on any device; not changed afterwards.
    """

    def __init__(self, frames: torch.Tensor) -> None:
        self._host, self._event = frames, cast(Any, None)
        if frames.device.type == "cuda":
            self._host, self._event = _start_copy(frames)

    @property
    def ready(self) -> bool:
        """Whether the frames are there, so that `wait` does not wait."""
        return self._host.device.type == "cpu" and (self._event is None or self._event.query())

    def wait(self) -> list[Frame]:
        """Return the frames."""
        with span("to host"):
            if self._event is not None:
                self._event.synchronize()
            return list(self._host.cpu().numpy())


def _start_copy(frames: torch.Tensor) -> tuple[torch.Tensor, Any]:
    """Return the memory on the host that the frames are copied to, and the event of its end."""
    stream = _stream(frames.device)
    stream.wait_stream(torch.cuda.current_stream(frames.device))
    with torch.cuda.stream(stream):
        host = torch.empty(frames.shape, dtype=frames.dtype, pin_memory=True)
        host.copy_(frames, non_blocking=True)
        frames.record_stream(stream)  # or its memory would be used again too early
        event: Any = stream.record_event()
    return host, event


@lru_cache
def _stream(device: torch.device) -> Any:
    """The stream of a device's copies to the host."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


class _Kept(threading.local):
    """Working memory for images of one shape at a time, one for each thread."""

    def __init__(self) -> None:
        self.floats = torch.empty(0)
        self.bytes = torch.empty(0, dtype=torch.uint8)

    def of(self, image: Image) -> tuple[torch.Tensor, torch.Tensor]:
        """Floats and bytes of an image's shape."""
        if image.device.type != "cpu":
            return torch.empty_like(image), torch.empty_like(image, dtype=torch.uint8)
        if self.floats.shape != image.shape:
            with torch.inference_mode(False):  # usable within and without
                self.floats = torch.empty(image.shape)
                self.bytes = torch.empty(image.shape, dtype=torch.uint8)
        return self.floats, self.bytes


_KEPT = _Kept()


@torch.no_grad()
def _bytes(image: Image) -> torch.Tensor:
    """-1..1 as 0..255, uint8 of the same shape, in memory that the next call uses again."""
    floats, numbers = _KEPT.of(image)
    torch.mul(image, 127.5, out=floats)
    floats.add_(127.5).round_().clamp_(0, 255).nan_to_num_(nan=128.0)
    return numbers.copy_(floats)


def frame_to_image(frame: Frame, device: str | torch.device = "cpu") -> Image:
    """Convert a frame to an image.

    Args:
        frame: numpy uint8 (h, w, 3), or (h, w, 4) with alpha, sRGB.
        device: where the image is to be, such as "cpu" or "cuda".

    Returns:
        torch float (1, 3 or 4, h, w) in -1..1.

    Raises:
        UsageError: another shape or type.
    """
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] not in (3, 4):
        raise UsageError(f"A frame must be uint8 (h, w, 3), not {frame.dtype} {frame.shape}.")
    writable = np.require(frame, requirements=("C", "W"))  # torch warns of memory that is not
    image = torch.from_numpy(writable).to(device).permute(2, 0, 1)[None]
    return image.float().div_(127.5).sub_(1)


def on_black(frame: Frame) -> Frame:
    """Return a frame without alpha, on black.

    Args:
        frame: uint8 (h, w, 4); one of (h, w, 3) is returned as it is.

    Returns:
        uint8 (h, w, 3).
    """
    if frame.shape[2] == 3:
        return frame
    colour = frame[..., :3].astype(np.uint16) * frame[..., 3:]
    return ((colour + 127) // 255).astype(np.uint8)


def image_on_black(image: Image) -> Image:
    """Return images without alpha, on black; gradients flow.

    Args:
        image: (n, 4, h, w) in -1..1, alpha too; images of other channels are returned as they are.

    Returns:
        (n, 3, h, w).
    """
    if image.shape[1] != 4:
        return image
    colour, alpha = image[:, :3], (image[:, 3:] + 1) / 2
    return (colour + 1) * alpha.clamp(0, 1) - 1


def cover(image: Image, size: tuple[int, int]) -> Image:
    """The image resized to cover size (h, w), keeping its aspect, and cropped at the centre."""
    height, width = image.shape[-2:]
    if (height, width) == size:
        return image
    scale = max(size[0] / height, size[1] / width)
    grown = (max(round(height * scale), size[0]), max(round(width * scale), size[1]))
    image = F.interpolate(image, grown, mode="bicubic", align_corners=False, antialias=True)
    top, left = (grown[0] - size[0]) // 2, (grown[1] - size[1]) // 2
    return image[..., top : top + size[0], left : left + size[1]]
