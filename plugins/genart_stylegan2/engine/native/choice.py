"""Choose the accelerator, from the built libraries and `GENART_NATIVE`.

| `GENART_NATIVE` | means                                                                      |
|-----------------|----------------------------------------------------------------------------|
| `auto`, or not set | a library that was built before is used                                 |
| `on`            | one that is missing is built in the background, for models loaded later     |
| `off`           | none is used                                                               |
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from genart_stylegan2.engine.native import build as building

from .check import is_right
from .library import load

_log = logging.getLogger(__name__)
_guard = threading.Lock()
_loaded: dict[Path, Any] = {}  # by file; None for one that was refused
_builder: subprocess.Popen[bytes] | None = None


def library() -> Any | None:
    """The kernels of this machine, or None; whatever goes wrong is only logged, for debugging."""
    wanted = os.environ.get("GENART_NATIVE", "").strip().lower() or "auto"
    if wanted == "off":
        return None
    path = building.found()
    if path is not None:
        return opened(path)
    if wanted == "on":
        _build_aside()
    return None


def opened(path: Path) -> Any | None:
    """The library in a file, if it can be loaded and is right."""
    with _guard:
        if path not in _loaded:
            _loaded[path] = _tried(path)
        return _loaded[path]


def _tried(path: Path) -> Any | None:
    try:
        found = load(path)
        if is_right(found):
            return found
        _log.debug("%s does not give the results of torch; it is not used", path)
    except (OSError, MemoryError, RuntimeError) as error:
        _log.debug("%s cannot be used: %s", path, error)
    return None


def _build_aside() -> None:
    """Begin to build, once in this process, in one that outlives it; an image never waits."""
    global _builder
    with _guard:
        if _builder is not None:
            return
        quiet = subprocess.DEVNULL
        command = [sys.executable, "-m", __package__]
        try:
            _builder = subprocess.Popen(
                command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
            )
        except OSError as error:
            _log.debug("no accelerator: %s", error)
