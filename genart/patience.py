"""Ctrl-C that waits until what must not be torn is whole."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any


@contextmanager
def whole() -> Iterator[None]:
    """Hold one Ctrl-C back until the block has ended; a second one stops it at once.

    In another thread than the main one, which signals never reach, nothing changes.
    """
    before: Any = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or not callable(before):
        yield
        return
    came: list[tuple[Any, ...]] = []

    def hold(*signalled: Any) -> None:
        came.append(signalled)
        if len(came) > 1:
            before(*signalled)

    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        before(*came[0])
