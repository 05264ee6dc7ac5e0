"""The RGB image: contributions of the layers to RGB, and up-sampling between blocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from genart_stylegan2.layers import upsample

from .forms import Each
from .memory import Maps, Scratch, Step
from .packed import PackedRGB
from .tiled import Tiled
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


class Brush:
    """One layer to RGB, and the sheet (img_channels, h, w) it paints on.

    Args:
        rgb: its weights.
        style: (in,) of this frame, always in the same memory.
        size: (h, w).
        below: the sheet of the block before, or None where this is the first.
        double: how that grows to this size.
    """

    def __init__(
        self,
        rgb: PackedRGB,
        style: Tensor,
        size: tuple[int, int],
        below: Tensor | None,
        double: Callable[[Tensor], Tensor],
    ) -> None:
        self._rgb, self._style, self._below, self._double = rgb, style, below, double
        self._weight = torch.empty_like(rgb.weight)
        self.sheet = torch.empty(len(rgb.weight), *size)

    def begin(self) -> None:
        """The image so far at this size, and the weights with this frame's style."""
        torch.mul(self._rgb.weight, self._style, out=self._weight)
        if self._below is None:
            self.sheet.zero_()
        else:
            self.sheet.copy_(self._double(self._below[None])[0])

    def on_map(self, maps: Maps, inside: Tensor) -> list[Step]:
        """Steps that paint from a whole map (h, w, c)."""
        return self._on_rows(maps, inside, self.sheet, torch.empty(0))

    def on_strips(self, form: Tiled, maps: Maps, inside: Tensor) -> Each:
        """What paints each strip of a map (h, w, c) while it is at hand."""
        high = form.strip * TILE

        def each(n: int, _: Tensor, scratch: Scratch) -> list[Step]:
            at = slice(n * high, (n + 1) * high)
            return self._on_rows(maps, inside[at], self.sheet[:, at], scratch[0])

        return each

    def on_tiles(self, form: Tiled) -> Each:
        """What paints each strip's pixels (16 * tiles, c), where there is no map."""
        channels = len(self._weight)
        tiles = self.sheet.view(channels, form.strips, form.strip, TILE, form.columns, TILE)

        def each(n: int, pixels: Tensor, scratch: Scratch) -> list[Step]:
            target = tiles[:, n].permute(0, 2, 4, 1, 3)
            added = scratch.view(0, channels, len(pixels))
            return [*self._product(pixels, added), partial(target.add_, added.view(target.shape))]

        return each

    def _on_rows(self, maps: Maps, inside: Tensor, target: Tensor, memory: Tensor) -> list[Step]:
        rows, (h, w, _), channels = maps.rows(inside), inside.shape, len(self._weight)
        if memory.numel() == 0:
            memory = torch.empty(channels * len(rows))
        added = memory[: channels * len(rows)].view(channels, len(rows))
        seen = added.view(channels, h, -1)[..., maps.margin : maps.margin + w]
        return [*self._product(rows, added), partial(target.add_, seen)]

    def _product(self, pixels: Tensor, out: Tensor) -> list[Step]:
        steps: list[Step] = [
            partial(torch.addmm, self._rgb.bias, self._weight, pixels.t(), out=out)
        ]
        if (limit := self._rgb.limit) is not None:
            steps.append(partial(torch.clamp, out, -limit, limit, out=out))
        return steps
