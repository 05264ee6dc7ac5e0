"""Images shown in notebooks: PNG bytes of images, of a model's samples, and of tensors."""

from __future__ import annotations

import io
import math
import sys
from typing import TYPE_CHECKING, Any, Protocol

from genart.media.image_types import Image

if TYPE_CHECKING:
    from genart.latent import Latent

_SIDE = 128  # pixels of a sample on its longer side, at most
_SEEDS = (1, 2, 3, 4)
_TRUNCATION = 0.7
_MOST = 64  # images of one tensor
_SMALLEST = 16  # pixels a side of a tensor that is shown as an image


class Samples(Protocol):
    """What draws samples; every `Generator` is this."""

    resolution: tuple[int, int]

    def sample(self, seeds: Any) -> Latent:
        """Draw latents by seed."""
        ...

    def reduced(self, times: int) -> Samples | None:
        """Return one with each side halved so many times, or None."""
        ...

    def __call__(self, latent: Latent, *, truncation: float = 1.0) -> Image:
        """Make images."""
        ...


def png(image: Image) -> bytes:
    """Return images (n, 3, h, w) in -1..1 as one PNG file; several become a sheet."""
    from genart.media.images import to_pil

    file = io.BytesIO()
    to_pil(image).save(file, "PNG")
    return file.getvalue()


def sample_png(model: Samples) -> bytes:
    """Return four images of a model, side by side, as a PNG file.

    Seeds 1 to 4 at truncation 0.7, at most 128 pixels a side. A model that can be drawn smaller
    is, so that little has to be computed.
    """
    import torch
    import torch.nn.functional as F

    halvings = max(math.ceil(math.log2(max(model.resolution) / _SIDE)), 0)
    smaller = next(m for n in range(halvings, -1, -1) if (m := model.reduced(n)))
    with torch.no_grad():
        images = smaller(smaller.sample(_SEEDS), truncation=_TRUNCATION).float()
    scale = _SIDE / max(images.shape[-2:])
    if scale < 1:
        images = F.interpolate(images, scale_factor=scale, mode="bicubic", antialias=True)
    return png(torch.cat(list(images), -1)[None])


def tensor_png(tensor: Any) -> bytes | None:
    """Return a tensor that holds images as a PNG file, None for any other tensor.

    Images are floats (n, 3 or 4, h, w) in about -1..1, at most 64, of 16 pixels a side or more.
    """
    shown = (
        tensor.ndim == 4
        and tensor.is_floating_point()
        and not tensor.requires_grad
        and tensor.shape[1] in (3, 4)
        and 1 <= tensor.shape[0] <= _MOST
        and min(tensor.shape[-2:]) >= _SMALLEST
        and float(tensor.detach().abs().max()) <= 2
    )
    return png(tensor) if shown else None


def show_tensors() -> None:
    """Let the notebook or IPython session that runs show tensors that hold images."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        formatter = shell.display_formatter.formatters["image/png"]
        formatter.for_type_by_name("torch", "Tensor", tensor_png)
