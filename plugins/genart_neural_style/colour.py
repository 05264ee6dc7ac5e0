"""Keeping the photo's colours (Gatys, Bethge, Hertzmann and Shechtman 2016)."""

from __future__ import annotations

import torch
from torch import Tensor

import genart

#: "none"; "luminance": only light and dark are painted; "transfer": the style gets the photo's
#: colours before it is copied.
WAYS = ("none", "luminance", "transfer")
_LUMA = (0.299, 0.587, 0.114)


def way(keep: str | bool | None) -> str:
    """How colours are kept; True is "luminance", False and None are "none".

    Raises:
        UsageError: no such way.
    """
    named = {True: "luminance", False: "none", None: "none"}.get(keep, keep)  # type: ignore[arg-type]
    if named not in WAYS:
        raise genart.UsageError(f'keep_color is one of {", ".join(WAYS)}, not "{keep}".')
    return str(named)


def luminance(image: Tensor) -> Tensor:
    """Y of images (n, 3, h, w) by BT.601, in three equal channels."""
    weights = image.new_tensor(_LUMA)[:, None, None]
    return (image * weights).sum(1, keepdim=True).expand_as(image)


def recoloured(painted: Tensor, photo: Tensor) -> Tensor:
    """The painted image's light and dark in the photo's colours, clipped to -1..1."""
    moved: Tensor = photo + luminance(painted) - luminance(photo)
    return moved.clamp(-1, 1)


def like_light(style: Tensor, photo: Tensor) -> Tensor:
    """The style's luminance with the mean and spread of the photo's, grey."""
    light, wanted = luminance(style), luminance(photo)
    spread = wanted.std() / light.std().clamp(min=1e-4)
    matched: Tensor = (light - light.mean()) * spread + wanted.mean()
    return matched.clamp(-1, 1)


def like_colours(style: Tensor, photo: Tensor) -> Tensor:
    """The style with the mean and covariance of the photo's colours, clipped to -1..1.

    The linear map is the symmetric one between the roots of the covariances.
    """
    pixels = style[0].flatten(1).double()
    mean, root = _moments(pixels)
    wanted, goal = _moments(photo[0].flatten(1).double())
    moved = goal @ torch.linalg.inv(root) @ (pixels - mean) + wanted
    recast: Tensor = moved.view_as(style[0])[None].to(style)
    return recast.clamp(-1, 1)


def _moments(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3, 1) and root of the covariance (3, 3) of colours (3, n)."""
    mean = pixels.mean(1, keepdim=True)
    centred = pixels - mean
    covariance = centred @ centred.t() / pixels.shape[1]
    values, vectors = torch.linalg.eigh(covariance + 1e-5 * torch.eye(3).to(pixels))
    return mean, vectors @ values.sqrt().diag() @ vectors.t()
