"""The plan of a film: its length, rate, size and format."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from genart.contracts import Generator
from genart.errors import UnknownName, UsageError
from genart.media.film_spec import Film, count_frames
from genart.playback.settings import Settings
from genart.plugins import registry
from genart.rendering.request import RenderRequest

_SMALLEST = 512  # pixels a side that a film of a small model is enlarged to


def plan_film(request: RenderRequest, settings: Settings) -> Film:
    """Return the film that is asked for; its length is in seconds, in beats, or the settings'.

    Raises:
        UsageError: a length in seconds and in beats, or one that is out of range.
    """
    if request.seconds is not None and request.beats is not None:
        raise UsageError("A length is given in seconds or in beats, not in both.")
    seconds = settings.transport.seconds if request.seconds is None else request.seconds
    if request.beats is not None:
        seconds = request.beats * 60 / settings.tempo.bpm
    fps = Fraction(30) if request.fps is None else request.fps
    grid = (1, 1) if request.grid is None else request.grid
    return Film(count_frames(seconds, fps), fps, request.size, grid, request.beats)


def fit_walk(settings: Settings, film: Film, *, is_timed: bool) -> None:
    """Set the length of a cycle and the tempo, so that one cycle and the beats fill the film.

    Frame i of n has phase i / n in a loop; in an open walk the last frame has phase 1.

    Args:
        settings: those of the film; they are changed.
        film: its frames, rate and beats.
        is_timed: whether the length of a cycle was given too; then it stays.
    """
    steps = film.frames if settings.walk.loop else max(film.frames - 1, 1)
    if not is_timed:
        settings.transport.seconds = float(steps / film.fps)
    if film.bpm is not None:
        settings.tempo.bpm = film.bpm


def sized_for(film: Film, model: Generator) -> Film:
    """Return the film with a size: its own, or the model's, enlarged by whole times to 512 px."""
    if film.size is not None:
        return film
    times = -(-_SMALLEST // min(model.resolution))
    return replace(film, size=(model.resolution[0] * times, model.resolution[1] * times))


def sink_for(output: str | Path) -> str:
    """The name of the sink that makes such a file: by suffix, "png" for a folder.

    Raises:
        UnknownName: a suffix that no plug-in writes.
        UsageError: a single image was named.
    """
    text = str(output)
    if "://" in text:
        scheme = text.partition("://")[0]
        raise UsageError(
            f"A film goes into a file, such as film.mp4; `genart live --to {scheme}://...` streams."
        )
    suffix = Path(text).suffix.lower().lstrip(".")
    if text.endswith(("/", "\\")) or not suffix or Path(text).is_dir():
        return "png"
    if suffix in ("png", "jpg", "jpeg"):
        raise UsageError(
            f'"{text}" would be a single image: `genart generate` makes those. For a film, end '
            "it in .apng, or name a folder with a / at the end."
        )
    formats = [name for name, sink in registry("sink").items() if not sink.spec.live]
    if suffix not in formats:
        raise UnknownName("film format", suffix, formats)
    return suffix
