"""Images from files, PIL images, arrays and tensors, and back to PIL images.

`genart.media.image_reader` opens the files, here as for datasets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as Pictures
from PIL import ImageOps

from genart.errors import DataError, UsageError
from genart.media.frames import cover, frame_to_image, to_frames
from genart.media.image_modes import orientation
from genart.media.image_reader import decode_pil, decode_rgb, opened_image
from genart.media.image_types import Frame, Image
from genart.media.sheets import tiled

FITS = ("crop", "pad", "stretch")
_SMALLEST = 16  # pixels a side: there is nothing to see in less

#: What can be converted to an image: a file, a PIL image, an array, a tensor, or a list of these.
AnyImage: TypeAlias = "str | Path | Pictures.Image | np.ndarray[Any, Any] | Image | Sequence[Any]"


def to_image(
    source: AnyImage,
    size: tuple[int, int] | None = None,
    fit: str = "crop",
    device: str | torch.device | None = None,
) -> Image:
    """Convert a file, a PIL image, an array or a tensor to an image.

    Args:
        source: one of these, or a list of them whose images have one size:

            - the path of an image file: JPEG, PNG, WebP, GIF, BMP, TIFF, PNM, JPEG 2000, AVIF, or
              HEIC with the extra `heif`. Its content decides, not its suffix. Of an animation the
              first frame is read. It is made upright by its EXIF orientation and converted to sRGB
              by its colour profile; grey of 16 bits and floats is scaled;
            - a PIL image of any mode, converted in the same way;
            - a numpy array, uint8 0..255: (h, w) grey, (h, w, 3), (h, w, 4) with alpha, or
              several, (n, h, w, 3);
            - a torch tensor (n, 3, h, w) or (3, h, w), with 1 channel if grey, with 4 if it has
              alpha: floats in -1..1, which are passed through, or uint8 0..255.

            Transparent parts of files and PIL images become black; arrays and tensors keep their
            alpha.
        size: (h, w) in pixels; None keeps the size of the source.
        fit: how it is scaled to `size`: "crop" covers the size and cuts off what is over at the
            centre, "pad" shows all of it with black around, "stretch" changes its aspect ratio.
        device: where the image is to be; None leaves a tensor where it is.

    Returns:
        torch float (n, 3, h, w) in -1..1, or (n, 4, h, w) with alpha.

    Raises:
        UsageError: another type, shape or kind of number, or no such fit.
        DataError: a file that does not exist or holds no readable image, one below 16 pixels a
            side, or one so large that it must be made smaller first.
    """
    _check_fit(fit)
    if isinstance(source, list | tuple):
        return _batch([to_image(each, size, fit, device) for each in source])
    if isinstance(source, str | Path):
        image = read_image(source, size, fit)
    elif isinstance(source, Pictures.Image):
        image = _from_pil(source, size, fit)
    else:
        image = _sized_tensor(_tensor(source), size, fit)
    return image if device is None else image.to(device)


def to_pil(image: AnyImage) -> Pictures.Image:
    """Convert an image to a PIL image.

    Args:
        image: torch float (n, 3, h, w) in -1..1, or anything else that `to_image` takes.

    Returns:
        A PIL image, "RGB", or "RGBA" with alpha. Several images become one sheet, about square,
        in rows from the top left; `[to_pil(each) for each in image]` gives one each.

    Raises:
        UsageError: what `to_image` does not take.
        DataError: a file that is not readable.
    """
    return Pictures.fromarray(tiled(to_frames(to_image(image))))


def _batch(images: Sequence[Image]) -> Image:
    """Images one after the other as one batch."""
    shapes = sorted({tuple(image.shape[1:]) for image in images})
    if len(shapes) != 1:
        found = ", ".join(map(str, shapes)) or "none"
        raise UsageError(f"Images of one batch need one shape (channels, h, w), these have {found}"
                         "; give a size.")  # fmt: skip
    return torch.cat(list(images))


def _tensor(source: Any) -> Image:
    """A tensor or an array as an image, at its own size."""
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if not isinstance(source, torch.Tensor):
        raise UsageError(
            "An image is a file, a PIL image, a numpy array or a torch tensor, "
            f"not {type(source).__name__}."
        )
    image = source[None] if source.ndim == 3 else source
    if image.ndim != 4 or image.shape[1] not in (1, 3, 4):
        raise UsageError(f"An image has shape (n, 3, h, w), not {tuple(source.shape)}.")
    if image.dtype == torch.uint8:
        image = image.float().div_(127.5).sub_(1)
    if not image.is_floating_point():
        raise UsageError(f"An image is float in -1..1 or uint8 in 0..255, not {source.dtype}.")
    return image.expand(-1, 3, -1, -1) if image.shape[1] == 1 else image


def _from_array(array: np.ndarray[Any, Any]) -> Image:
    """A uint8 array (h, w), (h, w, c) or (n, h, w, c) as an image."""
    if array.dtype != np.uint8:
        raise UsageError(
            f"An array is uint8 in 0..255, not {array.dtype}: floats could be 0..1, -1..1 or "
            "0..255. Convert it, or give a torch tensor (n, 3, h, w) in -1..1."
        )
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim == 4:
        return torch.cat([frame_to_image(frame) for frame in array])
    return frame_to_image(array)


def _sized_tensor(image: Image, size: tuple[int, int] | None, fit: str) -> Image:
    if size is None or tuple(image.shape[-2:]) == tuple(size):
        return image
    if fit == "crop":
        return cover(image, size)
    height, width = image.shape[-2:]
    scale = min(size[0] / height, size[1] / width)
    inner = size if fit == "stretch" else (
        max(round(height * scale), 1), max(round(width * scale), 1)
    )  # fmt: skip
    image = F.interpolate(image, inner, mode="bicubic", align_corners=False, antialias=True)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    edges = (left, size[1] - inner[1] - left, top, size[0] - inner[0] - top)
    return F.pad(image, edges, value=-1.0)


def read_image(path: str | Path, size: tuple[int, int] | None = None, fit: str = "crop") -> Image:
    """Read an image file; see `to_image`, whose part for files this is."""
    _check_fit(fit)
    if Path(path).suffix.lower() == ".npz":
        raise DataError(f"{path} is a latent file, not an image. Use it with --latent.")
    enough = None if size is None else (2 * size[1], 2 * size[0])
    picture = decode_rgb(path, least=_SMALLEST, enough=enough)
    return frame_to_image(np.array(_sized(picture, size, fit)))


def _from_pil(picture: Pictures.Image, size: tuple[int, int] | None, fit: str) -> Image:
    """A PIL image, which may be a file that is decoded only now, as an image."""
    return frame_to_image(np.array(_sized(decode_pil(picture), size, fit)))


def _sized(picture: Pictures.Image, size: tuple[int, int] | None, fit: str) -> Pictures.Image:
    return picture if size is None else _fitted(picture, size, fit)


def picture_size(path: str | Path) -> tuple[int, int]:
    """The (h, w) of an image file, upright, without decoding it; DataError as for `to_image`."""
    with opened_image(path, least=_SMALLEST) as picture:
        width, height = picture.size
        sideways = orientation(picture) in (5, 6, 7, 8)
    return (width, height) if sideways else (height, width)


def fit_frame(frame: Frame, size: tuple[int, int], fit: str = "crop") -> Frame:
    """A frame, uint8 (h, w, 3), scaled to size (h, w) like `to_image`.

    Raises:
        UsageError: no such fit.
    """
    _check_fit(fit)
    return np.array(_fitted(Pictures.fromarray(frame), size, fit))


def _check_fit(fit: str) -> None:
    if fit not in FITS:
        raise UsageError(f'fit is one of {", ".join(FITS)}, not "{fit}".')


def _fitted(picture: Pictures.Image, size: tuple[int, int], fit: str) -> Pictures.Image:
    wanted, how = (size[1], size[0]), Pictures.Resampling.LANCZOS
    if fit == "crop":
        return ImageOps.fit(picture, wanted, how)
    if fit == "pad":
        return ImageOps.pad(picture, wanted, how)
    return picture.resize(wanted, how)
