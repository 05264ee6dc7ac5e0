"""Decodes the sound of a file with the ffmpeg of imageio-ffmpeg, while it is read."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

import genart
from genart_audio.analysis import RATE

_FADE = 1.5  # seconds of fade at the end of a film's sound
#: Suffixes of sound and film files.
SUFFIXES = frozenset(
    (
        ".aac", ".aif", ".aiff", ".flac", ".m4a", ".mka", ".mkv", ".mov", ".mp3", ".mp4", ".oga",
        ".ogg", ".opus", ".wav", ".webm", ".wma",
    )
)  # fmt: skip


class Sound:
    """The sound of one file, repeated, as one channel of 48,000 samples per second.

    It is never in memory as a whole: ffmpeg waits until more is read.

    Args:
        path: a sound or film file.
        seconds: cut to so many, with a fade at the end, as in a film; None repeats without end.

    Raises:
        UsageError: no such file, or one without sound.
    """

    def __init__(self, path: str | Path, seconds: float | None = None) -> None:
        self.path = Path(path)
        _check(self.path)
        self._command = _command(self.path, seconds)
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, count: int) -> NDArray[np.float32]:
        """The next samples: `count` of them, fewer at the end, none after it."""
        if self._process is None:
            self._process = _started(self._command)
        assert self._process.stdout is not None
        raw = self._process.stdout.read(4 * count)
        return np.frombuffer(raw[: len(raw) // 4 * 4], np.float32)

    def close(self) -> None:
        """Stop ffmpeg; the next `read` starts again."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def __enter__(self) -> Sound:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _command(path: Path, seconds: float | None) -> list[str]:
    # the same repeats, cut and fade as in the film; gaps become silence, as in a film
    graph = ["aresample=async=1:first_pts=0"]
    if seconds is not None:
        fade = min(_FADE, seconds / 2)
        graph += [f"atrim=0:{seconds}", f"afade=t=out:st={seconds - fade}:d={fade}"]
    source = ["-stream_loop", "-1", "-i", f"file:{path}", "-map", "0:a:0"]
    return [*source, "-af", ",".join(graph), "-ac", "1", "-ar", str(RATE), "-f", "f32le", "pipe:1"]


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    from imageio_ffmpeg import get_ffmpeg_exe

    return subprocess.Popen(
        [get_ffmpeg_exe(), "-v", "quiet", "-nostdin", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is handled by genart
    )


def _check(path: Path) -> None:
    """UsageError for a file without a sound track."""
    if not path.is_file():
        raise genart.UsageError(f'There is no sound file "{path}".')
    if genart.media.probe_sound(path) is None:
        raise genart.UsageError(
            f'"{path}" contains no sound that ffmpeg can read. Use a .wav or a film with sound.'
        )
