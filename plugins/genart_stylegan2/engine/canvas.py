"""The picture itself: what layers to RGB add to it, and its growth between blocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ..layers import upsample
from .forms import Slots, Tiled
from .memory import Maps, Step
from .packed import PackedRGB
from .winograd import TILE

_BILINEAR = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8  # the taps that interpolation amounts to


def doubler(kernel: Tensor) -> Callable[[Tensor], Tensor]:
    """What `layers.upsample` does with this kernel, in the fastest way there is."""
    if torch.equal(kernel, torch.outer(_BILINEAR, _BILINEAR)):
        return _bilinear
    return partial(upsample, kernel=kernel)


def _bilinear(image: Tensor) -> Tensor:
    """Twice the size by interpolation, which [1, 3, 3, 1] is, with zeros beyond the edge."""
    image = F.interpolate(F.pad(image, (1, 1, 1, 1)), scale_factor=2, mode="bilinear")
    return image[..., 2:-2, 2:-2]


class Canvas:
    """The picture of the frame in hand, (1, img_channels, h, w)."""

    def __init__(self) -> None:
        self._image: Tensor | None = None

    def take(self) -> Tensor:
        """The finished picture; the canvas is empty then."""
        image, self._image = self._image, None
        assert image is not None
        return image

    def add(self, sheet: Tensor, rgb: PackedRGB, double: Callable[[Tensor], Tensor]) -> None:
        """Paint a sheet (img_channels, h, w), without its bias yet, on the picture so far."""
        added = torch.add(sheet, rgb.bias)[None]
        if rgb.limit is not None:
            added.clamp_(-rgb.limit, rgb.limit)
        if self._image is not None:
            added += double(self._image)
        self._image = added


class Brush:
    """One layer to RGB.

    Args:
        canvas: what it paints on.
        rgb: its weights.
        slots: its style.
        double: how the picture so far grows to this block's size.
    """

    def __init__(
        self, canvas: Canvas, rgb: PackedRGB, slots: Slots, double: Callable[[Tensor], Tensor]
    ) -> None:
        self.rgb, self._canvas, self._double = rgb, canvas, double
        self._weight = torch.empty_like(rgb.weight)
        self._mix: Step = partial(torch.mul, rgb.weight, slots.style, out=self._weight)

    def on_map(self, maps: Maps, inside: Tensor) -> list[Step]:
        """Steps from a whole map (h, w, c)."""
        rows, (h, w, _) = maps.rows(inside), inside.shape
        sheet = torch.empty(len(self._weight), len(rows))
        seen = sheet.view(len(sheet), h, -1)[..., maps.margin : maps.margin + w]
        product: Step = partial(torch.mm, self._weight, rows.t(), out=sheet)
        return [self._mix, product, partial(self._canvas.add, seen, self.rgb, self._double)]

    def on_tiles(
        self, form: Tiled
    ) -> tuple[list[Step], Callable[[int, Tensor], list[Step]], list[Step]]:
        """Steps before, for each strip's pixels (16 * tiles, c), and after, without a map."""
        channels, strips = len(self._weight), form.rows // form.strip
        sheet = torch.empty(channels, *form.size)
        tiled = sheet.view(channels, strips, form.strip, TILE, form.columns, TILE)
        strip = torch.empty(channels, 16 * form.tiles)

        def each(n: int, pixels: Tensor) -> list[Step]:
            target = tiled[:, n].permute(0, 2, 4, 1, 3)
            return [
                partial(torch.mm, self._weight, pixels.t(), out=strip),
                partial(target.copy_, strip.view(target.shape)),
            ]

        return [self._mix], each, [partial(self._canvas.add, sheet, self.rgb, self._double)]
