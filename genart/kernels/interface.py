"""The functions of a loaded library, with the types of their arguments."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

from genart.errors import UsageError

VERSION = 1  # of the interface, as in src/kernels.h
LEVELS = ("baseline", "avx2", "avx512")
VARIABLE = "GENART_NATIVE"
_NUMBER, _POINTER, _SIZE = ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t


class Library:
    """A loaded library of kernels, at one level.

    The functions have the names and the arguments of `src/library.cpp`; the first argument of each
    is `number`. Addresses are integers, or pointers of ctypes.

    Args:
        path: the file.
        level: one of its levels; the fastest one of this processor unless given.

    Attributes:
        level: the name of the level: "baseline", "avx2" or "avx512".
        levels: those that this processor can run, the fastest last.
        number: of the level, the first argument of every function.
        path: the file.

    Raises:
        OSError: the file cannot be loaded, or has another version of the interface.
        UsageError: this processor cannot run that level.
    """

    genart_packed_floats: Callable[..., int]
    genart_pack: Callable[..., None]
    genart_scratch_floats: Callable[..., int]
    genart_run: Callable[..., int]

    def __init__(self, path: Path, level: str | None = None) -> None:
        functions = ctypes.CDLL(str(path))
        _declare(functions, path)
        if functions.genart_version() != VERSION:
            raise OSError(f"{path} has another version of the interface.")
        names = [functions.genart_level_name(n) for n in range(functions.genart_levels())]
        self.path, self.levels = path, tuple(name.decode() for name in names)
        self.level = level or self.levels[-1]
        if self.level not in self.levels:
            raise UsageError(f"{VARIABLE}={level}: this processor has {', '.join(self.levels)}.")
        self.number = self.levels.index(self.level)
        self.genart_packed_floats = functions.genart_packed_floats
        self.genart_pack = functions.genart_pack
        self.genart_scratch_floats = functions.genart_scratch_floats
        self.genart_run = functions.genart_run


def _declare(functions: ctypes.CDLL, path: Path) -> None:
    declared = {
        "genart_version": (_NUMBER, []),
        "genart_levels": (_NUMBER, []),
        "genart_level_name": (ctypes.c_char_p, [_NUMBER]),
        "genart_packed_floats": (_SIZE, [_NUMBER, _POINTER]),
        "genart_pack": (None, [_NUMBER, _POINTER, _POINTER, _POINTER, _NUMBER]),
        "genart_scratch_floats": (_SIZE, [_NUMBER, _POINTER, _NUMBER, _NUMBER]),
        "genart_run": (_NUMBER, [_NUMBER, _POINTER, _NUMBER, _POINTER, _NUMBER]),
    }
    try:
        for name, (result, arguments) in declared.items():
            function = getattr(functions, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise OSError(f"{path} is not a library of kernels: {error}") from None
