"""An image in overlapping tiles, so that a layer's features exist for one tile at a time.

Tiles meet where the grid of every layer starts again, and overlap by the receptive field of the
deepest layer. Positions inside the core of a tile are those of the whole image, and sums over them
- Gram matrices, content losses - are sums over tiles, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

import genart

#: Pixels between which every layer begins again: a multiple of all strides.
GRID = 32


@dataclass(frozen=True)
class Span:
    """A stretch of rows or columns: those of the core, and with what is seen around them."""

    start: int
    stop: int
    first: int
    last: int
    length: int

    def places(self, stride: int, count: int) -> slice:
        """The positions of the core among `count` of a layer computed from first to last."""
        begin = (self.start - self.first) // stride
        end = count if self.stop == self.length else (self.stop - self.first) // stride
        return slice(begin, end)


@dataclass(frozen=True)
class Tile:
    """A part of an image: rows and columns."""

    rows: Span
    columns: Span

    @property
    def last(self) -> bool:
        """Whether it is the one at the bottom right."""
        return self.rows.stop == self.rows.length and self.columns.stop == self.columns.length

    def end(self, features: Tensor, stride: int) -> tuple[int, int]:
        """The size (h', w') of a layer's whole map, from the core positions of the last tile."""
        height, width = features.shape[-2:]
        return self.rows.start // stride + height, self.columns.start // stride + width

    def cut(self, image: Tensor) -> Tensor:
        """The part of (n, c, h, w) with its surroundings."""
        return image[..., self.rows.first : self.rows.last, self.columns.first : self.columns.last]

    def core(self, features: Tensor, stride: int) -> Tensor:
        """The core positions of the tile in a layer."""
        height, width = features.shape[-2:]
        rows, columns = self.rows.places(stride, height), self.columns.places(stride, width)
        if (rows, columns) == (slice(0, height), slice(0, width)):
            return features  # no slice: its gradient would be a copy
        return features[..., rows, columns]

    def share(self, grid: Tensor, stride: int, like: Tensor) -> Tensor:
        """The part of a map over all positions, (n, c, h', w'), under the tile's core."""
        top, left = self.rows.start // stride, self.columns.start // stride
        height, width = like.shape[-2:]
        return grid[..., top : top + height, left : left + width]


def tiles(
    size: Sequence[int], side: int, network: genart.perception.FeatureNetwork, layers: Iterable[str]
) -> list[Tile]:
    """An image of size (h, w) in tiles.

    Args:
        size: (h, w).
        side: of a tile's core in pixels, rounded up to a multiple of 32; 0 takes one tile.
        network: whose layers are to be exact.
        layers: which.
    """
    reach = max((network.step(name).reach for name in layers), default=0)
    halo = -(-reach // GRID) * GRID
    rows, columns = (list(_spans(length, side, halo)) for length in size)
    return [Tile(row, column) for row in rows for column in columns]


def _spans(length: int, side: int, halo: int) -> Iterator[Span]:
    side = max(-(-side // GRID) * GRID, GRID) if side else length
    starts = list(range(0, length, side))
    if len(starts) > 1 and length - starts[-1] < GRID:
        starts.pop()  # too little to be a tile
    for start, stop in zip(starts, [*starts[1:], length], strict=True):
        yield Span(start, stop, max(start - halo, 0), min(stop + halo, length), length)
