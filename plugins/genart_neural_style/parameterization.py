"""Parameterizations of an image: pixels, or frequencies with decorrelated colours.

Natural images have less the finer the detail, and their colour channels go together. Steps taken
in a space where neither is so (Mordvintsev, Pezzotti, Schubert and Olah 2018) leave no specks where
a network does not mind them.
"""

from __future__ import annotations

import torch
from torch import Tensor

import genart

CANVASES = ("pixels", "waves")
#: Red, green and blue as light, warm against cold, and green against magenta: Ohta et al. 1980.
_COLOURS = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (-0.5, 1.0, -0.5))
_SPREADS = (0.26, 0.08, 0.04)  # of each of them in photos, in 0..1


class Pixels:
    """The image as it is.

    Args:
        first: (1, 3, h, w) in -1..1.
    """

    def __init__(self, first: Tensor) -> None:
        self.searched = first.detach().clone(memory_format=torch.contiguous_format)

    def image(self) -> Tensor:
        """(1, 3, h, w)."""
        return self.searched.detach()

    def gradient(self, of_image: Tensor) -> Tensor:
        """The gradient for what is searched, from that for the image."""
        return of_image.contiguous()

    @torch.no_grad()
    def settle(self) -> None:
        """Clamp the image to -1..1."""
        self.searched.clamp_(-1, 1)


class Waves:
    """The image as a sum of waves, those of length l weighing l, in independent colours.

    Args:
        first: (1, 3, h, w) in -1..1.
        falling: the power of l.
    """

    def __init__(self, first: Tensor, falling: float = 1.0) -> None:
        self._size = (first.shape[-2], first.shape[-1])
        spreads = torch.tensor(_SPREADS)
        colours = torch.tensor(_COLOURS)
        mixed = (colours / colours.norm(dim=1, keepdim=True)) * spreads[:, None]
        self._mix = (mixed.t() / spreads.norm()).to(first)
        self._unmix = torch.linalg.inv(self._mix)
        self._weights = self._spectrum(falling).to(first)
        waves = torch.fft.rfft2(self._coloured(first, self._unmix), norm="ortho")
        self.searched = torch.view_as_real(waves / self._weights).contiguous()

    def image(self) -> Tensor:
        """(1, 3, h, w)."""
        waves = torch.view_as_complex(self.searched.detach()) * self._weights
        return self._coloured(torch.fft.irfft2(waves, self._size, norm="ortho"), self._mix)

    def gradient(self, of_image: Tensor) -> Tensor:
        """The gradient for what is searched, from that for the image, up to a wave's two halves."""
        waves = torch.fft.rfft2(self._coloured(of_image, self._mix.t()), norm="ortho")
        return torch.view_as_real(waves * self._weights).contiguous()

    def settle(self) -> None:
        """Nothing: waves have no range."""

    def _coloured(self, image: Tensor, mix: Tensor) -> Tensor:
        mixed: Tensor = torch.einsum("ij,njhw->nihw", mix, image)
        return mixed

    def _spectrum(self, falling: float) -> Tensor:
        """The weight of each wave, (h, w // 2 + 1), 1 in the root mean square."""
        height, width = self._size
        down, across = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
        length = (down.square() + across.square()).sqrt().clamp(min=1 / max(height, width))
        weights = length**-falling
        even: Tensor = weights / weights.square().mean().sqrt()
        return even


def canvas(kind: str, first: Tensor) -> Pixels | Waves:
    """The optimised parameters, starting from an image (1, 3, h, w) in -1..1.

    Raises:
        UsageError: no such canvas.
    """
    if kind not in CANVASES:
        raise genart.UsageError(f'canvas is {" or ".join(CANVASES)}, not "{kind}".')
    return Pixels(first) if kind == "pixels" else Waves(first)
