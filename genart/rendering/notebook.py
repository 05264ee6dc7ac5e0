"""genart.show: images, models, walks and films shown in a notebook."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from PIL import Image as Pictures

from genart.contracts import Frame, Generator, Inversion
from genart.errors import UsageError
from genart.latent import Latent
from genart.latents.keys import check_fits
from genart.latents.walks import Walk
from genart.media.film_spec import count_frames
from genart.media.frames import to_frames
from genart.media.images import AnyImage, to_image, to_pil
from genart.models.loading import as_generator
from genart.playback.sketch import Sketch
from genart.plugins import registry
from genart.rendering.clip import TYPES, Clip, read_clip
from genart.rendering.render_film import render
from genart.rendering.report import Report

_LONGEST = 20.0  # seconds
_FASTEST = 60  # frames per second
_LARGEST = 1024  # pixels on the longer side
_BATCH = 4  # images drawn at a time


def show(
    what: Walk | Latent | Generator | Inversion | Report | type[Sketch] | AnyImage,
    model: str | Path | Generator | None = None,
    *,
    seconds: float = 4.0,
    fps: float = 15.0,
    size: int = 256,
    truncation: float = 0.7,
) -> Pictures.Image | Clip:
    """Show an image, a model, a walk or a film: as the last line of a cell of a notebook.

    Elsewhere `.show()` of what it returns opens a window of the system, `.save(path)` keeps it.

    Args:
        what: what is shown:

            - a Walk, which is played;
            - the name of a sketch or a Sketch class, which is played;
            - a Report of `genart.render`, or the file of a film, which is played;
            - a Latent: the images of its latents, in one sheet;
            - a Generator: the images of seeds 1 to 9;
            - an Inversion, or anything that `to_image` takes: the image, or a sheet of several.
        model: the generator of a Walk, a Latent or a sketch, or what `genart.load` takes.
        seconds: the length of what is played, 20 at most.
        fps: frames per second of it, 1..60.
        size: pixels on the longer side of what is played and of each image of a sheet, 1024 at
            most; smaller images are not enlarged.
        truncation: of the images of a model: 1 is the whole space, 0 the average image.

    Returns:
        A PIL image, or a Clip; a notebook shows both.

    Raises:
        UsageError: a walk or latent without a model, something that cannot be shown, or a length,
            rate or size out of range.
        DataError: a file that is not readable, or a film above 32 MB.
    """
    if not (0 < seconds <= _LONGEST and 1 <= fps <= _FASTEST and 16 <= size <= _LARGEST):
        raise UsageError(
            f"A notebook shows at most {_LONGEST:g} s, {_FASTEST} frames per second and {_LARGEST} "
            "pixels a side; genart.render and genart.generate make larger files."
        )
    played = _played(what, model, seconds, fps, size, truncation)
    return _still(what, model, size, truncation) if played is None else played


def _played(
    what: Any,
    model: str | Path | Generator | None,
    seconds: float,
    fps: float,
    size: int,
    truncation: float,
) -> Clip | None:
    """What moves as a clip, None for anything else."""
    if isinstance(what, Report):
        return read_clip(Path(what.output))
    if _is_film(what):
        return read_clip(Path(what))
    if _is_sketch(what):
        return _sketch(what, model, seconds, fps, size)
    if isinstance(what, Walk):
        return _walk(what, _model_of(what, model), seconds, fps, size, truncation)
    return None


def _still(
    what: Any, model: str | Path | Generator | None, size: int, truncation: float
) -> Pictures.Image:
    if isinstance(what, Generator):
        return _sheet(what.sample("1-9"), what, size, truncation)
    if isinstance(what, Latent):
        return _sheet(what, _model_of(what, model), size, truncation)
    return to_pil(_reduced(to_image(what.image if isinstance(what, Inversion) else what), size))


def _is_film(what: Any) -> bool:
    return isinstance(what, str | Path) and Path(what).suffix.lower() in TYPES


def _is_sketch(what: Any) -> bool:
    named = isinstance(what, str) and Path(what).suffix in ("", ".py")
    return named or (isinstance(what, type) and issubclass(what, Sketch))


def _model_of(what: Walk | Latent, model: str | Path | Generator | None) -> Generator:
    if model is None:
        kind = type(what).__name__.lower()
        raise UsageError(f"A {kind} needs its model to be shown: genart.show({kind}, model).")
    generator = as_generator(model, "auto")
    check_fits(generator, what.keys if isinstance(what, Walk) else what)
    return generator


def _sheet(latent: Latent, model: Generator, size: int, truncation: float) -> Pictures.Image:
    with torch.no_grad():
        images = [
            _reduced(model(latent[n : n + _BATCH].to(model.device), truncation=truncation), size)
            for n in range(0, len(latent), _BATCH)
        ]
    return to_pil(torch.cat(images))


def _walk(
    walk: Walk, model: Generator, seconds: float, fps: float, size: int, truncation: float
) -> Clip:
    count = count_frames(seconds, Fraction(fps).limit_denominator(1001))
    steps = count if walk.loop else max(count - 1, 1)
    height, width = _within(model.resolution, size)

    def frames() -> Iterator[Frame]:
        with torch.no_grad():
            for n in range(count):
                image = model(walk(n / steps).to(model.device), truncation=truncation)
                yield from to_frames(image, (height, width))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.webp"
        sink = registry("sink").create("webp", path=path, fps=fps, size=(height, width))
        for frame in frames():
            sink.write(frame)
        sink.close()
        return Clip(path.read_bytes(), ".webp", (width, height), count / fps)


def _sketch(
    sketch: Any, model: str | Path | Generator | None, seconds: float, fps: float, size: int
) -> Clip:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sketch.webp"
        report = render(sketch, path, seconds=seconds, fps=fps, size=size, model=model)
        return Clip(path.read_bytes(), ".webp", report.size, report.seconds)


def _within(size: tuple[int, int], most: int) -> tuple[int, int]:
    """(h, w) with the longer side at most so long, even as films need."""
    scale = min(most / max(size), 1.0)
    height, width = (max(round(side * scale / 2) * 2, 2) for side in size)
    return height, width


def _reduced(image: torch.Tensor, most: int) -> torch.Tensor:
    size = (int(image.shape[-2]), int(image.shape[-1]))
    return image if max(size) <= most else to_image(image, _within(size, most))
