"""Ctrl-C, or being told to end, that waits until what must not be torn is whole."""

from __future__ import annotations

import signal
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import current_thread, main_thread
from typing import Any


@contextmanager
def _ends_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and a polite kill end the performance with everything closed.

    `stop` is called in a thread of its own: a signal may come while this one holds its lock.
    """
    if current_thread() is not main_thread():
        yield
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    later = partial(start_new_thread, stop, ())
    before = {kind: signal.signal(kind, lambda *_: later()) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


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
