"""Adaptive discriminator augmentation (Karras et al. 2020b).

Pixel blitting, geometry and colour, each applied to each image with probability p. All geometry
becomes one affine map, all colour one matrix, so an image is resampled once. At p = 0 images pass
untouched. `Controller` moves p towards a target for the discriminator's sign on reals.

Everything is drawn and done on the images' device, and nothing waits for it: what does not happen
to an image is a neutral value, not a branch.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(
    images: Tensor, p: float | Tensor, pipe: str = "bgc", rng: torch.Generator | None = None
) -> Tensor:
    """Augment images (n, c, h, w) in -1..1, each transform with probability p.

    Args:
        images: any number of channels; colour works on 1 or 3.
        p: 0..1; a tensor on the images' device is not waited for.
        pipe: letters out of "bgc".
        rng: a generator on the images' device, for repeatable draws.
    """
    if not isinstance(p, Tensor) and p <= 0:
        return images
    draw = _Draws(images, p, rng)
    if "b" in pipe:
        images = _blit(images, draw)
    if "g" in pipe:
        images = _geometry(images, draw)
    if "c" in pipe and images.shape[1] in (1, 3):
        images = _colour(images, draw)
    return images


class _Draws:
    """Random numbers for n images, each replaced by a neutral value with probability 1 - p."""

    def __init__(self, images: Tensor, p: float | Tensor, rng: torch.Generator | None) -> None:
        self.n, self.p = len(images), p
        self.where = {"generator": rng, "device": images.device}

    def happens(self, p: float | Tensor | None = None) -> Tensor:
        return torch.rand(self.n, **self.where) < (self.p if p is None else p)

    def uniform(
        self, low: float, high: float, neutral: float, p: float | Tensor | None = None
    ) -> Tensor:
        value = torch.rand(self.n, **self.where) * (high - low) + low
        return torch.where(self.happens(p), value, torch.full_like(value, neutral))

    def normal(self, std: float, p: float | None = None) -> Tensor:
        value = torch.randn(self.n, **self.where) * std
        return torch.where(self.happens(p), value, torch.zeros_like(value))

    def log_normal(self, std: float, p: float | None = None) -> Tensor:
        return torch.exp2(self.normal(std, p))

    def choice(self, k: int) -> Tensor:
        value = torch.randint(k, (self.n,), **self.where)
        return torch.where(self.happens(), value, torch.zeros_like(value))


def _blit(images: Tensor, draw: _Draws) -> Tensor:
    """Mirror, rotations by 90 degrees, whole-pixel shifts: no resampling."""
    flips, turns = draw.choice(2), draw.choice(4)
    h, w = images.shape[2:]
    dy = (draw.uniform(-0.125, 0.125, 0) * h).round().long()
    dx = (draw.uniform(-0.125, 0.125, 0) * w).round().long()
    y = _mirrored(torch.arange(h, device=images.device) - dy[:, None], h)[:, :, None]
    x = _mirrored(torch.arange(w, device=images.device) - dx[:, None], w)[:, None, :]
    if h != w:  # an image that is not square keeps its sides
        turns = turns * (1 - turns % 2)
    y, x = _turned_back(y, x, turns[:, None, None], h, w)
    x = torch.where(flips[:, None, None] > 0, w - 1 - x, x)
    return _picked(images, y * w + x)


def _mirrored(at: Tensor, size: int) -> Tensor:
    """Positions on a row of `size`, mirrored at its first and last."""
    at = at.abs()
    return torch.minimum(at, 2 * (size - 1) - at)


def _turned_back(y: Tensor, x: Tensor, turns: Tensor, h: int, w: int) -> tuple[Tensor, Tensor]:
    """Where pixels (n, h, 1) and (n, 1, w) were before rotations by 90 degrees to the left."""
    y, x = y + torch.zeros_like(x), x + torch.zeros_like(y)
    from_y = torch.where(turns == 1, x, torch.where(turns == 2, h - 1 - y, w - 1 - x))
    from_x = torch.where(turns == 1, w - 1 - y, torch.where(turns == 2, w - 1 - x, y))
    return torch.where(turns == 0, y, from_y), torch.where(turns == 0, x, from_x)


def _picked(images: Tensor, at: Tensor) -> Tensor:
    """Each image's pixels (n, c, h, w) at the positions (n, h', w'), counted along its rows."""
    n, c = images.shape[:2]
    flat = at.view(n, 1, -1).expand(-1, c, -1)
    return images.reshape(n, c, -1).gather(2, flat).view(n, c, *at.shape[1:])


def _geometry(images: Tensor, draw: _Draws) -> Tensor:
    """Scale, rotate, squeeze, rotate again, shift: one affine map, sampled at twice the size."""
    n = len(images)
    both = 1 - (1 - draw.p) ** 0.5  # two rotations with probability p together
    same = torch.eye(3, device=images.device)
    matrix = same.repeat(n, 1, 1)
    isotropic = draw.log_normal(0.2)
    matrix = _scaling(isotropic, isotropic) @ matrix
    matrix = _rotation(draw.uniform(-math.pi, math.pi, 0, both)) @ matrix
    squeeze = draw.log_normal(0.2)
    matrix = _scaling(squeeze, 1 / squeeze) @ matrix
    matrix = _rotation(draw.uniform(-math.pi, math.pi, 0, both)) @ matrix
    happens = draw.happens()
    shift = torch.randn(n, 2, **draw.where) * 0.125 * 2  # the grid spans -1..1
    matrix[:, :2, 2] += torch.where(happens[:, None], shift, torch.zeros_like(shift))
    changed = (matrix - same).abs().amax((1, 2)) > 0
    if images.device.type != "cpu":  # which ones is not known yet, and not waited for
        return torch.where(changed[:, None, None, None], _warp(images, matrix), images)
    if not changed.any():
        return images
    index = changed.nonzero()[:, 0]
    return images.index_copy(0, index, _warp(images[index], matrix[index]))


def _warp(images: Tensor, matrix: Tensor) -> Tensor:
    h, w = images.shape[2:]
    theta = torch.linalg.inv_ex(matrix).inverse[:, :2]  # there always is one: `inv` would look
    grid = F.affine_grid(theta, [len(images), 1, 2 * h, 2 * w], align_corners=False)
    large = F.grid_sample(
        images,
        grid.to(images.dtype),
        mode="bilinear",
        padding_mode="reflection",
        align_corners=False,
    )
    return F.avg_pool2d(large, 2)


def _scaling(sx: Tensor, sy: Tensor) -> Tensor:
    return torch.diag_embed(torch.stack([sx, sy, torch.ones_like(sx)], 1))


def _rotation(angle: Tensor) -> Tensor:
    matrix = torch.eye(3, device=angle.device).repeat(len(angle), 1, 1)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos()
    matrix[:, 1, 0] = angle.sin()
    matrix[:, 0, 1] = -angle.sin()
    return matrix


def _colour(images: Tensor, draw: _Draws) -> Tensor:
    """Brightness, contrast, luma flip, hue and saturation as one 3x4 matrix."""
    n = len(images)
    same = torch.eye(3, device=images.device)
    onto = torch.full_like(same, 1 / 3)  # onto the axis of grey
    matrix = same.repeat(n, 1, 1) * draw.log_normal(0.5)[:, None, None]
    offset = draw.normal(0.2)[:, None].expand(n, 3)
    flip = draw.choice(2).float()[:, None, None]
    matrix = (same - 2 * onto * flip) @ matrix
    angle = draw.uniform(-math.pi, math.pi, 0)[:, None, None]
    turn = angle.cos() * (same - onto) + angle.sin() * _cross(images.device) + onto  # Rodrigues
    matrix = turn @ matrix
    saturation = draw.log_normal(1.0)[:, None, None]
    matrix = (onto + (same - onto) * saturation) @ matrix
    if images.shape[1] == 1:
        matrix = matrix.mean((1, 2), keepdim=True) * 3
        offset = offset[:, :1]
    matrix, offset = matrix.to(images), offset.to(images)
    return torch.einsum("nij,njhw->nihw", matrix, images) + offset[:, :, None, None]


@lru_cache
def _cross(device: torch.device) -> Tensor:
    """What the axis of grey is crossed with, (3, 3)."""
    rows = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    return (rows / math.sqrt(3)).to(device)


def diff_augment(images: Tensor, rng: torch.Generator | None = None) -> Tensor:
    """Colour, translation and cutout on every image (Zhao et al. 2020, "DiffAugment")."""
    n, _, h, w = images.shape

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=rng, device=images.device)

    images = images + (rand(n, 1, 1, 1) - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (rand(n, 1, 1, 1) * 2)
    mean = images.mean((1, 2, 3), keepdim=True)
    images = mean + (images - mean) * (rand(n, 1, 1, 1) + 0.5)
    reach = round(h / 8)
    shifts = (rand(n, 2) * (2 * reach + 1)).long() - reach
    padded = F.pad(images, (reach, reach, reach, reach))
    y = torch.arange(h, device=images.device) + reach + shifts[:, :1]
    x = torch.arange(w, device=images.device) + reach + shifts[:, 1:]
    moved = _picked(padded, y[:, :, None] * padded.shape[3] + x[:, None, :])
    return moved * _holes(rand(n, 2), h, w)


def _holes(at: Tensor, h: int, w: int) -> Tensor:
    """(n, 1, h, w): 0 in a box of half the side anywhere in the image, 1 elsewhere."""
    y = torch.arange(h, device=at.device)[None] - (at[:, :1] * h).long()
    x = torch.arange(w, device=at.device)[None] - (at[:, 1:] * w).long()
    inside = (y.abs() < h // 4)[:, :, None] & (x.abs() < w // 4)[:, None, :]
    return (~inside)[:, None].float()


class Controller:
    """Moves p so that the mean sign of the discriminator on reals meets a target.

    Args:
        p: where to start.
        target: the wanted mean of sign(D(real)), 0.6 in the paper.
        kimg: thousands of images for p to travel from 0 to 1.
        device: where p is, so that nothing waits for it.

    Attributes:
        p: 0..1, a tensor without dimensions.
    """

    def __init__(
        self,
        p: float = 0.0,
        target: float = 0.6,
        kimg: float = 500,
        device: str | torch.device = "cpu",
    ) -> None:
        self.p = torch.full([], float(p), device=device)
        self.target, self.kimg = target, kimg

    def update(self, sign: float | Tensor, images: int) -> Tensor:
        """Adjust p after `images` reals whose mean sign was `sign`; returns the new p."""
        step = images / (self.kimg * 1000)
        above = torch.as_tensor(sign, device=self.p.device) >= self.target
        self.p = (self.p + torch.where(above, step, -step)).clamp(0.0, 1.0)
        return self.p
