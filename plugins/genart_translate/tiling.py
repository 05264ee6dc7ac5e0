"""Images of any size: reflected margins for fixed multiples, and tiles of large images."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from .architecture import Shape

Spans = tuple[slice, slice]


def admitted(side: int, shape: Shape) -> int:
    """The smallest side from this one on that a network of this shape takes, in pixels."""
    return max(-(-side // shape.multiple) * shape.multiple, shape.least)


def padded(image: Tensor, size: tuple[int, int]) -> tuple[Tensor, Spans]:
    """An image (n, c, h, w) with reflected margins, and where it lies in them.

    The margins may be larger than the image: it is reflected again and again. One of a single row
    is repeated.

    Args:
        image: (n, c, h, w).
        size: (h, w) of the result, at least the image's.
    """
    h, w = image.shape[-2:]
    if (h, w) == size:
        return image, (slice(None), slice(None))
    top, left = (size[0] - h) // 2, (size[1] - w) // 2
    rows, columns = _reflected(h, top, size[0]), _reflected(w, left, size[1])
    grown = image[..., rows.to(image.device), :][..., columns.to(image.device)]
    return grown, (slice(top, top + h), slice(left, left + w))


def _reflected(length: int, before: int, total: int) -> Tensor:
    """Which of `length` positions each of `total` shows, when `before` of them come first."""
    period = max(2 * (length - 1), 1)
    at = (torch.arange(total) - before) % period
    return torch.minimum(at, period - at) if length > 1 else torch.zeros(total, dtype=torch.long)


def in_tiles(
    image: Tensor, make: Callable[[Tensor], Tensor], tile: int, margin: int, multiple: int
) -> Tensor:
    """What `make` gives for an image, tile by tile; where tiles overlap they are blended.

    Args:
        image: (1, c, h, w).
        make: (1, c, h', w') to (1, 3, h', w').
        tile: the side of a tile with its margins, in pixels.
        margin: what a tile sees beyond what it paints, in pixels.
        multiple: tiles begin at multiples of this many pixels; the image's sides are such.
    """
    _, _, height, width = image.shape
    out = image.new_zeros(1, 3, height, width)
    for top, bottom in _spans(height, tile, margin, multiple):
        strip = out.new_zeros(1, 3, bottom - top, width)
        for left, right in _spans(width, tile, margin, multiple):
            made = make(image[..., top:bottom, left:right])
            strip[..., left:right].lerp_(made, _ramp(right - left, margin, left > 0).to(made))
        down = _ramp(bottom - top, margin, top > 0).to(strip)
        out[..., top:bottom, :].lerp_(strip, down[:, None])
    return out


def _spans(length: int, tile: int, margin: int, multiple: int) -> Iterator[tuple[int, int]]:
    """Where tiles begin and end, each overlapping the next by two margins at least."""
    if length <= tile:
        yield 0, length
        return
    overlap = 2 * margin + _soft(margin) + multiple
    count = -(-(length - overlap) // (tile - overlap))
    for n in range(count):
        begin = n * (length - tile) // (count - 1) // multiple * multiple
        yield begin, begin + tile if n < count - 1 else length


def _ramp(length: int, margin: int, inner: bool) -> Tensor:
    """The weight of a tile along one side: 0 in the margin towards the one before it, then 1."""
    ramp = torch.ones(length)
    if inner and margin:
        ramp[:margin] = 0.0
        soft = _soft(margin)
        ramp[margin : margin + soft] = torch.linspace(0, 1, soft + 2)[1:-1]
    return ramp


def _soft(margin: int) -> int:
    """Over how many pixels one tile becomes the next."""
    return max(margin // 4, 1)
