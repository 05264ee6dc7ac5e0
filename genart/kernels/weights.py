"""Weights in the order in which the kernels read them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Hashable

import torch
from torch import Tensor

from genart.kernels.interface import Library
from genart.kernels.memory import empty
from genart.kernels.structures import Convolution


class PackedWeights:
    """Packed weights of a network, made at first use; shared by its programs of all sizes.

    Args:
        library: the kernels.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._made: dict[Hashable, Tensor] = {}

    def get(self, conv: Convolution, weight: Callable[[], Tensor], key: Hashable) -> Tensor:
        """The packed weights of a convolution.

        Args:
            conv: with its method, kernel and channels.
            weight: gives (out, in, kh, kw), contiguous float32 on the CPU.
            key: what they are kept under, beside the method.
        """
        full = (key, conv.method, conv.kernel_h, conv.kernel_w)
        return self.kept(full, lambda: self._pack(conv, weight()))

    def kept(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """What is made of weights once, at first use."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _pack(self, conv: Convolution, weight: Tensor) -> Tensor:
        library, pointer = self.library, ctypes.byref(conv)
        made = empty(library.genart_packed_floats(library.number, pointer))
        threads = torch.get_num_threads()
        library.genart_pack(library.number, pointer, weight.data_ptr(), made.data_ptr(), threads)
        return made
