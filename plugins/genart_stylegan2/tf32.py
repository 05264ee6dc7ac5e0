"""Float32 that is float32: on CUDA, convolutions round to 10 bits (TF32) by default."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ONE = threading.RLock()  # the settings are the process's: who comes second would undo the first's


@contextmanager
def exact(on: bool = True) -> Iterator[None]:
    """Have convolutions and products on CUDA keep all bits of float32 until the end of the block.

    Only one thread at a time can use it.

    Args:
        on: whether to; otherwise nothing changes.
    """
    if not on:
        yield
        return
    places = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)
    with _ONE:
        before = [place.fp32_precision for place in places]
        try:
            for place in places:
                place.fp32_precision = "ieee"
            yield
        finally:
            for place, precision in zip(places, before, strict=True):
                place.fp32_precision = precision
