"""Kinds of errors: out of memory, a lost device, or any other."""

from __future__ import annotations

import gc
import traceback
from contextlib import suppress

import torch

from genart.errors import chain_of

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


def lost_device(error: BaseException) -> str | None:
    """The kind of device, "cuda" or "mps", that an error or its cause reports as lost, or None."""
    for each in chain_of(error):
        if isinstance(each, RuntimeError) and _says(each, _LOST):
            for kind, drivers in _DRIVERS.items():
                if _says(each, drivers):
                    return kind
    return None


def let_go(error: BaseException) -> None:
    """Drop what the failed call still references, and return cached memory to the system."""
    for each in chain_of(error):
        traceback.clear_frames(each.__traceback__)
    gc.collect()
    with suppress(RuntimeError):  # this fails for a lost device too
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(word in text for word in words)
