"""File names in one normal form, and the files that operating systems add to folders and zips."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from pathlib import PurePosixPath

#: Files and folders of operating systems and file browsers, in lower case.
_JUNK = frozenset({
    ".ds_store", "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", ".appledouble",
    ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems", ".documentrevisions-v100",
    "$recycle.bin", "system volume information", "@eadir", ".thumbnails", ".directory",
    ".localized", "icon\r",
})  # fmt: skip


def normal_name(name: str) -> str:
    r"""Return a path within a folder or zip in one normal form, in which names are compared.

    Letters are composed (Unicode NFC; macOS decomposes them), backslashes become slashes, a
    leading "./" goes, and bytes that are not UTF-8 become U+FFFD.
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    path = unicodedata.normalize("NFC", text).replace("\\", "/")
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def zip_name(name: str, utf8: bool) -> str:
    """Return the normal form of a name in a zip.

    Args:
        name: as Python's zipfile gives it.
        utf8: whether the zip states that the name is UTF-8. Python reads any other as code page
            437, but macOS and others write UTF-8 without stating it.
    """
    if not utf8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return normal_name(name)


def is_junk(name: str) -> bool:
    """Whether a path, in normal form, is a file that an operating system or genart added."""
    parts = PurePosixPath(name).parts
    partial = bool(parts) and parts[-1].startswith(".") and ".partial-" in parts[-1]
    return partial or any(part.lower() in _JUNK or part.startswith("._") for part in parts)
