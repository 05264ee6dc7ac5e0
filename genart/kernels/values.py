"""Maps of a program, and values by channel, as they lie in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genart.kernels.structures import BLOCK, Edge, Map, Reading


def address(tensor: Tensor | None) -> int | None:
    """Where a tensor lies; None for none."""
    return None if tensor is None else tensor.data_ptr()


def blocks(channels: int) -> int:
    """How many blocks of 16 so many channels take."""
    return -(-channels // BLOCK)


def by_channel(values: Tensor) -> Tensor:
    """Values (c,) as the kernels read them: float32, zeros up to a whole block."""
    padded = torch.zeros(blocks(len(values)) * BLOCK)
    padded[: len(values)] = values.detach()
    return padded


@dataclass(frozen=True)
class Values:
    """A map of a program, with what becomes of it as it is read.

    Attributes:
        memory: (blocks, h, w, 16), or (h, w, channels) for an imported image.
        channels: how many of them mean something.
        scale: by channel, or None.
        shift: by channel, or None.
        slope: negative values are multiplied by it.
        gate: memory of a map of the same size; values are 0 where it is not positive.
    """

    memory: Tensor
    channels: int
    scale: Tensor | None = None
    shift: Tensor | None = None
    slope: float = 1.0
    gate: Tensor | None = None

    @classmethod
    def without_memory(cls, channels: int, size: tuple[int, int]) -> Values:
        """A map that has no address, or is given one before each run.

        Its layout is that of a tensor (1, channels, h, w) in channels_last memory.
        """
        whole = torch.empty(*size, blocks(channels), BLOCK, device="meta")
        return cls(whole.permute(2, 0, 1, 3), channels)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w)."""
        h, w = self.memory.shape[-3:-1]
        return h, w

    def activated(self, slope: float) -> Values:
        """The same map behind a leaky ReLU; 0 is a ReLU."""
        return replace(self, slope=slope)

    def map(self) -> Map:
        """Where it lies."""
        row, pixel, _ = self.memory.stride()[-3:]
        block = self.memory.stride(0) if self.memory.ndim == 4 else BLOCK
        h, w = self.size
        return Map(self.memory.data_ptr(), row, pixel, block, h, w, self.channels)

    def reading(self, edge: Edge = Edge.ZEROS) -> Reading:
        """What becomes of it."""
        return Reading(
            address(self.scale), address(self.shift), address(self.gate), self.slope, edge
        )

    def read(self) -> Tensor:
        """A copy, (c, h, w), as it lies in memory."""
        return self.memory.permute(0, 3, 1, 2).reshape(-1, *self.size)[: self.channels]

    def write(self, values: Tensor) -> None:
        """Put values (c, h, w) there."""
        whole = torch.zeros(len(self.memory) * BLOCK, *self.size)
        whole[: self.channels] = values
        self.memory.copy_(whole.view(-1, BLOCK, *self.size).permute(0, 2, 3, 1))

    def channels_from(self, first: int, count: int) -> Values:
        """Some of its channels; `first` begins a block."""
        blocked = slice(first // BLOCK, blocks(first + count))
        flat = slice(first, blocked.stop * BLOCK)
        return Values(
            self.memory[blocked], count,
            None if self.scale is None else self.scale[flat],
            None if self.shift is None else self.shift[flat], self.slope,
            None if self.gate is None else self.gate[blocked],
        )  # fmt: skip
