"""Files that appear complete or not at all, and the folder of those that can be made again."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from genart.errors import UsageError


def cache_folder() -> Path:
    """Return the folder of downloads: `GENART_CACHE`, or the cache folder of the system."""
    if folder := os.environ.get("GENART_CACHE"):
        return Path(folder)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "genart"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "genart" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "genart"


def file_hash(path: Path | None) -> str | None:
    """Return the SHA-256 of a file, hexadecimal; None if it does not exist or cannot be read."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def unused_path(path: Path, taken: Callable[[Path], bool] = Path.exists) -> Path:
    """The path, or the first of "name-2", "name-3" ... that is not taken.

    Args:
        path: a file that nothing may overwrite.
        taken: returns whether a path is taken.
    """
    names = (path.with_stem(f"{path.stem}-{k}") if k > 1 else path for k in count(1))
    return next(each for each in names if not taken(each))


@contextmanager
def locked_folder(folder: Path, seconds: float = 2.0) -> Iterator[None]:
    """Keep other processes out of a folder that they lock too, for the time of a `with`.

    Without locks (Windows, some network disks), or if another process keeps its lock for longer
    than so many seconds, the `with` is entered all the same.
    """
    with ExitStack() as stack:
        try:
            import fcntl
        except ImportError:
            yield
            return
        descriptor = os.open(folder, os.O_RDONLY)
        stack.callback(os.close, descriptor)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                break
        yield


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
