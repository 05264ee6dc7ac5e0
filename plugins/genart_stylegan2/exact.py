"""Float32 that is float32: on CUDA, convolutions round to 10 bits (TF32) unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def exact(on: bool = True) -> Iterator[None]:
    """Have convolutions and products on CUDA keep all bits of float32 until the end of the block.

    Args:
        on: whether to; otherwise nothing changes.
    """
    places = (torch.backends.cudnn.conv, torch.backends.cuda.matmul) if on else ()
    before = [place.fp32_precision for place in places]
    try:
        for place in places:
            place.fp32_precision = "ieee"
        yield
    finally:
        for place, precision in zip(places, before, strict=True):
            place.fp32_precision = precision
