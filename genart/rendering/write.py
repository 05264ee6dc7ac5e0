"""Write frames to a film that is complete or not there; say what an interrupted one left."""

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
from genart.files import atomic
from genart.media.film_spec import Film
from genart.playback.loop import run, stage_of
from genart.plugins import registry
from genart.profiling import WAITING, Lane, Profiler, count_frame, span
from genart.progress import Progress, ProgressCallback
from genart.rendering.seam import Seam
from genart.rendering.spec import sink_for


@dataclass
class Count:
    """How many of a film's frames were made."""

    total: int
    done: int = 0

    def over(self, frames: Iterable[Frame], progress: ProgressCallback | None) -> Iterator[Frame]:
        """The same frames, counted, with `progress` told of each."""
        for frame in frames:
            yield frame
            self.done += 1
            if progress is not None:
                progress(Progress(self.done, self.total, "frame"))


def keep(
    frames: Iterable[Frame],
    film: Film,
    output: str | Path | Sink,
    progress: ProgressCallback | None = None,
    *,
    profiler: Profiler | None = None,
    **options: Any,
) -> float | None:
    """Write a film's frames to a file or sink; returns the seam.

    Args:
        frames: what to write; they are made while others are encoded.
        film: how many, how fast, how large.
        output: a file, a folder, or a sink.
        progress: told after every frame.
        profiler: counts where the time goes, in a lane "picture" and a lane "film".
        options: for the sink: codec, audio, recipe.

    Raises:
        UsageError: an output or option that cannot be.
        RenderError: what went wrong, and what was kept.
    """
    seam, count = Seam(), Count(film.frames)
    if isinstance(output, Sink):
        _stream(count.over(frames, progress), [seam, output], profiler)
        return seam.value
    final = Path(output)
    with _telling(count, final), atomic(final) as partial:
        sink = registry("sink").create(
            sink_for(output), path=partial, fps=film.fps, size=film.size,
            seconds=film.seconds, **options,
        )  # fmt: skip
        _stream(count.over(frames, progress), [seam, sink], profiler)
    return seam.value


def check_place(output: str | Path | Sink) -> None:
    """UsageError or UnknownName, before anything is made, for a place that cannot take a film."""
    if isinstance(output, Sink):
        return
    sink_for(output)
    final = Path(output)
    if not final.parent.is_dir():
        raise UsageError(f'The folder "{final.parent}" does not exist; create it first.')
    if final.is_dir() and any(final.iterdir()):
        raise UsageError(f'The folder "{output}" is not empty; name a new one.')


def _stream(frames: Iterable[Frame], sinks: list[Sink], profiler: Profiler | None) -> None:
    picture = nullcontext() if profiler is None else profiler.lane("picture", draws=True)
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
def _telling(count: Count, final: Path) -> Iterator[None]:
    kept = f"{final} is as it was" if final.is_file() else f"there is no {final}"
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

    name = WAITING  # the stage of a profile while it blocks

    def __init__(self, sinks: Sequence[Sink], depth: int = 4, lane: Lane | None = None) -> None:
        self._sinks, self._lane = sinks, lane
        self._waiting: Queue[Frame | None] = Queue(depth)
        self._error: BaseException | None = None
        self._stopped = False
        self._thread = Thread(target=self._work, name="genart-sink", daemon=True)
        self._thread.start()

    def write(self, frame: Frame) -> None:
        """Queue one frame; raises what a sink raised meanwhile."""
        if self._error is not None:
            raise self._error
        self._waiting.put(frame)

    def close(self) -> None:
        """Wait for the last frame and close the sinks; raises what a sink raised."""
        with span(WAITING):
            self._end()
            if self._error is not None:
                raise self._error
            with nullcontext() if self._lane is None else self._lane.span("finish"):
                for sink in self._sinks:
                    sink.close()

    def abort(self) -> None:
        """Forget waiting frames and end the sinks: by their `abort` if they have one."""
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
                with span(stage_of(sink)):
                    sink.write(frame)
            count_frame()
        except BaseException as error:  # it is raised again where the frames come from
            self._error = error
