"""Files that appear complete or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genart.errors import UsageError


def file_hash(path: Path | None) -> str | None:
    """Return the SHA-256 of a file, hexadecimal; None if it does not exist or cannot be read."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


@contextmanager
def atomic(final: str | Path) -> Iterator[Path]:
    """Give a temporary path beside a file: it is renamed to it on success, removed on any failure.

    The temporary name keeps the suffix, for programs that depend on it. A folder works too: it
    replaces `final` only if nothing, or an empty folder, is there.

    Args:
        final: the file or folder to write.

    Raises:
        UsageError: the folder of `final` does not exist.
    """
    final = Path(final)
    if not final.parent.is_dir():
        raise UsageError(f'The folder "{final.parent}" does not exist; create it first.')
    partial = final.with_name(f".{final.stem}.partial-{os.getpid()}{final.suffix}")
    _remove(partial)
    try:
        yield partial
        os.replace(partial, final)
    finally:
        _remove(partial)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
