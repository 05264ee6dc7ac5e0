"""Files that appear complete or not at all, and the folder of those that can be made again."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

from genart.errors import GenartError, UsageError, WriteError, out_of_memory, system_reason

_LONGEST_NAME = 255  # bytes of a file name, on all common file systems
_PROBE = 4096  # bytes that are written to see whether there is room


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

    The temporary name keeps the suffix, for programs that depend on it, and is shorter than a name
    that is as long as the system allows. A folder works too: it replaces `final` only if nothing,
    or an empty folder, is there.

    Args:
        final: the file or folder to write.

    Raises:
        UsageError: the folder of `final` does not exist.
        WriteError: the system does not let it be written; the message says why.
    """
    final = Path(final)
    if not final.parent.is_dir():
        raise UsageError(f'The folder "{final.parent}" does not exist; create it first.')
    partial = _partial(final)
    with _translated(final):
        _remove(partial)
        try:
            yield partial
            os.replace(partial, final)
        finally:
            _remove(partial)


def check_writable(final: str | Path, *, folder: bool = False) -> None:
    """Check that a file or folder can be written, before long work; nothing is left behind.

    A small file is written beside it; for a folder that does not exist yet, in the nearest folder
    above it that does.

    Args:
        final: the file or folder.
        folder: whether it is a folder, which is created with the folders above it.

    Raises:
        UsageError: the folder of a file does not exist.
        WriteError: a full or read-only disk, no permission, a name that is too long.
    """
    final = Path(final)
    if not folder and not final.parent.is_dir():
        raise UsageError(f'The folder "{final.parent}" does not exist; create it first.')
    with _translated(final):
        _probe(final, final if final.is_dir() else final.parent)


def _probe(final: Path, folder: Path) -> None:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    probe = _partial(folder / final.name)
    try:
        probe.write_bytes(bytes(_PROBE))
    finally:
        _remove(probe)


def _partial(final: Path) -> Path:
    """The temporary name of a file."""
    name = f".{final.stem}.partial-{os.getpid()}{final.suffix}"
    if len(os.fsencode(name)) <= _LONGEST_NAME:
        return final.with_name(name)
    if len(os.fsencode(final.name)) > _LONGEST_NAME:
        raise WriteError(
            f"{final} cannot be written: the name is longer than {_LONGEST_NAME} bytes."
        )
    short = hashlib.sha256(os.fsencode(final.name)).hexdigest()[:12]
    return final.with_name(f".{short}.partial-{os.getpid()}{final.suffix[-20:]}")


@contextmanager
def _translated(final: Path) -> Iterator[None]:
    """Make errors of the system and of torch a WriteError that names the file."""
    try:
        yield
    except GenartError:
        raise
    except Exception as error:  # torch and safetensors raise types of their own
        reason, named = system_reason(error), getattr(error, "filename", None)
        other = named is not None and Path(named).parent not in (final, *final.parents)
        if not reason or other or out_of_memory(error):
            raise
        raise WriteError(f"{final} cannot be written: {reason}.") from error


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
