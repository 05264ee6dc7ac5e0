"""Report: what `genart.render` made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from genart.errors import GenartError
from genart.media.film_spec import Film
from genart.profiling import Profile


@dataclass(frozen=True)
class Report:
    """The result of a render.

    Args:
        output: the file or folder, or "" if a sink was given.
        frames: the number of frames.
        fps: frames per second.
        size: (width, height) in pixels.
        seam: how the loop closes, see `Seam.value`; None if it cannot be measured.
        seconds: the film's length.
        recipe: how it was made, as in its file.
        profile: how long the steps of a frame took, if that was asked for.
    """

    output: str
    frames: int
    fps: float
    size: tuple[int, int]
    seam: float | None
    seconds: float
    recipe: dict[str, Any]
    profile: Profile | None = None

    @classmethod
    def of(
        cls,
        film: Film,
        output: str,
        seam: float | None,
        recipe: dict[str, Any],
        profile: Profile | None = None,
    ) -> Report:
        """Return the report of a finished film."""
        height, width = film.size or (0, 0)
        rate = float(film.fps)
        return cls(output, film.frames, rate, (width, height), seam, film.seconds, recipe, profile)

    def _repr_html_(self) -> str | None:
        from genart.rendering.clip import read_clip

        try:
            return read_clip(self.output)._repr_html_()
        except GenartError:  # a sink, a folder, a large file: the text names what was made
            return None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return asdict(self)
