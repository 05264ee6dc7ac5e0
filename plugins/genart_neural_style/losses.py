"""The losses of Gatys, Ecker and Bethge 2016, with every way of normalising them by name.

F is a layer's features as (c, m): c channels at m positions; P those of the photo; G the Gram
matrix
of F and A that of the style. Programs normalise these sums differently, so their weights do not
carry over from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

import genart

#: What the sum of squares between F and P is multiplied by.
CONTENT: dict[str, Callable[[Tensor], Tensor | float]] = {
    "sum": lambda target: 1.0,  # CS231n's
    "half": lambda target: 0.5,  # Gatys et al., equation 1
    "mean": lambda target: 1.0 / target.numel(),  # neural-style's, fast-neural-style's
    "relative": lambda target: 1.0 / _energy(target - target.mean((-2, -1), keepdim=True)),
}
#: The divisor of a Gram matrix, from channels and positions.
GRAM: dict[str, Callable[[int, float], float]] = {
    "none": lambda channels, positions: 1.0,
    "positions": lambda channels, positions: positions,
    "size": lambda channels, positions: channels * positions,  # CS231n's, neural-style's
}
#: What the sum of squares between G and A is multiplied by.
STYLE: dict[str, Callable[[Tensor], Tensor | float]] = {
    "sum": lambda target: 1.0,  # CS231n's
    "mean": lambda target: 1.0 / target.numel(),  # neural-style's
    "gatys": lambda target: 0.25 / target.numel(),  # equation 4, with Gram "positions"
    "relative": lambda target: 1.0 / _energy(target),
}
#: Total variation: sums and means over all neighbours, of squares or of sizes.
TV = ("squares", "sizes", "mean squares", "mean sizes")
_LEAST = 1e-12  # below this a target has no energy to measure by


def gram(features: Tensor, mask: Tensor | None = None) -> Tensor:
    """The undivided Gram matrix (c, c) of features (1, c, h, w), or of their masked positions.

    Args:
        features: one image's.
        mask: (1, 1, h, w) in 0..1; features are multiplied by it, as Gatys et al. 2017 guide them.
    """
    if mask is not None:
        features = features * mask
    flat = features[0].permute(1, 2, 0).reshape(-1, features.shape[1])  # channels lie last anyway
    return flat.t() @ flat


def places(features: Tensor, mask: Tensor | None = None) -> float:
    """The number of positions of a Gram matrix: the sum of the squared mask if there is one."""
    if mask is None:
        return float(features.shape[-2] * features.shape[-1])
    return max(float(mask.square().sum()), 1.0)


def content_loss(
    features: Tensor, target: Tensor, how: str = "half", mask: Tensor | None = None
) -> Tensor:
    """The squared difference of features (1, c, h, w) from the photo's.

    Args:
        features: the image's.
        target: the photo's.
        how: "half" (times 1/2), "sum", "mean", or "relative" (over the variance of the photo's
            features, so that it is comparable between layers and networks).
        mask: (1, 1, h, w) of weights, or None.
    """
    difference = (features - target).square()
    if mask is not None:
        difference = difference * mask
    loss: Tensor = difference.sum() * content_scale(target, how)
    return loss


def content_scale(target: Tensor, how: str) -> Tensor | float:
    """What a sum of squares is multiplied by, from the photo's features."""
    scale: Tensor | float = _named(CONTENT, how, "content")(target)
    return scale


def style_loss(made: Tensor, target: Tensor, how: str = "gatys") -> Tensor:
    """The squared difference of two Gram matrices, both divided alike.

    Args:
        made: the image's, (c, c).
        target: the style's.
        how: "gatys" (over 4 c^2), "sum", "mean" (over c^2), or "relative" (over the sum of the
            target's squares, so that it is comparable between layers and networks).
    """
    loss: Tensor = (made - target).square().sum() * _named(STYLE, how, "style")(target)
    return loss


def tv_loss(image: Tensor, how: str = "squares") -> Tensor:
    """Total variation of images (n, 3, h, w): how much neighbours differ, down and across.

    Args:
        image: in any range; the loss is in its units.
        how: "squares" or "sizes" of the differences, summed; "mean squares", "mean sizes": over
            their number.

    Raises:
        UsageError: no such way.
    """
    if how not in TV:
        raise genart.UsageError(f'Total variation is one of {", ".join(TV)}, not "{how}".')
    down, across = image.diff(dim=-2), image.diff(dim=-1)
    both = [each.square() if how.endswith("squares") else each.abs() for each in (down, across)]
    total = both[0].sum() + both[1].sum()
    return total / max(both[0].numel() + both[1].numel(), 1) if how.startswith("mean") else total


def divided(matrix: Tensor, channels: int, count: float, how: str) -> Tensor:
    """A Gram matrix over its divisor: "none", "positions" or "size" (channels x positions)."""
    divisor: float = _named(GRAM, how, "Gram matrix")(channels, count)
    return matrix / divisor


def _energy(target: Tensor) -> Tensor:
    return target.square().sum().clamp(min=_LEAST)


def _named(table: Mapping[str, Callable[..., Any]], how: str, what: str) -> Callable[..., Any]:
    if how not in table:
        raise genart.UsageError(
            f'The normalisation of the {what} is one of {", ".join(table)}, not "{how}".'
        )
    return table[how]
