"""Tensors from bytes: storages, views on them, and numpy arrays."""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from genart.checkpoints.limits import DIMENSIONS, Budget, damaged, refuse, shown

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

_NUMPY = re.compile(r"[<>|=]?([fiub][1248]|\?)")
_NUMPY_NAMES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]
#: Bytes an element, by torch's name of its type. torch itself is imported with the first tensor:
#: a file that is refused before it, as most hostile ones are, is refused without that wait.
ITEM_SIZES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip


def is_tensor(value: object) -> TypeGuard[torch.Tensor]:
    """Whether a value is a tensor; there are none before torch is imported."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


class Storage:
    """A flat run of numbers; its memory is claimed first, then allocated, then filled.

    Args:
        dtype: of the elements, a name in `ITEM_SIZES`.
        numel: how many there are.
        budget: pays for the bytes.
    """

    __slots__ = ("dtype", "filled", "flat")

    def __init__(self, dtype: str, numel: int, budget: Budget) -> None:
        budget.claim(numel * ITEM_SIZES[dtype])
        import torch

        self.dtype = dtype
        self.flat = torch.empty(numel, dtype=getattr(torch, dtype))
        self.filled = False

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return self.flat.numel() * self.flat.itemsize

    def fill(self, view: memoryview) -> Storage:
        """Copy the numbers in; `view` holds exactly `nbytes` bytes."""
        if len(view) != self.nbytes:
            refuse(f"has a storage of {self.nbytes:,} bytes but {len(view):,} bytes of it")
        if self.filled:
            refuse("fills the same storage twice")
        import torch

        target = self.flat.view(torch.uint8).numpy()
        target[:] = np.frombuffer(view, np.uint8)
        if self.dtype == "bool":
            np.not_equal(target, 0, out=target, casting="unsafe")
        self.filled = True
        return self

    def view(self, offset: Any, size: Any, stride: Any, budget: Budget) -> torch.Tensor:
        """A tensor on it, inside its bounds and no larger than it.

        Args:
            offset: first element, 0 or more.
            size: at most 8 dimensions.
            stride: in elements, one a dimension, none 0 that would repeat an element.
            budget: counts the tensor.
        """
        budget.tensor()
        if not (_is_shape(size) and _is_shape(stride) and len(size) == len(stride)):
            refuse("describes a tensor by something that is not a shape")
        if type(offset) is not int or offset < 0:
            refuse(f"has a tensor at offset {shown(offset)}")
        count, have = math.prod(size), self.flat.numel()
        if any(step == 0 and length > 1 for length, step in zip(size, stride, strict=True)):
            refuse("has an expanded tensor, which repeats elements instead of storing them")
        reach = sum((length - 1) * step for length, step in zip(size, stride, strict=True))
        if count > have or offset > have or (count and offset + reach >= have):
            refuse(f"has a tensor of shape {tuple(size)} outside its storage of {have:,} elements")
        return self.flat.as_strided(size, stride, offset)


def _is_shape(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) <= DIMENSIONS
        and all(type(length) is int and 0 <= length < 2**48 for length in value)
    )


class ElementType:
    """A numpy dtype: plain numbers only.

    Args:
        name: "f4", "<i8", "|b1" ...

    Raises:
        RefusedCheckpoint: objects, texts, structures, or sizes torch does not have.
    """

    __slots__ = ("_code", "_order")

    def __init__(self, name: object) -> None:
        match = _NUMPY.fullmatch(name) if isinstance(name, str) else None
        code = match[1].replace("?", "b1") if match else ""
        if code not in _NUMPY_NAMES:
            refuse(f"holds a numpy array of {shown(name)!r}; only plain numbers are read")
        self._code, self._order = code, "<"

    @property
    def itemsize(self) -> int:
        """Bytes an element."""
        return int(self._code[1:])

    def build(self, state: object) -> None:
        """Take the rest of a dtype: its byte order; sub-arrays and fields are refused."""
        if not isinstance(state, tuple) or len(state) not in (8, 9) or state[2:5] != (None,) * 3:
            refuse("holds a structured numpy array; only plain numbers are read")
        if state[1] not in ("<", ">", "|", "="):
            refuse("holds a numpy array of an unknown byte order")
        self._order = ">" if state[1] == ">" else "<"

    def read(self, view: memoryview) -> NDArray[Any]:
        """A fresh array (n,) in this machine's byte order."""
        if self._code == "b1":
            switches: NDArray[Any] = np.frombuffer(view, np.uint8) != 0
            return switches
        stored = np.frombuffer(view, np.dtype(self._order + self._code))
        own: NDArray[Any] = stored.astype(stored.dtype.newbyteorder("="), copy=True)
        return own


def array(state: object, view: memoryview, budget: Budget) -> torch.Tensor:
    """The tensor of a numpy array.

    Args:
        state: (version, shape, ElementType, is_fortran, data), as numpy pickles it.
        view: the data's bytes.
        budget: pays for them.
    """
    budget.tensor()
    if not (isinstance(state, tuple) and len(state) == 5 and isinstance(state[2], ElementType)):
        damaged("holds a numpy array without a proper state")
    _, shape, kind, fortran, _ = state
    if not _is_shape(shape) or math.prod(shape) * kind.itemsize != len(view):
        refuse(f"has a numpy array whose shape does not fit its {len(view):,} bytes")
    budget.claim(len(view))
    import torch

    flat = torch.from_numpy(kind.read(view))
    if not fortran:
        return flat.reshape(shape)
    return flat.reshape(shape[::-1]).permute(*reversed(range(len(shape))))


def scalar(kind: object, view: memoryview) -> int | float | bool:
    """The Python number of a numpy scalar."""
    if not isinstance(kind, ElementType) or len(view) != kind.itemsize:
        damaged("holds a numpy scalar of the wrong size")
    value: int | float | bool = kind.read(view)[0].item()
    return value
