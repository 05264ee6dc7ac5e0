"""genart.stylize and genart.translate: one call for pictures, folders and films."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from genart.media.film_spec import Size
from genart.media.images import SUFFIXES
from genart.progress import ProgressCallback
from genart.rendering.stylize_files import Painted, brush_for, paint
from genart.styling.factory import stylizer_of


def stylize(
    content: str | Path,
    output: str | Path,
    *,
    style: str | Path | Sequence[str | Path],
    method: str | None = None,
    size: Size | None = None,
    device: str = "auto",
    preview: str | Path | None = None,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Painted:
    """Repaint a picture, a folder of pictures or a film in a style.

    A film keeps its length, rate and sound.

    Args:
        content: the picture, folder or film.
        output: a file, or a folder.
        style: a picture, or a trained style's name or file; some methods take several.
        method: a stylizer; "gatys" for pictures and "fast" for anything else unless given.
        size: 512 for so many pixels on the longer side, at most; "640x360" to cover and crop to;
            the content's own unless given.
        device: "auto", "cpu", "cuda" or "mps".
        preview: a picture file, written anew every two seconds, that shows how it goes.
        progress: told of every step or frame.
        options: the stylizer's own, such as `style_weight`.

    Returns:
        What was painted, and what could not be.

    Raises:
        UsageError: an argument that is wrong.
        DataError: a picture or film that cannot be read.
        RenderError: a film that could not be finished; the message says what was kept.
    """
    began = time.monotonic()
    styles = [style] if isinstance(style, (str, Path)) else [*style]
    method = method or _method_for(styles)
    named = styles[0] if len(styles) == 1 else styles
    painter = stylizer_of(method, _text(named), **options)
    words = {
        "command": "stylize", "input": str(content), "style": _text(styles), "method": method,
        "size": size, "output": str(output), **options,
    }  # fmt: skip
    brush = brush_for(painter, words, size=size, device=device, preview=preview, progress=progress)
    results = paint([Path(content)], Path(output), brush)
    return Painted(results, time.monotonic() - began, brush.recipe)


def translate(
    inputs: str | Path | Iterable[str | Path],
    output: str | Path,
    *,
    model: str | Path,
    method: str | None = None,
    size: Size | None = None,
    device: str = "auto",
    preview: str | Path | None = None,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Painted:
    """Translate pictures or films from one domain to another by CycleGAN or pix2pix.

    Args:
        inputs: pictures, folders of them, films.
        output: a folder, or a file for a single input.
        model: a shipped model's name, or its file.
        method: a stylizer that takes a model; unless given "cyclegan", which opens those of
            pix2pix too.
        size: as for `stylize`.
        device: "auto", "cpu", "cuda" or "mps".
        preview: as for `stylize`, of a film.
        progress: told of every picture or frame.
        options: the stylizer's own.

    Returns:
        What was painted, and what could not be.

    Raises:
        UsageError: an argument that is wrong.
        CheckpointError: a model that cannot be used.
        RenderError: none could be translated, or a film could not be finished.
    """
    began = time.monotonic()
    sources = [Path(inputs)] if isinstance(inputs, (str, Path)) else [Path(each) for each in inputs]
    painter = stylizer_of(method or "cyclegan", str(model), **options)
    words = {
        "command": "translate", "input": [str(each) for each in sources], "model": str(model),
        "method": method, "size": size, "output": str(output), **options,
    }  # fmt: skip
    brush = brush_for(painter, words, size=size, device=device, preview=preview, progress=progress)
    results = paint(sources, Path(output), brush)
    return Painted(results, time.monotonic() - began, brush.recipe)


def _method_for(styles: Sequence[str | Path]) -> str:
    return "gatys" if all(Path(each).suffix.lower() in SUFFIXES for each in styles) else "fast"


def _text(style: Any) -> Any:
    if isinstance(style, Path):
        return str(style)
    return [str(each) for each in style] if isinstance(style, list) else style
