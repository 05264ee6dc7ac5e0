"""Scenes of a promo: walks, images and films as shots of one size and rate."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from genart.contracts import Frame
from genart.errors import DataError, UsageError
from genart.files import file_hash
from genart.media.film_probe import probe_film
from genart.media.frames import on_black, to_frames
from genart.media.image_reader import is_still
from genart.media.images import read_image
from genart.media.text_drawing import title_frame
from genart.media.video import read_film
from genart.rendering.job import start_job
from genart.rendering.request import request_of

_TOLERANCE = 1e-3  # frames: a time that is so little before that of a frame counts as its time

#: An image file, a film, or arguments of `genart.render`: {"sketch": "drift", "seeds": "1-4", ...}.
Scene: TypeAlias = "str | Path | Mapping[str, Any]"
_NUMBERS = {"seconds": float, "beats": float, "seed": int}


@dataclass(frozen=True)
class Shot:
    """One scene of a known length.

    Args:
        frame: returns the frame at a time in seconds; times must not decrease.
        seconds: how long it lasts.
    """

    frame: Callable[[float], Frame]
    seconds: float


class FramesByTime:
    """Frames of an iterator by their time; only the current frame is stored.

    Args:
        frames: the frames, in order.
        fps: frames per second.
    """

    def __init__(self, frames: Iterable[Frame], fps: Fraction) -> None:
        self._frames, self._fps = iter(frames), fps
        self._index, self._held = -1, np.zeros((1, 1, 3), np.uint8)

    def __call__(self, t: float) -> Frame:
        """Return the frame at t; for an earlier time, or one after the end, the current frame."""
        wanted = int(float(t) * float(self._fps) + _TOLERANCE)
        while self._index < wanted and (frame := next(self._frames, None)) is not None:
            self._index, self._held = self._index + 1, on_black(frame)
        return self._held


@dataclass(frozen=True)
class ShotMaker:
    """Makes shots of scenes.

    Args:
        size: (h, w) of every frame.
        fps: frames per second.
        still: seconds that an image is shown.
        title: seconds that a title is shown.
        device: where the models of the walks run.
        font: a font file for the titles, tried before the bundled fonts.
        stack: closes the films that were opened.
        models: receives the name of each model that draws, and the SHA-256 of its file.
    """

    size: tuple[int, int]
    fps: Fraction
    still: float = 4.0
    title: float = 2.5
    device: str = "auto"
    font: str | Path | None = None
    stack: ExitStack = field(default_factory=ExitStack)
    models: dict[str, str | None] = field(default_factory=dict)

    def shot(self, scene: Scene) -> Shot:
        """Return the shot of a scene: a walk, an image or a film."""
        if isinstance(scene, Mapping):
            return self._walk(scene)
        path = Path(scene)
        if not path.is_file():
            raise DataError(f'There is no image or film "{path}".')
        return self._picture(path) if is_still(path) else self._film(path)

    def title_card(self, text: str) -> Shot:
        """Return the shot of a title: white letters in the middle of a black frame.

        Raises:
            UsageError: a letter that no font has.
        """
        frame = title_frame(text, self.size, self.font)
        return Shot(lambda t: frame, self.title)

    def _walk(self, scene: Mapping[str, Any]) -> Shot:
        height, width = self.size
        shape = {"fps": self.fps, "size": (width, height)}
        job = start_job(request_of({"device": self.device, **scene, **shape}))
        name = str(job.tree.value("model.name"))
        self.models[name] = file_hash(job.model_file)
        return Shot(FramesByTime(job.frames, self.fps), job.film.seconds)

    def _picture(self, path: Path) -> Shot:
        frame = to_frames(read_image(path), self.size)[0]
        return Shot(lambda t: frame, self.still)

    def _film(self, path: Path) -> Shot:
        film = probe_film(path)
        frames = read_film(film, self.size, self.fps)
        self.stack.callback(frames.close)
        return Shot(FramesByTime(frames, self.fps), film.seconds)


def parse_scene(text: str) -> Scene:
    """Read a scene from text: a file, or a sketch and arguments, `drift seeds=1-4 seconds=6`.

    Arguments with a point in their name are Params: `drift walk.radius=2`.

    Raises:
        UsageError: an argument that is not name=value, or text where a number is needed.
    """
    if Path(text).is_file() and Path(text).suffix != ".py":
        return text
    sketch, *words = _words(text)
    pairs = [word.partition("=") for word in words]
    for name, equals, value in pairs:
        if not equals or (name in _NUMBERS and not _is(_NUMBERS[name], value)):
            raise UsageError(
                f'"{name}{equals}{value}" is not like seconds=6, in the scene "{text}".'
            )
    params = {name: value for name, _, value in pairs if "." in name}
    plain = {name: _NUMBERS.get(name, str)(value) for name, _, value in pairs if "." not in name}
    return {"sketch": sketch, **plain, **({"params": params} if params else {})}


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text) or [""]
    except ValueError as error:
        raise UsageError(f'The scene "{text}" cannot be split into words: {error}.') from None


def _is(kind: Callable[[str], object], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True
