"""Punctual: what a performance asks of Python and of the system, so that nobody waits for long.

Measured with Pomona on 2 cores under 1,000 OSC messages a second: a message waits up to the switch
interval of Python's threads after each of its three system calls, a full look for garbage stops
everything for 0.14 s, and a second core for the network gains less than the others lose by it. A
still shorter interval costs more than it brings: a thread that waits wakes up that often.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SWITCH = 0.0002  # seconds a thread may keep the interpreter while another waits
#: How urgent the threads are that must be on time, as a niceness; the system may refuse it.
DISPLAY, MESSAGES = -11, -10


@contextmanager
def punctual(threads: int) -> Iterator[None]:
    """Keep pauses short until the end of the block.

    Threads change places within 0.2 ms, and what is there at the start is left out of the search
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

    Args:
        niceness: -20, the most urgent, to 0.
    """
    if sys.platform != "linux":  # elsewhere this would be about the whole process
        yield
        return
    thread = threading.get_native_id()
    before = os.getpriority(os.PRIO_PROCESS, thread)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, niceness)
    try:
        yield
    finally:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, before)
