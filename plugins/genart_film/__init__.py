"""Films in files: H.264, H.265, VP9, ProRes, HAP, GIF, WebP, APNG, and folders of PNG.

Frames go as raw bytes into the ffmpeg that imageio-ffmpeg brings, so no other program is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import genart
from genart_film.formats import FORMATS


@genart.hookimpl
def register_sinks(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer a sink for each suffix, and "png" for a folder of pictures."""
    for suffix in FORMATS:
        register(suffix, _film(suffix))
    _folder.keeps = True  # type: ignore[attr-defined]
    register("png", _folder)


def _film(suffix: str) -> Callable[..., genart.Sink]:
    def create(**options: Any) -> genart.Sink:
        from genart_film.encoder import FilmSink

        return FilmSink(FORMATS[suffix], **options)

    create.__doc__ = FORMATS[suffix].about
    create.keeps = True  # type: ignore[attr-defined]  # every frame counts
    return create


def _folder(**options: Any) -> genart.Sink:
    """A folder of PNG, one picture a frame."""
    from genart_film.folder import FolderSink

    return FolderSink(**options)
