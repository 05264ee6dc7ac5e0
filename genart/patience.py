"""Ctrl-C, or being told to end, that waits until what must not be torn is whole."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any

#: What `genart` answers by KeyboardInterrupt.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def whole() -> Iterator[None]:
    """Hold one Ctrl-C or SIGTERM back until the block has ended; a second one stops it at once.

    A signal that no Python function answers keeps its effect. In another thread than the main
    one, which signals never reach, nothing changes.
    """
    if current_thread() is not main_thread():
        yield
        return
    found: dict[int, Any] = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in found.items() if callable(handler)}
    came: list[tuple[Any, ...]] = []

    def hold(number: int, frame: Any) -> None:
        came.append((number, frame))
        if len(came) > 1:
            before[number](number, frame)

    try:
        for number in before:
            signal.signal(number, hold)
        yield
    finally:
        for number in reversed(before):  # Ctrl-C's last: what it raises would leave the others held
            signal.signal(number, before[number])
    if came:
        number, frame = came[0]
        before[number](number, frame)
