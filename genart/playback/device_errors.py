"""Kinds of errors: out of memory, a lost device, or any other."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterator
from contextlib import suppress

import torch

_OUT_OF_MEMORY = (
    "out of memory",  # CUDA, and MPS: "MPS backend out of memory"
    "not enough memory",  # DefaultCPUAllocator on Windows
    "can't allocate memory",  # DefaultCPUAllocator elsewhere
    "alloc_failed",  # CUBLAS_STATUS_ALLOC_FAILED, CUDNN_STATUS_ALLOC_FAILED
    "outofmemory",  # kIOGPUCommandBufferCallbackErrorOutOfMemory
)
#: Messages of drivers after which nothing can be computed on a device.
_LOST = (
    "device-side assert",
    "unspecified launch failure",
    "illegal memory access",
    "misaligned address",
    "illegal instruction",
    "launch timed out",
    "uncorrectable ecc error",
    "hardware stack error",
    "device lost",
    "device was lost",
    "device removed",
    "gpu is lost",
    "no cuda-capable device",
    "driver shutting down",
    "context is destroyed",
    "command buffer exited with error status",
)
_DRIVERS = {"cuda": ("cuda", "cudnn", "cublas", "hip error"), "mps": ("mps", "metal", "iogpu")}


def out_of_memory(error: BaseException) -> bool:
    """Whether an error, or its cause, means that memory ran out, on any device."""
    return any(
        isinstance(each, (MemoryError, torch.OutOfMemoryError)) or _says(each, _OUT_OF_MEMORY)
        for each in _chain(error)
    )


def lost_device(error: BaseException) -> str | None:
    """The kind of device, "cuda" or "mps", that an error or its cause reports as lost, or None."""
    for each in _chain(error):
        if isinstance(each, RuntimeError) and _says(each, _LOST):
            for kind, drivers in _DRIVERS.items():
                if _says(each, drivers):
                    return kind
    return None


def let_go(error: BaseException) -> None:
    """Drop what the failed call still references, and return cached memory to the system."""
    for each in _chain(error):
        traceback.clear_frames(each.__traceback__)
    gc.collect()
    with suppress(RuntimeError):  # this fails for a lost device too
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(word in text for word in words)
