"""Records a film during a performance; a kill leaves a readable file."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from threading import Lock

from genart.contracts import Frame, Sink
from genart.errors import RenderError, UsageError
from genart.files import atomic, unused_path
from genart.live.outputs.worker import OutputWorker
from genart.playback.faults import Faults
from genart.plugins import registry

#: Suffixes of containers that hold the recorded H.264 without encoding it again.
SUFFIXES = (".mp4", ".mkv", ".mov")
_BUFFER = 2  # seconds of frames that may wait
_FINISH, _GONE = 30.0, 0.2  # seconds to wait at the end for all recordings, and for one that failed
_ROOM = 300e6  # bytes that stay free on the disk


class Recorder:
    """A sink that records frames between `start` and `stop`.

    Frames go into an .mkv file, which stays readable after a kill. On stop it becomes the file that
    was asked for, without encoding again. Recording stops by itself before the disk is full.

    Args:
        folder: the folder of recordings whose names come from the network.
        fps: frames per second.
        size: (h, w) of the frames.
        faults: where faults are reported.
        free: returns the free bytes of the disk of a file.

    Attributes:
        finished: the recorded files, oldest first.
        dropped: frames that came too fast to be encoded; the film repeats others instead.
    """

    def __init__(
        self,
        folder: Path,
        fps: Fraction,
        size: tuple[int, int],
        faults: Faults,
        *,
        free: Callable[[Path], float] = lambda path: shutil.disk_usage(path.parent).free,
    ) -> None:
        self._folder, self._fps, self._size = folder, fps, size
        self._faults, self._free = faults, free
        self.finished: list[Path] = []
        self._lock = Lock()
        self._worker: OutputWorker | None = None
        self._ending: list[OutputWorker] = []
        self._count = self._dropped = 0

    @property
    def recording(self) -> bool:
        """Whether it is recording."""
        return self._worker is not None

    @property
    def seconds(self) -> float:
        """How long the current recording is; 0 without one."""
        return float(self._count / self._fps) if self.recording else 0.0

    @property
    def dropped(self) -> int:
        """Frames that came too fast, in all recordings."""
        return self._dropped + (self._worker.dropped if self._worker else 0)

    def start(self, name: str | Path | None = None) -> Path:
        """Start a recording after stopping the current one; returns its path.

        It never replaces a file: if there is one already, also an unfinished one, the recording is
        called "night-2.mp4", and that is reported.

        Args:
            name: a path; or a name in the recordings folder, of which the last part is used; None
                takes the date and time.

        Raises:
            UsageError: a suffix that no recording has, or a folder that does not exist.
        """
        if not isinstance(name, Path):
            self._folder.mkdir(parents=True, exist_ok=True)
            name = self._folder / safe_name(name)
        check(name)
        self.stop()
        path = _reserved(name)
        if path != name:
            self._faults.note("record", _why_other(name, path))
        with self._lock:
            sink = _Film(path, self._fps, self._size, self.finished, self._free)
            self._worker = OutputWorker(
                "record", sink, self._faults, max(2, round(_BUFFER * self._fps))
            )
            self._count = 0
        return path

    def stop(self) -> None:
        """Stop the recording, if there is one; the file is finished in the background."""
        with self._lock:
            worker, self._worker = self._worker, None
            if worker is not None:
                self._dropped += worker.dropped
                self._ending = [each for each in self._ending if not each.finished] + [worker]
                worker.end()

    def write(self, frame: Frame) -> None:
        """Record one frame; without a recording it is ignored."""
        worker = self._worker
        if worker is None:
            return
        self._count += 1
        if worker.failed:  # it has said why
            self.stop()
        else:
            worker.write(frame)

    def missed(self, count: int) -> None:
        """Keep the frame rate although so many frames were not shown."""
        worker = self._worker
        if worker is not None and count:
            worker.missed(count)

    def close(self) -> None:
        """Stop the recording and wait until every file is finished, for 30 s at most."""
        self.stop()
        end = time.monotonic() + _FINISH
        for worker in self._ending:
            left = end - time.monotonic()
            worker.close(min(left, _GONE) if worker.failed else max(left, 0.0))


class _Film:
    """One recording: Matroska first, then the format asked for."""

    def __init__(
        self,
        path: Path,
        fps: Fraction,
        size: tuple[int, int],
        finished: list[Path],
        free: Callable[[Path], float],
    ) -> None:
        self._path, self._finished, self._free = path, finished, free
        self._second, self._count = max(1, round(fps)), 0
        self._running = _running_name(path)
        self._sink: Sink = registry("sink").create("mkv", path=self._running, fps=fps, size=size)

    def write(self, frame: Frame) -> None:
        """Write one frame; once a second, look whether the disk has room.

        Raises:
            RenderError: the disk is nearly full, or the folder is gone.
        """
        self._count += 1
        if self._count % self._second == 1 % self._second:
            self._check_room()
        self._sink.write(frame)

    def _check_room(self) -> None:
        try:
            room = self._free(self._path)
        except OSError as error:
            raise RenderError(f"The folder of {self._path} is gone: stopped.") from error
        if room < _ROOM:
            raise RenderError(f"The disk of {self._path} is nearly full: stopped.")

    def close(self) -> None:
        self._sink.close()
        if not self._running.stat().st_size:
            self._running.unlink()
        elif self._running != self._path:
            self._path = unused_path(self._path)  # another program may have made that file since
            with atomic(self._path) as partial:
                remux(self._running, partial)
            self._running.unlink()
        if self._path.is_file():
            self._finished.append(self._path)


def remux(source: Path, target: Path) -> None:
    """Copy the video into another container; RenderError if that fails."""
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-y", "-v", "error", "-i", f"file:{source}", "-c", "copy"]
    done = subprocess.run(
        [*command, "-movflags", "+faststart", f"file:{target}"], capture_output=True, text=True
    )
    if done.returncode:
        why = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise RenderError(f"{why}. The recording stays in {source}.")


def check(path: Path) -> None:
    """UsageError for a path that cannot be recorded to."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f'A recording needs a name in {", ".join(SUFFIXES)}, not "{path.name}".')
    if not path.parent.is_dir():
        raise UsageError(f'The folder "{path.parent}" does not exist; create it first.')


def safe_name(name: str | None) -> str:
    """A safe file name made from any text: its last part, plain letters only."""
    last = re.split(r"[/\\]", str(name))[-1] if name else ""
    plain = re.sub(r"[^\w. -]", "_", last).strip(". ")[:100]
    plain = plain or f"{datetime.now():%Y-%m-%d %H.%M.%S}"
    return plain if Path(plain).suffix in SUFFIXES else f"{plain}.mp4"


def _running_name(path: Path) -> Path:
    """The file that a recording is written to until it is finished."""
    return path if path.suffix == ".mkv" else path.with_suffix(".recording.mkv")


def _reserved(path: Path) -> Path:
    """The path, or a free name beside it; its unfinished file is made, so that nobody takes it."""
    while True:
        found = unused_path(path, lambda each: each.exists() or _running_name(each).exists())
        with suppress(FileExistsError):  # taken by another program a moment ago
            _running_name(found).open("xb").close()
            return found


def _why_other(asked: Path, path: Path) -> str:
    running = _running_name(asked)
    why = f"{asked.name} exists already"
    if running != asked and running.exists():
        why = f"{running.name} is an unfinished recording, which can be played"
    return f"{why}: it is kept, and this one is called {path.name}."
