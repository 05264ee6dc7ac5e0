"""Memory that a plan reuses from image to image, instead of allocating it at every step.

The C library hands large pieces back to the system as soon as they are free, and every new one
costs a page fault for each 4 KiB; what is kept costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

Step = Callable[[], Any]


class Scratch:
    """Working memory that layers share over time, in parts that are used together."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._parts = [torch.empty(size) for size in sizes]

    def __getitem__(self, n: int) -> Tensor:
        """All of part n, in one line."""
        return self._parts[n]

    def view(self, n: int, *shape: int) -> Tensor:
        """Part n from its beginning, as this shape."""
        return self._parts[n][: torch.Size(shape).numel()].view(shape)


class Maps:
    """Two pieces of memory for maps (h, w, c) with a margin of zeros, as blocks alternate.

    Args:
        margin: how many zeros a layer reads beyond each edge.
        sizes: the shapes of the maps that each piece has to hold.
    """

    def __init__(self, margin: int, shapes: Sequence[Sequence[tuple[int, int, int]]]) -> None:
        self.margin = margin
        self._pieces = [torch.empty(max(map(self._numel, of), default=0)) for of in shapes]

    def take(self, piece: int, shape: tuple[int, int, int]) -> tuple[list[Step], Tensor]:
        """What clears the margin of a map, and the map inside it, (h, w, c)."""
        (h, w, c), m = shape, self.margin
        row = (w + 2 * m) * c
        whole = self._pieces[piece][: self._numel(shape)]
        head, tail = whole[: m * row + m * c], whole[(h + m) * row - m * c :]
        between = whole.as_strided((h - 1, 2 * m * c), (row, 1), (m + 1) * row - m * c)
        inside = whole.view(h + 2 * m, w + 2 * m, c)[m : m + h, m : m + w]
        return [partial(part.zero_) for part in (head, between, tail)], inside

    def rows(self, inside: Tensor) -> Tensor:
        """The rows of a map with their margins on both sides as one matrix, (h * w', c)."""
        h, w, c = inside.shape
        shape, begin = (h * (w + 2 * self.margin), c), inside.storage_offset() - self.margin * c
        return inside.as_strided(shape, (c, 1), begin)

    def _numel(self, shape: tuple[int, int, int]) -> int:
        return (shape[0] + 2 * self.margin) * (shape[1] + 2 * self.margin) * shape[2]
