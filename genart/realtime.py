"""Real time: thread and scheduler settings of Python and the system for short delays.

Measured with Pomona on 2 cores under 1,000 OSC messages per second: a message waits up to the
switch
interval of Python's threads after each of its three system calls, a full look for garbage stops
everything for 0.14 s, and a second core for the network gains less than the others lose by it. A
shorter interval costs more than it gains: a waiting thread wakes up that often.
"""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

_SWITCH = 0.0002  # seconds a thread may keep the interpreter while another waits
#: How urgent the threads are that must be on time, as a niceness; the system may refuse it.
DISPLAY, MESSAGES = -11, -10
_TURN = 100_000  # ns, the shortest there is
_SETATTR = {"x86_64": 314, "aarch64": 274}  # numbers of the call, which old C libraries have not


@contextmanager
def punctual(threads: int) -> Iterator[None]:
    """Keep pauses short until the end of the block.

    The thread switch interval is 0.2 ms, and start-up objects are excluded from the search
    for garbage.

    Args:
        threads: how many a network on a CPU may use, see `spare_threads`.
    """
    import torch

    interval, before = sys.getswitchinterval(), torch.get_num_threads()
    sys.setswitchinterval(_SWITCH)
    gc.freeze()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        gc.unfreeze()
        sys.setswitchinterval(interval)


def spare_threads() -> int:
    """How many threads a network on a CPU gets, one core left for everything else.

    Who sets OMP_NUM_THREADS chooses.
    """
    import torch

    threads = torch.get_num_threads()
    return threads if "OMP_NUM_THREADS" in os.environ else max(1, threads - 1)


@contextmanager
def hastened(niceness: int) -> Iterator[None]:
    """Ask the system to let this thread go before others; nothing happens where it may not.

    On Linux 6.12 and later the thread also requests time slices of 0.1 ms, without privileges: the
    system
    then lets it in as soon as it wakes, where it would have waited for the end of another thread's
    turn, up to 4 ms.

    Args:
        niceness: -20, the most urgent, to 0.
    """
    if sys.platform != "linux":  # elsewhere this would be about the whole process
        yield
        return
    thread = threading.get_native_id()
    before = os.getpriority(os.PRIO_PROCESS, thread)
    if not _schedule(thread, niceness, _TURN):
        _schedule(thread, before, _TURN)
    try:
        yield
    finally:
        _schedule(thread, before, 0)


class _Attributes(ctypes.Structure):
    """What sched_setattr(2) reads, in its first version."""

    _fields_: ClassVar = [
        ("size", ctypes.c_uint32), ("policy", ctypes.c_uint32), ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32), ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64), ("deadline", ctypes.c_uint64), ("period", ctypes.c_uint64),
    ]  # fmt: skip


def _schedule(thread: int, niceness: int, turn: int) -> bool:
    """Set the niceness and the time slice in ns (0 for the default) of a thread; whether it worked.

    A thread with another scheduling policy keeps it.
    """
    number = _SETATTR.get(platform.machine()) if sys.maxsize > 1 << 32 else None
    with suppress(OSError):
        if os.sched_getscheduler(thread) != os.SCHED_OTHER:
            return True
        if number is not None:
            size = ctypes.sizeof(_Attributes)
            asked = _Attributes(size, os.SCHED_OTHER, nice=niceness, runtime=turn)
            if not ctypes.CDLL(None).syscall(number, thread, ctypes.byref(asked), 0):
                return True
        os.setpriority(os.PRIO_PROCESS, thread, niceness)
        return True
    return False
