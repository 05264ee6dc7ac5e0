"""Films in files: H.264, H.265, VP9, ProRes, HAP, GIF, WebP, APNG, and folders of PNG.

Frames go as raw bytes to the ffmpeg of imageio-ffmpeg, so no other program is needed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import genart
from genart_film.formats import FORMATS


@genart.hookimpl
def register_sinks(register: genart.Register[genart.Sink]) -> None:
    """Offer a sink for each suffix, and "png" for a folder of images."""
    for suffix in FORMATS:
        film, format = partial(_film, suffix), FORMATS[suffix]
        spec = genart.Spec(film, about=format.about, every_frame=True, max_fps=format.fps)
        register(suffix, spec)
    register("png", genart.Spec(_folder, every_frame=True))


def _film(suffix: str, **options: Any) -> genart.Sink:
    from genart_film.encoder import FilmSink

    return FilmSink(FORMATS[suffix], **options)


def _folder(**options: Any) -> genart.Sink:
    """A folder of PNG, one image a frame."""
    from genart_film.folder import FolderSink

    return FolderSink(**options)
