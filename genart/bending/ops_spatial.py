"""Operations that move the pixels of activations x (n, c, h, w).

Between pixels values are interpolated bilinearly. What comes from beyond an edge is mirrored
there, but `translate` goes round.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def translate(x: Tensor, across: float, down: float) -> Tensor:
    """Moved to the right and down by shares of its size; what leaves comes in opposite."""
    return _rolled(_rolled(x, across * x.shape[3], 3), down * x.shape[2], 2)


def rotate(x: Tensor, turns: float) -> Tensor:
    """Rotated about its centre, counter-clockwise."""
    across, down = _centred(x)
    cos, sin = math.cos(2 * math.pi * turns), math.sin(2 * math.pi * turns)
    return _sampled(x, cos * across - sin * down, sin * across + cos * down)


def scale(x: Tensor, factor: float) -> Tensor:
    """Enlarged about its centre; below 1, made smaller."""
    across, down = _centred(x)
    return _sampled(x, across / factor, down / factor)


def swirl(x: Tensor, turns: float) -> Tensor:
    """Rotated more near the centre; corners stay."""
    across, down = _centred(x)
    corner = torch.hypot(across[0, 0], down[0, 0]).clamp(min=0.5)
    near = 1 - torch.hypot(across, down) / corner
    angle = 2 * math.pi * turns * near.square()
    cos, sin = angle.cos(), angle.sin()
    return _sampled(x, cos * across - sin * down, sin * across + cos * down)


def wave(x: Tensor, amount: float, waves: float) -> Tensor:
    """Rows swung sideways in waves."""
    across, down = _centred(x)
    height, width = x.shape[2:]
    swing = amount * width * torch.sin(2 * math.pi * waves * (down + height / 2) / height)
    return _sampled(x, across - swing, down)


def flip_h(x: Tensor, amount: float) -> Tensor:
    """Flipped sideways: left is right."""
    return torch.lerp(x, x.flip(3), amount)


def flip_v(x: Tensor, amount: float) -> Tensor:
    """Upside down."""
    return torch.lerp(x, x.flip(2), amount)


def mirror_h(x: Tensor, amount: float) -> Tensor:
    """The right half becomes the left one's mirror image."""
    return torch.lerp(x, _mirrored(x, 3), amount)


def mirror_v(x: Tensor, amount: float) -> Tensor:
    """The lower half becomes the upper one's mirror image."""
    return torch.lerp(x, _mirrored(x, 2), amount)


def kaleidoscope(x: Tensor, amount: float, folds: float) -> Tensor:
    """Folded round its centre: every wedge shows the first one, each second one mirrored."""
    across, down = _centred(x)
    wedge = math.pi / max(1, round(folds))
    angle = torch.remainder(torch.atan2(down, across), 2 * wedge)
    angle = torch.where(angle > wedge, 2 * wedge - angle, angle)
    far = torch.hypot(across, down)
    return torch.lerp(x, _sampled(x, far * angle.cos(), far * angle.sin()), amount)


def _rolled(x: Tensor, pixels: float, axis: int) -> Tensor:
    whole = math.floor(pixels)
    rolled = x.roll(whole, axis)
    part = pixels - whole
    return rolled if not part else torch.lerp(rolled, x.roll(whole + 1, axis), part)


def _mirrored(x: Tensor, axis: int) -> Tensor:
    half = (x.shape[axis] + 1) // 2
    first = x.narrow(axis, 0, half)
    return torch.cat([first, first.flip(axis).narrow(axis, x.shape[axis] % 2, x.shape[axis] // 2)],
                     axis)  # fmt: skip


def _centred(x: Tensor) -> tuple[Tensor, Tensor]:
    """Where pixels are, to the right and down of the centre, (h, w) each."""
    height, width = x.shape[2:]
    down = torch.arange(height, device=x.device) - (height - 1) / 2
    across = torch.arange(width, device=x.device) - (width - 1) / 2
    return across.expand(height, width), down[:, None].expand(height, width)


def _sampled(x: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Values at positions in pixels from the centre."""
    height, width = x.shape[2:]
    grid = torch.stack([2 * across / width, 2 * down / height], 2).expand(len(x), -1, -1, -1)
    made = F.grid_sample(
        x.float(), grid.float(), mode="bilinear", padding_mode="reflection", align_corners=False
    )
    return made.to(x.dtype)
