"""The files of the page; there is no build step."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

#: File name to media type.
FILES = {
    "index.html": "text/html",
    "desk.js": "text/javascript",
    "controls.js": "text/javascript",
    "style.css": "text/css",
}


@cache
def read(name: str) -> tuple[bytes, str]:
    """The bytes and media type of a file of the page; KeyError for any other."""
    return files(__package__).joinpath(name).read_bytes(), FILES[name]
