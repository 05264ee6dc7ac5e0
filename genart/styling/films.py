"""A film's frames, one by one, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from genart.errors import DataError


@dataclass(frozen=True)
class Source:
    """What a film is.

    Args:
        path: its file.
        size: (h, w) as it is shown: pixels, upright.
        fps: frames a second.
        frames: how many.
        sound: whether it has any.
    """

    path: Path
    size: tuple[int, int]
    fps: Fraction
    frames: int
    sound: bool

    @property
    def seconds(self) -> float:
        """Its length."""
        return float(self.frames / self.fps)


def look_at(path: Path) -> Source:
    """What a film is.

    Raises:
        DataError: no such file, or none that holds a film.
    """
    from moviepy.video.io.ffmpeg_reader import ffmpeg_parse_infos

    if not path.is_file():
        raise DataError(f'There is no film "{path}".')
    try:
        told = ffmpeg_parse_infos(str(path))
        width, height = told["video_size"]
        if abs(told.get("video_rotation", 0)) in (90, 270):
            width, height = height, width
        fps = Fraction(told["video_fps"]).limit_denominator(1001)
        frames = round(told["video_duration"] * fps)
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise DataError(f"{path} cannot be read as a film.") from error
    if min(width, height, frames, fps) <= 0:
        raise DataError(f"{path} holds no picture that ffmpeg can read.")
    return Source(path, (height, width), fps, frames, bool(told.get("audio_found")))
