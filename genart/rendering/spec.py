"""What a film is to be: its frames, rate, size and place, read from what people write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from genart.errors import UnknownName, UsageError
from genart.media.film_spec import Film, Size, count_frames, parse_fps, parse_grid, parse_size
from genart.playback.transport import Tempo, Transport
from genart.plugins import registry


def plan(
    settings: Mapping[str, Any],
    *,
    seconds: float | None,
    beats: float | None,
    fps: float | str | Fraction,
    size: Size | None,
    grid: str | Sequence[int] | None,
) -> Film:
    """The film that was asked for; its length is given in seconds, in beats, or by settings.

    Raises:
        UsageError: a part that cannot be read, or both lengths at once.
    """
    if seconds is not None and beats is not None:
        raise UsageError("A length is given in seconds or in beats, not in both.")
    rate = parse_fps(fps)
    if beats is not None:
        seconds = beats * 60 / settings.get("tempo.bpm", Tempo.bpm.default)
    if seconds is None:
        seconds = settings.get("transport.seconds", Transport.seconds.default)
    pixels = None if size is None else parse_size(size)
    return Film(count_frames(seconds, rate), rate, pixels, parse_grid(grid), beats)


def sink_for(output: str | Path) -> str:
    """The name of the sink that makes such a file: by suffix, "png" for a folder.

    Raises:
        UnknownName: a suffix that no plug-in writes.
        UsageError: a single picture was named.
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
            f'"{text}" would be a single picture: `genart generate` makes those. For a film, end '
            "it in .apng, or name a folder with a / at the end."
        )
    formats = [name for name, sink in registry("sink").items() if not sink.spec.live]
    if suffix not in formats:
        raise UnknownName("film format", suffix, formats)
    return suffix
