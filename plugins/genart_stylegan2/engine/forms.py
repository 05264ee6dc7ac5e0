"""A styled convolution as stages over fixed memory: the common base of all forms.

Each form scales what enters by the style and what leaves by the demodulation (Karras et al. 2020a,
section 2.2), adds the noise and bias, and ends with the leaky ReLU, in a handful of calls that
write into memory kept from frame to frame. Maps lie as (h, w, c) with a margin of zeros around.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from .crew import Settings
from .memory import Scratch, Step
from .packed import Packed

_SLOPE = 0.2
_leaky: Any = torch.ops.aten.leaky_relu.out

#: What is done besides with the pixels (16 * tiles, out) of a strip: strip, pixels, memory.
Each = Callable[[int, Tensor, Scratch], list[Step]]


@dataclass(frozen=True)
class Slots:
    """The values that a layer reads each frame, always at the same memory.

    Args:
        style: (in,) of this frame.
        demod: (out,), with the gain.
        shift: (out,), the bias before demodulation.
        noise: (pixels, 1) in the layer's own order of pixels, with the gain.
    """

    style: Tensor
    demod: Tensor
    shift: Tensor
    noise: Tensor


class Form(Protocol):
    """One way to do a styled convolution.

    Attributes:
        packed: the layer.
        size: (h, w) of what it makes.
        margin: how many zeros it reads beyond each edge.
        scratch: sizes of the working memory of a thread.
        common: sizes of the working memory that threads share.
    """

    packed: Packed
    size: tuple[int, int]
    margin: int
    scratch: tuple[int, ...]
    common: tuple[int, ...]

    def order(self, noise: Tensor) -> Tensor:
        """A noise map (h, w) in this form's order of pixels, (h * w, 1)."""

    def stages(
        self, x: Tensor, y: Tensor | None, slots: Slots, common: Scratch, each: Each | None = None
    ) -> list[Settings]:
        """From x (h, w, in) to y (h', w', out), both inside their margins.

        Args:
            x: the map below.
            y: what is made, or None where nobody reads it.
            slots: this frame's numbers.
            common: working memory that threads share.
            each: what to do besides with a strip's pixels.
        """


def ending(pixels: Tensor, noise: Tensor, demod: Tensor, limit: float | None) -> list[Step]:
    """Demodulation, noise and the clamp, which is put before the leaky ReLU it belongs after."""
    steps: list[Step] = [partial(torch.addcmul, noise, pixels, demod, out=pixels)]
    if limit is not None:
        steps.append(partial(torch.clamp, pixels, -limit / _SLOPE, limit, out=pixels))
    return steps


def leaky(pixels: Tensor, target: Tensor | None) -> Step:
    """The leaky ReLU, which also writes pixels to their positions, or leaves them."""
    if target is None:
        return partial(F.leaky_relu, pixels, _SLOPE, True)
    return partial(_leaky, pixels.view(target.shape), _SLOPE, out=target)
