"""What a performance asks of Python and of the system is given back afterwards."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path

import pytest
import torch

from genart.realtime import hastened, punctual, spare_threads


def test_pauses_are_short_while_it_plays_and_all_is_as_before_in_the_end() -> None:
    before = sys.getswitchinterval(), torch.get_num_threads()
    with punctual(threads=3):
        assert sys.getswitchinterval() == pytest.approx(2e-4)
        assert torch.get_num_threads() == 3
        assert gc.get_freeze_count() > 1000
    assert (sys.getswitchinterval(), torch.get_num_threads()) == before
    assert gc.get_freeze_count() == 0


def test_a_core_is_left_to_the_others_unless_somebody_chose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert spare_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert spare_threads() == 4
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert spare_threads() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="priority by thread is Linux's")
def test_a_thread_goes_first_for_a_while_and_no_other_one_with_it() -> None:
    seen: list[int] = []

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def other() -> None:
        with hastened(-5):
            seen.append(niceness())
        seen.append(niceness())

    before = niceness()
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen[0] in (-5, before), "the system may refuse it"
    assert (seen[1], niceness()) == (before, before)


@pytest.mark.skipif(not Path("/proc/thread-self/sched").exists(), reason="the kernel tells nothing")
def test_a_thread_in_a_hurry_takes_short_turns_for_as_long() -> None:
    def turn() -> str:
        lines = Path("/proc/thread-self/sched").read_text().splitlines()
        return next((line.split()[-1] for line in lines if line.startswith("se.slice")), "")

    before = turn()
    if not before:
        pytest.skip("turns have no length of their own before Linux 6.12")
    with hastened(0):
        assert turn() == "100000"
    assert turn() == before
