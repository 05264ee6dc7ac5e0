"""Images of any mode as RGB of 8 bits: the one table of modes, alpha, colour profiles, orientation.

| mode of Pillow           | becomes                                                            |
|--------------------------|--------------------------------------------------------------------|
| 1, L, P, PA              | its grey or its palette's colour                                   |
| RGB, also of 16 bits     | as it is; 16 bits are divided by 257                               |
| LA, RGBA, P with alpha   | laid on black                                                      |
| CMYK, YCbCr, LAB, HSV    | converted, by the colour profile if there is one                   |
| I;16, I (grey, integers) | white is 255, 4095 or 65535, the first that no value exceeds       |
| F (grey, floats)         | white is 1, or 255 if a value exceeds 1                            |
| I and F beyond that      | from its lowest value, black, to its highest, white                |

A colour profile (ICC) is converted to sRGB; a damaged one is ignored. EXIF orientation is applied.
"""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageCms

_ORIENTATION = 0x0112  # the EXIF tag
_UPRIGHT = {
    2: Pictures.Transpose.FLIP_LEFT_RIGHT,
    3: Pictures.Transpose.ROTATE_180,
    4: Pictures.Transpose.FLIP_TOP_BOTTOM,
    5: Pictures.Transpose.TRANSPOSE,
    6: Pictures.Transpose.ROTATE_270,
    7: Pictures.Transpose.TRANSVERSE,
    8: Pictures.Transpose.ROTATE_90,
}
_WHITES = {"I": (255.0, 4095.0, 65535.0), "F": (1.0, 255.0)}
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}  # of profiles, and their modes


def upright_rgb(picture: Pictures.Image) -> Pictures.Image:
    """Return a PIL image upright, in RGB, in sRGB, transparent parts black.

    Raises:
        ValueError: values that are not finite numbers, or a mode that has no colours.
    """
    colour, alpha = _split(picture)
    made = _to_srgb(colour, picture.info.get("icc_profile"))
    if alpha is not None:
        made.putalpha(alpha)
        ground = Pictures.new("RGBA", made.size, "black")
        made = Pictures.alpha_composite(ground, made).convert("RGB")
    turn = _UPRIGHT.get(orientation(picture))
    return made if turn is None else made.transpose(turn)


def orientation(picture: Pictures.Image) -> int:
    """Return the EXIF orientation 1..8; 1 if there is none, or damaged EXIF data."""
    try:
        found = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # Pillow's parser raises errors of many types on damaged data
        return 1
    return found if found in _UPRIGHT else 1


def _split(picture: Pictures.Image) -> tuple[Pictures.Image, Pictures.Image | None]:
    """The colours, without alpha, and the alpha (L) if there is any."""
    if picture.mode[:1] in "IF":
        return _grey(picture)
    if "A" not in picture.getbands() and "a" not in picture.getbands() and (
        "transparency" not in picture.info
    ):  # fmt: skip
        return picture, None
    both = picture.convert("LA" if picture.mode == "La" else "RGBA").convert("RGBA")
    return both.convert("RGB"), both.getchannel("A")


def _grey(picture: Pictures.Image) -> tuple[Pictures.Image, Pictures.Image | None]:
    """Grey of 16 or 32 bits as L, and the alpha of a transparent value."""
    values: NDArray[Any] = np.asarray(picture).astype(
        np.float64 if picture.mode == "I" else np.float32
    )
    low, high = float(values.min()), float(values.max())
    if not math.isfinite(low) or not math.isfinite(high):
        raise ValueError("values that are not finite numbers")
    white = next((each for each in _WHITES[picture.mode[0]] if low >= 0 and high <= each), None)
    low, high = (low, high) if white is None else (0.0, white)
    grey = _bytes((values - low) * (255.0 / max(high - low, 1e-30)))
    clear = picture.info.get("transparency")
    alpha = _bytes(np.where(values == clear, 0, 255)) if isinstance(clear, int) else None
    return grey, alpha


def _bytes(values: NDArray[Any]) -> Pictures.Image:
    return Pictures.fromarray(np.rint(values).clip(0, 255).astype(np.uint8))


def _to_srgb(colour: Pictures.Image, profile: Any) -> Pictures.Image:
    """Colours without alpha as RGB, converted from their profile to sRGB."""
    mode, transform = _transform(profile) if isinstance(profile, bytes) else ("", None)
    other = {mode, colour.mode} & {"CMYK", "LAB"} and mode != colour.mode
    if transform is None or other:
        return colour.convert("RGB")
    if colour.mode != mode:
        colour = colour.convert(mode)
    return cast(Pictures.Image, ImageCms.applyTransform(colour, transform))


@lru_cache(maxsize=16)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The mode that a profile is for and its conversion to sRGB; None where nothing is to do."""
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _SPACES[found.profile.xcolor_space.strip()]
        name = found.profile.profile_description or ""
        if mode == "RGB" and "srgb" in name.lower():
            return mode, None
        target = ImageCms.createProfile("sRGB")
        return mode, ImageCms.buildTransform(found, target, mode, "RGB")
    except (ImageCms.PyCMSError, KeyError, OSError, ValueError, TypeError, ImportError):
        return "", None
