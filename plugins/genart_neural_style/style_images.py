"""Style images, and the masks for where a style applies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor

import genart
from genart_neural_style import colour

from .tiled_losses import StyleTarget

_LEAST = 32  # pixels a side below which a scaled style has nothing left to copy
Picture = Any  # what genart.to_image takes


@dataclass(frozen=True)
class Style:
    """One style image.

    Args:
        image: (1, 3, h, w) in -1..1 at its own size.
        weight: its share of the blend.
        region: (1, 1, h, w) in 0..1, where it applies in the photo, of any size; None is
            everywhere.
        part: (1, 1, h, w) in 0..1, what is taken of it; None is all.
    """

    image: Tensor
    weight: float = 1.0
    region: Tensor | None = None
    part: Tensor | None = None

    def style_target(self, photo: Tensor, scale: float, keep: str) -> StyleTarget:
        """The style at a photo's size, as the losses take it.

        Args:
            photo: (1, 3, h, w), as large as it is painted now.
            scale: the style's longer side over the photo's.
            keep: how colours are kept.
        """
        longest = max(photo.shape[-2:]) * scale
        ratio = longest / max(self.image.shape[-2:])
        size = tuple(max(round(side * ratio), _LEAST) for side in self.image.shape[-2:])
        image = resized(self.image.to(photo), size)
        if keep == "luminance":
            image = colour.like_light(image, photo)
        elif keep == "transfer":
            image = colour.like_colours(image, photo)
        region = mask_at(self.region, photo.shape[-2:], photo)
        return StyleTarget(image, self.weight, region, mask_at(self.part, size, photo))


def styles(
    pictures: Picture | Sequence[Picture],
    blend: str | Sequence[float] | None = None,
    masks: Sequence[Picture | None] | None = None,
    style_masks: Sequence[Picture | None] | None = None,
) -> list[Style]:
    """Styles of images, with shares normalised to a sum of 1.

    Args:
        pictures: a path, an image (1, 3, h, w) in -1..1, several of them, or paths with commas
            between.
        blend: a share for each; None gives all the same.
        masks: where each goes, as paths or tensors, None for everywhere.
        style_masks: what is taken of each.

    Raises:
        UsageError: no image, or not one share or mask for each.
        DataError: an image that cannot be read.
    """
    given = _several(pictures)
    shares = _shares(blend, len(given))
    regions, parts = (_each(each, len(given)) for each in (masks, style_masks))
    return [
        Style(picture(each), share, mask(region), mask(part))
        for each, share, region, part in zip(given, shares, regions, parts, strict=True)
    ]


def picture(given: Picture) -> Tensor:
    """A file, a PIL image, an array or a tensor as one image (1, 3, h, w) in -1..1."""
    image = genart.to_image(given)
    if image.shape[:2] != (1, 3):
        raise genart.UsageError(f"A style is one image (1, 3, h, w), not {tuple(image.shape)}.")
    return image.float()


def mask(given: Picture | None) -> Tensor | None:
    """A path or a tensor (h, w), (1, 1, h, w) in 0..1 as a mask (1, 1, h, w); white is 1."""
    if given is None:
        return None
    if isinstance(given, Tensor):
        flat = given.float().reshape(1, 1, *given.shape[-2:]) if given.ndim in (2, 3, 4) else None
        if flat is None or not 0 <= float(flat.min()) <= float(flat.max()) <= 1:
            raise genart.UsageError("A mask is (h, w) in 0..1: 1 where the style applies.")
        return flat
    return (colour.luminance(genart.to_image(given))[:, :1] + 1) / 2


def mask_at(given: Tensor | None, size: Sequence[int], like: Tensor) -> Tensor | None:
    """A mask at a size (h, w), on the device of `like`."""
    return None if given is None else resized(given.to(like), size).clamp(0, 1)


def resized(image: Tensor, size: Sequence[int]) -> Tensor:
    """Images (n, c, h, w) at a size (h, w), without aliasing."""
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    return F.interpolate(
        image, tuple(size), mode="bicubic", antialias=True, align_corners=False
    ).clamp(-1, 1)


def _several(pictures: Picture | Sequence[Picture]) -> list[Picture]:
    if isinstance(pictures, str) and not Path(pictures).exists():
        pictures = [part.strip() for part in pictures.split(",") if part.strip()]
    if not isinstance(pictures, (list, tuple)):
        return [pictures]
    if not pictures:
        raise genart.UsageError("Neural style needs a style image: gatys:wave.jpg.")
    return list(pictures)


def _shares(blend: str | Sequence[float] | None, count: int) -> list[float]:
    if isinstance(blend, str):
        try:
            blend = [float(part) for part in blend.split(",")]
        except ValueError:
            raise genart.UsageError(
                f'blend is a list of numbers like 0.7,0.3, not "{blend}".'
            ) from None
    shares = [1.0] * count if blend is None else [float(each) for each in blend]
    if len(shares) != count or min(shares) < 0 or not sum(shares) > 0:
        raise genart.UsageError(
            f"{count} styles need {count} shares, 0 or more and not all 0; got {shares}."
        )
    return [share / sum(shares) for share in shares]


def _each(given: Sequence[Picture | None] | Picture | None, count: int) -> list[Picture | None]:
    if given is None:
        return [None] * count
    masks = _several(given) if isinstance(given, (str, Path, Tensor)) else list(given)
    if len(masks) != count:
        raise genart.UsageError(f"{count} styles need {count} masks, got {len(masks)}.")
    return masks
