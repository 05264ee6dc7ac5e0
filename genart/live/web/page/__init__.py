"""The files of the page; there is no build step."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
#: File name to media type.
FILES = {
    each.name: _TYPES[suffix]
    for each in files(__package__).iterdir()
    if (suffix := each.name.rpartition(".")[2]) in _TYPES
}


@cache
def read(name: str) -> tuple[bytes, str]:
    """The content and media type of a file of the page; KeyError for any other name."""
    return files(__package__).joinpath(name).read_bytes(), FILES[name]
