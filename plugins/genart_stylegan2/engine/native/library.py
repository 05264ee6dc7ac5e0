"""The Python interface of the compiled kernels."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

VERSION = 1  # of the interface, as `genart_version` returns it
MAX_TAPS, MAX_COLORS = 8, 4
_Floats = ctypes.c_void_p


class Affine(ctypes.Structure):
    """What makes a style, as `layer.h` has it."""

    _fields_ = [
        ("weight", _Floats),
        ("bias", _Floats),
        ("gain", ctypes.c_float),
        ("bias_gain", ctypes.c_float),
        ("w_dim", ctypes.c_int),
        ("at", ctypes.c_int),
    ]


class Spec(ctypes.Structure):
    """A layer, as `layer.h` has it."""

    _fields_ = [
        ("weights", ctypes.c_void_p),
        ("bias", _Floats),
        ("noise", _Floats),
        ("rgb_weight", _Floats),
        ("rgb_bias", _Floats),
        ("style", Affine),
        ("rgb_style", Affine),
        ("form", ctypes.c_int),
        ("up", ctypes.c_int),
        ("h", ctypes.c_int),
        ("w", ctypes.c_int),
        ("taps", ctypes.c_int),
        ("image_taps", ctypes.c_int),
        ("colors", ctypes.c_int),
        ("unused", ctypes.c_int),
        ("limit", ctypes.c_float),
        ("rgb_limit", ctypes.c_float),
        ("filter", ctypes.c_float * MAX_TAPS),
        ("image_filter", ctypes.c_float * MAX_TAPS),
    ]


def load(path: Path) -> Any:
    """The library in a file, its functions declared.

    Raises:
        OSError: it cannot be loaded, or speaks another version of the interface.
    """
    library: Any = ctypes.CDLL(str(path))
    number, pointer = ctypes.c_int, ctypes.c_void_p
    declared = {
        "genart_version": (number, []),
        "genart_weights_new": (pointer, [pointer, *[number] * 5]),
        "genart_weights_free": (None, [pointer]),
        "genart_plan_new": (pointer, [ctypes.POINTER(Spec), number, pointer]),
        "genart_plan_run": (number, [pointer, pointer, pointer, number]),
        "genart_plan_free": (None, [pointer]),
    }
    try:
        for name, (result, arguments) in declared.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise OSError(f"{path} is not a library of kernels: {error}") from None
    if library.genart_version() != VERSION:
        raise OSError(f"{path} has another version.")
    return library
