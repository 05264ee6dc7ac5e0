"""Reads the windows of a map and converts them to points."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from .memory import Step
from .winograd import Transform

MARGIN = 8  # the widest that any filter's map has


def divisor(number: int, most: int) -> int:
    """The largest divisor that is not above `most`."""
    return next(n for n in range(most, 0, -1) if number % n == 0)


class Windows:
    """The windows that a layer's tiles read.

    Args:
        transform: how they are read, in one direction like in the other.
        columns: of tiles.
    """

    def __init__(self, transform: Transform, columns: int) -> None:
        self._transform, self._columns = transform, columns

    def steps(
        self, x: Tensor, tiles: slice, points: slice, style: Tensor, target: Tensor,
        memory: tuple[Tensor, Tensor],
    ) -> list[Step]:  # fmt: skip
        """Rows of tiles of x (h, w, in) at points down the image, times a style.

        Args:
            x: the map.
            tiles: rows of tiles.
            points: which of them down the image.
            style: (in,).
            target: (all points, points * tiles * in), where they go.
            memory: for rows and for windows.
        """
        transform, many = self._transform, points.stop - points.start
        windows = self._read_rows(x, tiles)
        count = len(windows)
        rows = memory[0][: count * many * windows.shape[2]].view(count, many, -1)
        columns = self._read_columns(x, rows)
        gathered = memory[1][: columns.numel()].view(columns.shape)
        downwards = transform.inwards[points].expand(count, -1, -1)
        return [
            partial(torch.bmm, downwards, windows, out=rows),
            partial(torch.mul, columns, style, out=gathered),
            partial(torch.mm, transform.inwards, gathered.flatten(1), out=target),
        ]

    def _read_rows(self, x: Tensor, tiles: slice) -> Tensor:
        """The rows that rows of tiles read, (rows, reach, w' * in), margins included."""
        down, transform = x.stride(0), self._transform
        shape = (tiles.stop - tiles.start, transform.reach, down)
        top = x.storage_offset() - x.storage_offset() % down
        begin = transform.first + tiles.start * transform.step
        return x.as_strided(shape, (transform.step * down, down, 1), top + begin * down)

    def _read_columns(self, x: Tensor, rows: Tensor) -> Tensor:
        """What tiles read of transformed rows, (reach, points, rows, columns, in)."""
        (down, along, _), transform, (count, points, _) = x.stride(), self._transform, rows.shape
        shape = (transform.reach, points, count, self._columns, x.shape[2])
        begin = x.storage_offset() % down + transform.first * along
        strides = (along, down, points * down, transform.step * along, 1)
        return rows.as_strided(shape, strides, rows.storage_offset() + begin)
