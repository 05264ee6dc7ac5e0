"""Still images written to files, with their recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from genart.contracts import Frame, Generator
from genart.errors import RenderError
from genart.latent import Latent
from genart.latents.keys import Key
from genart.media.frames import to_frames
from genart.media.recipe import file_facts, make_recipe, model_facts
from genart.media.sheets import SUFFIXES, save_picture, tiled
from genart.models.loading import model_name
from genart.progress import Progress, ProgressCallback

_SHOWN = 9  # images in a notebook
_BATCH = 4  # images made at a time


@dataclass(frozen=True)
class Stills:
    """Still images that were written.

    Attributes:
        files: the images (or the .npz), in order.
        count: the number of latents.
        size: (w, h) of each file in pixels, None for an .npz.
        recipe: how they were made.
    """

    files: list[Path]
    count: int
    size: tuple[int, int] | None
    recipe: dict[str, Any]

    def _repr_png_(self) -> bytes | None:
        from genart.media.display import png
        from genart.media.images import to_image

        shown = [
            file
            for file in self.files[:_SHOWN]
            if file.suffix.lower() in SUFFIXES and file.is_file()
        ]
        return png(to_image(shown)) if shown else None


def _frames(
    generator: Generator,
    latents: Latent,
    size: tuple[int, int] | None,
    progress: ProgressCallback | None,
    settings: dict[str, Any],
) -> Iterator[Frame]:
    for start in range(0, len(latents), _BATCH):
        with torch.no_grad():
            images = generator(latents[start : start + _BATCH], **settings)
        if not images.isfinite().all():
            raise RenderError(
                f'The images of "{generator.name}" hold values that are not finite. Check the '
                "model and the settings, such as truncation."
            )
        for n, frame in enumerate(to_frames(images, size), start + 1):
            yield frame
            if progress:
                progress(Progress(n, len(latents), "image"))


def _one_file(
    output: Path, frames: Sequence[Frame], grid: tuple[int, int] | None, recipe: dict[str, Any]
) -> Stills:
    picture = tiled(frames, grid)
    size = (picture.shape[1], picture.shape[0])
    kept = f"{output} is unchanged" if output.is_file() else f"there is no {output}"
    try:
        return Stills([save_picture(output, picture, recipe)], len(frames), size, recipe)
    except OSError as error:
        why = str(error).rstrip(".")
        raise RenderError(f"{why}: the part was removed, {kept}.") from error


def _recipe(
    command: str,
    generator: Generator,
    model: str | Generator,
    output: Path,
    chosen: Iterable[Key],
    **settings: Any,
) -> dict[str, Any]:
    """Return the recipe: the command to type, its arguments by name, the files among its keys."""
    given: dict[str, Any] = {"model": model_name(model)}
    given |= {name: value for name, value in settings.items() if value not in (None, "")}
    words = ["genart", command]
    for name, value in given.items():
        words += [f"--{'class' if name == 'label' else name}", _typed(value)]
    files = [key for key in chosen if isinstance(key, Path)]
    model_given = model_facts(given["model"], generator.source)
    facts = {**given, "model": model_given, "files": file_facts(files)}
    return make_recipe([*words, "-o", output.name], facts)


def _typed(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
