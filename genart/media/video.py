"""Films and cameras as frames: read in order, asked for by time, or the newest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from threading import Condition, Thread

import numpy as np

from genart.errors import DataError
from genart.media.film_probe import FilmFacts, probe_film
from genart.media.image_types import Frame

_PATIENCE = 10.0  # seconds that a camera may take to give its first frame
_NEARLY = 1e-3  # of a frame: a time this little before a frame's is its time
#: How ffmpeg takes images from a camera here, and which one unless it is named.
_CAMERAS = {
    "linux": ("v4l2", "/dev/video0", ""),
    "darwin": ("avfoundation", "0", ""),
    "win32": ("dshow", "", "video="),
}


def read_film(
    film: FilmFacts, size: tuple[int, int], fps: Fraction
) -> Generator[Frame, None, None]:
    """The frames of a film at another rate, made to cover size (h, w); one at a time.

    They are upright and in square pixels; transparent parts are black.
    """
    filters = [f"fps={fps}"]
    if film.alpha:
        filters.append("format=gbrap,premultiply=inplace=1")
    if not film.square:
        filters.append(f"scale={film.size[1]}:{film.size[0]}:flags=bicubic,setsar=1")
    return _decoded([*film.source, "-map", "0:V:0"], size, ",".join(filters) + ",")


def _decoded(
    source: Sequence[str], size: tuple[int, int], filters: str = ""
) -> Generator[Frame, None, None]:
    """What ffmpeg reads of a source, made to cover size (h, w)."""
    yield from _read_from(_decoder(source, size, filters), size)


def _decoder(
    source: Sequence[str], size: tuple[int, int], filters: str = ""
) -> subprocess.Popen[bytes]:
    """An ffmpeg that writes a source's frames as they are."""
    from imageio_ffmpeg import get_ffmpeg_exe

    height, width = size
    cover = f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=bicubic"
    return subprocess.Popen(
        [get_ffmpeg_exe(), "-v", "error", *source, "-vf", f"{filters}{cover},crop={width}:{height}",
         "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def _read_from(
    process: subprocess.Popen[bytes], size: tuple[int, int]
) -> Generator[Frame, None, None]:
    """The frames that an ffmpeg writes; it is ended with them."""
    height, width = size
    assert process.stdout is not None
    with process, process.stdout as pipe:
        try:
            while len(pixels := pipe.read(height * width * 3)) == height * width * 3:
                yield np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
        finally:
            process.kill()


class Footage:
    """The frames of a film file, repeated, or of a camera.

    Args:
        source: a film file; "camera" for the first camera, or "camera:NAME" for another, by its
            name in ffmpeg on this system (v4l2, AVFoundation, DirectShow).
        size: (h, w) in pixels of the frames; the source is scaled and cropped to it.
        fps: frames per second that are read of a film.

    Raises:
        DataError: no such file, or one that is not readable.
    """

    def __init__(self, source: str | Path, size: tuple[int, int], fps: float = 30.0) -> None:
        self.source, self.size = str(source), size
        self._fps = Fraction(fps).limit_denominator(1001)
        kind, _, name = self.source.partition(":")
        self._input = _camera(name) if kind == "camera" else None
        self._camera: _Newest | None = None
        self._film: FilmFacts | None = None
        self._frames: Generator[Frame, None, None] | None = None
        self._index, self._held = -1, np.zeros((*size, 3), np.uint8)
        self._length = 1  # frames, at the rate they are taken
        if self._input is None:
            self._film = probe_film(self.source)
            self._length = max(round(self._film.seconds * float(self._fps)), 1)

    def frame(self, t: float) -> Frame:
        """Return the frame at t seconds, uint8 (h, w, 3); of a camera the newest.

        The frames of a film are read in order: going back reads it from the start.

        Raises:
            DataError: there is no frame; the next call tries the camera again.
        """
        if self._input is not None:
            return self._seen(self._input)
        wanted = int(t * float(self._fps) + _NEARLY) % self._length
        if wanted < self._index:
            self._rewind()
            self._index = -1
        while self._index < wanted:
            self._held, self._index = self._next(), self._index + 1
        return self._held

    def close(self) -> None:
        """Close the file or camera."""
        if self._camera is not None:
            self._camera.close()
        self._camera = None
        self._rewind()

    def _seen(self, source: Sequence[str]) -> Frame:
        if self._camera is None:
            self._camera = _Newest(_decoder(source, self.size), self.size)
        frame = self._camera.frame()
        if frame is None:
            self.close()
            raise DataError(
                f'"{self.source}" gives no image. Check that the camera is connected and not '
                "in use."
            )
        return frame

    def _next(self) -> Frame:
        frame = None if self._frames is None else next(self._frames, None)
        if frame is None:  # its end, or its beginning
            self._rewind()
            assert self._film is not None
            self._frames = read_film(self._film, self.size, self._fps)
            frame = next(self._frames, None)
        if frame is None:
            raise DataError(f"{self.source} contains no image that ffmpeg can read.")
        return frame

    def _rewind(self) -> None:
        if self._frames is not None:
            self._frames.close()
        self._frames = None


class _Newest:
    """The newest of frames that come by themselves, read in a thread.

    Args:
        process: the ffmpeg that writes them.
        size: (h, w) of each.
    """

    def __init__(self, process: subprocess.Popen[bytes], size: tuple[int, int]) -> None:
        self._process, self._frames = process, _read_from(process, size)
        self._frame: Frame | None = None
        self._changed, self._ended, self._closed = Condition(), False, False
        self._thread = Thread(target=self._read, name="genart-camera", daemon=True)
        self._thread.start()

    def frame(self) -> Frame | None:
        """The newest frame; None if none comes any more, or none came in ten seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._ended, _PATIENCE)
            return None if self._ended else self._frame

    def close(self) -> None:
        """End the thread, and with it what it reads from."""
        self._closed = True
        self._process.kill()  # the thread may wait for a frame that never comes
        self._thread.join(_PATIENCE)

    def _read(self) -> None:
        with closing(self._frames) as frames:
            for frame in frames:
                with self._changed:
                    self._frame = frame
                    self._changed.notify_all()
                if self._closed:
                    break
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _camera(name: str) -> list[str]:
    """The words by which ffmpeg takes images from a camera."""
    if sys.platform not in _CAMERAS:
        raise DataError(f"Cameras do not work on {sys.platform}. Name a film file instead.")
    system, first, prefix = _CAMERAS[sys.platform]
    if not (name or first):
        raise DataError("On this system name the camera, for example camera:Integrated Camera.")
    return ["-f", system, "-i", prefix + (name or first)]
