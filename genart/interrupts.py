"""Interrupts: what Ctrl-C, SIGTERM and SIGHUP do, and how a thread that hangs is interrupted."""

from __future__ import annotations

import ctypes
import signal
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import current_thread, main_thread
from typing import Any


class GivenUp(BaseException):
    """Raised inside a call that took too long and that nobody waits for any longer."""


def interrupt_thread(thread: int) -> None:
    """Raise GivenUp in a thread, before the next line of Python that it runs.

    A call of another language, such as one operation of torch, ends first.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(GivenUp))


def cancel_interrupt(thread: int) -> None:
    """Withdraw `interrupt_thread` if nothing was raised yet."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None)


@contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on Ctrl-C, SIGTERM or SIGHUP (a closed terminal), so that everything is closed.

    `stop` is called in its own thread: a signal may arrive while this one holds a lock of it.
    """
    if current_thread() is not main_thread():
        yield
        return
    kinds = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        kinds.append(signal.SIGHUP)  # Windows has none, and nohup ignores it
    later = partial(start_new_thread, stop, ())
    before = {kind: signal.signal(kind, lambda *_: later()) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


#: The signals that `genart` turns into KeyboardInterrupt.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Defer one Ctrl-C or SIGTERM until the block has ended; a second one stops it at once.

    A signal without a Python handler keeps its effect. Outside the main thread, which signals never
    reach, this changes nothing.
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
        for number in reversed(
            before
        ):  # Ctrl-C last: it raises, and would leave the others deferred
            signal.signal(number, before[number])
    if came:
        number, frame = came[0]
        before[number](number, frame)
