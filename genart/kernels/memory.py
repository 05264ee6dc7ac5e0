"""Memory for weights and maps, in large pages where the system gives them when asked."""

from __future__ import annotations

import ctypes
import mmap
from functools import cache
from typing import Any

import torch
from torch import Tensor

_LARGE = 1 << 21  # bytes of a large page
_ADVICE = getattr(mmap, "MADV_HUGEPAGE", None)


def empty(count: int) -> Tensor:
    """Memory for so many float32, not yet filled.

    Large pages save most look-ups of addresses: every weight is read once an image.
    """
    if _ADVICE is None or 4 * count < 2 * _LARGE or (advise := _madvise()) is None:
        return torch.empty(count)
    whole = torch.empty(count + _LARGE // 4)
    start = -(-whole.data_ptr() // _LARGE) * _LARGE
    first = (start - whole.data_ptr()) // 4
    advise(start, 4 * count // _LARGE * _LARGE, _ADVICE)
    return whole[first : first + count]


@cache
def _madvise() -> Any | None:
    """The function of the C library, or None."""
    try:
        function = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return None
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return function
