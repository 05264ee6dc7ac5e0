"""Exact float32 on CUDA, as one thread asks for it, is not ended by another."""

from __future__ import annotations

import threading

import torch

from genart_stylegan2.tf32 import exact


def test_one_threads_float32_is_not_ended_by_anothers() -> None:
    conv = torch.backends.cudnn.conv
    before, seen = conv.fp32_precision, []
    inside, left = threading.Event(), threading.Event()

    def other() -> None:
        with exact():
            inside.set()
            left.wait()
            seen.append(conv.fp32_precision)

    thread = threading.Thread(target=other)
    with exact():
        thread.start()
        inside.wait(0.1)  # it waits for its turn
    left.set()
    thread.join()
    assert seen == ["ieee"]
    assert conv.fp32_precision == before
