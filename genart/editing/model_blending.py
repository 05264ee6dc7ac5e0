"""Two models as one: `genart.blend_models`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genart.contracts import Generator
from genart.errors import UsageError
from genart.models.capabilities import Blendable
from genart.models.loading import as_generator


def blend_models(
    first: str | Path | Generator,
    second: str | Path | Generator,
    blend: float | Callable[[], float] = 0.5,
    swap: float | Callable[[], float] = 2.0,
    device: str = "auto",
) -> Generator:
    """Make a generator whose weights lie between those of two models of the same shape.

    At blend 0 it is the first model bit for bit, at blend 1 in all layers the second. A blend of 1
    with `swap` at a resolution swaps layers.

    Args:
        first: a Generator, or what `load` takes.
        second: one of the same shape, such as one that was tuned from the first.
        blend: the share of the second model, 0..1, or a function that returns it for every image.
        swap: the resolution in pixels from which the second model is blended in: 2 is everything, 4
            all but the mapping, 32 the blocks from 32 px on. Between powers of two a block takes
            part of the blend. It may be a function too.
        device: where to load them.

    Raises:
        UsageError: models of other kinds or shapes, or amounts out of range.

    Reference: Pinkney, Adler, Resolution Dependent GAN Interpolation (2020), arXiv:2010.05334.
    """
    mine = as_generator(first, device)
    other = as_generator(second, mine.device)
    return paired(mine, other, lambda: (_value(blend), _value(swap)))


def paired(
    first: Generator, second: Generator, amounts: Callable[[], tuple[float, float]]
) -> Generator:
    """A generator between two; UsageError where the first does not blend."""
    if not isinstance(first, Blendable):
        raise UsageError(f'"{first.name}" cannot be blended with others; StyleGAN2 models can.')
    return first.blended(second, amounts)


def _value(amount: float | Callable[[], float]) -> float:
    return amount() if callable(amount) else amount
