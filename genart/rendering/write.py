"""Write frames to a film atomically; report what an interrupted one left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from genart.contracts import Frame, Sink
from genart.errors import GenartError, RenderError, UsageError
from genart.files import atomic, check_writable
from genart.media.film_spec import Film
from genart.playback.loop import run, step_name
from genart.plugins import registry
from genart.profiling import WAITING, Lane, Profiler, count_frame, span
from genart.progress import Progress, ProgressCallback
from genart.rendering.seam import Seam
from genart.rendering.spec import sink_for


@dataclass
class Count:
    """How many frames of a film were drawn.

    Args:
        total: the frames of the film.
        done: those that were drawn.
    """

    total: int
    done: int = 0

    def over(self, frames: Iterable[Frame], progress: ProgressCallback | None) -> Iterator[Frame]:
        """Yield the same frames, count them and report each to `progress`."""
        for frame in frames:
            yield frame
            self.done += 1
            if progress is not None:
                progress(Progress(self.done, self.total, "frame"))


def write_film(
    frames: Iterable[Frame],
    film: Film,
    output: str | Path | Sink,
    progress: ProgressCallback | None = None,
    *,
    profiler: Profiler | None = None,
    **options: Any,
) -> float | None:
    """Write the frames of a film to a file or sink.

    Args:
        frames: drawn while earlier ones are encoded.
        film: the number of frames, their rate and size.
        output: a file, a folder, or a sink.
        progress: called after every frame.
        profiler: measures where the time goes, in a lane "image" and a lane "film".
        options: for the sink: codec, audio, recipe.

    Returns:
        The seam, see `Seam.value`.

    Raises:
        UsageError: an output that no sink writes, or an option that the sink does not take.
        RenderError: the film could not be finished; the message names the files that are left.
    """
    seam, count = Seam(), Count(film.frames)
    if isinstance(output, Sink):
        _stream(count.over(frames, progress), [seam, output], profiler)
        return seam.value
    final = Path(output)
    with _reporting(count, final), atomic(final) as partial:
        sink = registry("sink").create(
            sink_for(output), path=partial, fps=film.fps, size=film.size,
            seconds=film.seconds, **options,
        )  # fmt: skip
        _stream(count.over(frames, progress), [seam, sink], profiler)
    return seam.value


def check_output(output: str | Path | Sink) -> None:
    """Check that a film can be written to an output, before anything is drawn.

    Raises:
        UnknownName: a suffix that no plug-in writes.
        UsageError: a folder that does not exist, or one that is not empty.
        WriteError: a full or read-only disk, or no permission.
    """
    if isinstance(output, Sink):
        return
    sink_for(output)
    final = Path(output)
    if not final.parent.is_dir():
        raise UsageError(f'The folder "{final.parent}" does not exist; create it first.')
    if final.is_dir() and any(final.iterdir()):
        raise UsageError(f'The folder "{output}" is not empty; name a new one.')
    check_writable(final)


def _stream(frames: Iterable[Frame], sinks: list[Sink], profiler: Profiler | None) -> None:
    picture = nullcontext() if profiler is None else profiler.lane("image", draws=True)
    film = None if profiler is None else profiler.lane("film", WAITING)
    with picture:
        background = Background(sinks, lane=film)
        try:
            run(frames, [background])
            background.close()
        except BaseException:
            background.abort()
            raise


@contextmanager
def _reporting(count: Count, final: Path) -> Iterator[None]:
    """Add the progress of the film and the files that are left to an error or an interrupt."""
    kept = f"{final} is unchanged" if final.is_file() else f"there is no {final}"
    try:
        yield
    except UsageError:
        raise
    except KeyboardInterrupt as stop:
        stop.add_note(f"Frame {count.done} of {count.total}: the part was removed, {kept}.")
        raise
    except (GenartError, OSError) as error:
        where = f"Stopped at frame {count.done} of {count.total}"
        why = str(error).rstrip(".")
        raise RenderError(f"{why}. {where}: the part was removed, {kept}.") from error


class Background:
    """Writes frames to sinks in another thread, so that drawing and encoding overlap.

    Args:
        sinks: each gets every frame.
        depth: how many frames may wait; `write` blocks while that many do.
        lane: where the thread's time is counted, if it is.
    """

    name = WAITING  # the step of a profile while it blocks

    def __init__(self, sinks: Sequence[Sink], depth: int = 4, lane: Lane | None = None) -> None:
        self._sinks, self._lane = sinks, lane
        self._waiting: Queue[Frame | None] = Queue(depth)
        self._error: BaseException | None = None
        self._stopped = False
        self._thread = Thread(target=self._work, name="genart-sink", daemon=True)
        self._thread.start()

    def write(self, frame: Frame) -> None:
        """Queue one frame; raise the error of a sink, if one failed."""
        if self._error is not None:
            raise self._error
        self._waiting.put(frame)

    def close(self) -> None:
        """Wait for the last frame and close the sinks; raise the error of a sink, if one failed."""
        with span(WAITING):
            self._end()
            if self._error is not None:
                raise self._error
            with nullcontext() if self._lane is None else self._lane.span("finish"):
                for sink in self._sinks:
                    sink.close()

    def abort(self) -> None:
        """Drop the frames that wait and abort the sinks; those without `abort` are closed."""
        self._stopped = True
        self._end()
        for sink in self._sinks:
            with suppress(Exception):
                getattr(sink, "abort", sink.close)()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        with nullcontext() if self._lane is None else self._lane:
            while (frame := self._waiting.get()) is not None:
                if self._error is None and not self._stopped:
                    self._pass_on(frame)

    def _pass_on(self, frame: Frame) -> None:
        try:
            for sink in self._sinks:
                with span(step_name(sink)):
                    sink.write(frame)
            count_frame()
        except BaseException as error:  # raised again in the thread that draws
            self._error = error
