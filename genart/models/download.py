"""Downloads a file once and keeps it in the cache folder."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO

from genart.errors import CheckpointError, UsageError
from genart.files import cache_folder
from genart.progress import Progress, ProgressCallback

LIMIT = 16 << 30  # bytes; the largest official network is under 1 GiB
_BLOCK = 1 << 20
_DIGITS = 16  # hexadecimal digits of each sha256 in a cached file's name


def fetch(
    url: str,
    *,
    progress: ProgressCallback | None = None,
    limit: int = LIMIT,
    timeout: float = 30.0,
) -> Path:
    """Download a file once; later calls return it from the cache folder.

    The name of the file holds the SHA-256 of the URL and that of the bytes. The file appears
    complete or not at all.

    Args:
        url: http or https; a redirect to another scheme is refused. "#sha256=" and 64 digits after
            it, or the first 8 of them or more, check the bytes.
        progress: called with the bytes done.
        limit: the largest size in bytes.
        timeout: seconds without a byte before it gives up.

    Returns:
        The path of the file.

    Raises:
        CheckpointError: no answer, an error, too large, cut short, or another checksum.
    """
    url, _, fragment = url.partition("#")
    wanted = _checksum(fragment)
    folder, address, name = cache_folder() / "models", _sha256(url.encode()), _file_name(url)
    for kept in sorted(folder.glob(f"{address}-{wanted[:_DIGITS]}*-{name}")):
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{address}.partial-{os.getpid()}"
    try:
        digest = _fetch(url, partial, progress, limit, timeout)
        if not digest.startswith(wanted):
            raise CheckpointError(
                f"{url} has sha256 {digest}, not {wanted}: the file has changed or is another file."
            )
        return partial.replace(folder / f"{address}-{digest[:_DIGITS]}-{name}")
    finally:
        partial.unlink(missing_ok=True)


def _fetch(
    url: str, path: Path, progress: ProgressCallback | None, limit: int, timeout: float
) -> str:
    try:
        with path.open("wb") as file, _open(url, timeout) as response:
            return _copy(response, file, limit, progress or (lambda _: None))
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise CheckpointError(f"Could not fetch {url}: {reason}.") from error


def _open(url: str, timeout: float) -> http.client.HTTPResponse:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,  # anything else: refused, also after a redirect
    ):
        opener.add_handler(handler())
    request = urllib.request.Request(url, headers={"User-Agent": "genart"})
    response: http.client.HTTPResponse = opener.open(request, timeout=timeout)
    return response


def _copy(
    response: http.client.HTTPResponse, file: IO[bytes], limit: int, progress: ProgressCallback
) -> str:
    total, done, digest = response.length, 0, hashlib.sha256()
    _refuse_above(limit, total or 0)
    while block := response.read(_BLOCK):
        done += len(block)
        _refuse_above(limit, done)
        digest.update(block)
        file.write(block)
        progress(Progress(done, total, "B"))
    if total is not None and done < total:
        raise CheckpointError(f"The download stopped at {done} of {total} bytes. Try again.")
    return digest.hexdigest()


def _refuse_above(limit: int, size: int) -> None:
    if size > limit:
        raise CheckpointError(f"The download is larger than the limit of {limit} bytes.")


def _checksum(fragment: str) -> str:
    """The digits after "sha256=", or "" where the URL names none."""
    if not fragment:
        return ""
    match = re.fullmatch(r"sha256=([0-9a-f]{8,64})", fragment.lower())
    if match is None:
        raise UsageError(f'After "#" a URL takes sha256= and 8 to 64 digits, not "{fragment}".')
    return match[1]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]


def _file_name(url: str) -> str:
    """The last part of the URL's path, tame enough for any file system."""
    last = urllib.parse.unquote(urllib.parse.urlsplit(url).path).rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._-]+", "_", last)[-80:].lstrip(".") or "model"
