"""genart.stylize and genart.translate: one call for images, folders and films."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from genart.media.film_spec import Size
from genart.media.image_kinds import is_image_file
from genart.progress import ProgressCallback
from genart.rendering.stylize_files import Painted, file_stylizer, stylize_files
from genart.styling.factory import stylizer_of


def stylize(
    content: str | Path,
    output: str | Path,
    *,
    style: str | Path | Sequence[str | Path],
    method: str | None = None,
    size: Size | None = None,
    fps: float | str | Fraction | None = None,
    device: str = "auto",
    preview: str | Path | None = None,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Painted:
    """Repaint an image, a folder of images or a film in a style.

    A film keeps its length, rate and sound.

    Args:
        content: the image file, folder or film.
        output: a file, or a folder.
        style: an image file, or the name or file of a trained style; some methods take several.
        method: a stylizer; the default is "gatys" for image files and "fast" for anything else.
        size: 512 for at most so many pixels on the longer side; "640x360" to cover, the rest is
            cropped; the default is the size of the content.
        fps: the rate of films; the default is that of the content, or the nearest whole fraction
            of it that the format allows (GIF: 50).
        device: "auto", "cpu", "cuda" or "mps".
        preview: an image file that shows the progress; it is written every two seconds.
        progress: called after every step or frame.
        options: options of the stylizer, such as `style_weight`.

    Returns:
        The output of each input, or its error.

    Raises:
        UsageError: an argument that is wrong.
        DataError: an image or film that cannot be read.
        RenderError: a film that could not be finished; the message names the files that are left.
    """
    began, rate = time.monotonic(), None if fps is None else str(fps)
    styles = [style] if isinstance(style, (str, Path)) else [*style]
    method = method or _method_for(styles)
    named = styles[0] if len(styles) == 1 else styles
    made = stylizer_of(method, _text(named), **options)
    words = {
        "command": "stylize", "input": str(content), "style": _text(styles), "method": method,
        "size": size, "fps": rate, "output": str(output), **options,
    }  # fmt: skip
    files = file_stylizer(
        made, words, size=size, fps=fps, device=device, preview=preview,
        progress=progress,
    )  # fmt: skip
    results = stylize_files([Path(content)], Path(output), files)
    return Painted(results, time.monotonic() - began, files.recipe)


def translate(
    inputs: str | Path | Iterable[str | Path],
    output: str | Path,
    *,
    model: str | Path,
    method: str | None = None,
    size: Size | None = None,
    fps: float | str | Fraction | None = None,
    device: str = "auto",
    preview: str | Path | None = None,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Painted:
    """Translate images or films from one domain to another by CycleGAN or pix2pix.

    Args:
        inputs: image files, folders of them, films.
        output: a folder, or a file for a single input.
        model: a shipped model's name, or its file.
        method: a stylizer that takes a model; the default is "cyclegan", which also opens models
            of pix2pix.
        size: as for `stylize`.
        fps: as for `stylize`.
        device: "auto", "cpu", "cuda" or "mps".
        preview: as for `stylize`, of a film.
        progress: called after every image or frame.
        options: options of the stylizer.

    Returns:
        The output of each input, or its error.

    Raises:
        UsageError: an argument that is wrong.
        CheckpointError: a model that cannot be used.
        RenderError: none could be translated, or a film could not be finished.
    """
    began, rate = time.monotonic(), None if fps is None else str(fps)
    sources = [Path(inputs)] if isinstance(inputs, (str, Path)) else [Path(each) for each in inputs]
    made = stylizer_of(method or "cyclegan", str(model), **options)
    words = {
        "command": "translate", "input": [str(each) for each in sources], "model": str(model),
        "method": method, "size": size, "fps": rate, "output": str(output), **options,
    }  # fmt: skip
    files = file_stylizer(
        made, words, size=size, fps=fps, device=device, preview=preview,
        progress=progress,
    )  # fmt: skip
    results = stylize_files(sources, Path(output), files)
    return Painted(results, time.monotonic() - began, files.recipe)


def _method_for(styles: Sequence[str | Path]) -> str:
    return "gatys" if all(is_image_file(each) for each in styles) else "fast"


def _text(style: Any) -> Any:
    if isinstance(style, Path):
        return str(style)
    return [str(each) for each in style] if isinstance(style, list) else style
