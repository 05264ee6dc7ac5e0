"""Adaptive discriminator augmentation (Karras et al. 2020b).

Pixel blitting, geometry and colour, each applied to each image with probability p. All geometry
becomes one affine map, all colour one matrix, so an image is resampled once. At p = 0 images pass
untouched. `Controller` moves p towards a target for the discriminator's sign on reals.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

#: The letters of `augpipe` as the field writes them: blit, geometry, colour.
GROUPS = {"b": "blit", "g": "geometry", "c": "colour"}


def augment(
    images: Tensor, p: float, pipe: str = "bgc", rng: torch.Generator | None = None
) -> Tensor:
    """Augment images (n, c, h, w) in -1..1, each transform with probability p.

    Args:
        images: any number of channels; colour works on 1 or 3.
        p: 0..1.
        pipe: letters out of "bgc".
        rng: a CPU generator, for repeatable draws.
    """
    if p <= 0:
        return images
    draw = _Draws(len(images), p, rng)
    if "b" in pipe:
        images = _blit(images, draw)
    if "g" in pipe:
        images = _geometry(images, draw)
    if "c" in pipe and images.shape[1] in (1, 3):
        images = _colour(images, draw)
    return images


class _Draws:
    """Random numbers for n images, each replaced by a neutral value with probability 1 - p."""

    def __init__(self, n: int, p: float, rng: torch.Generator | None) -> None:
        self.n, self.p, self.rng = n, p, rng

    def happens(self, p: float | None = None) -> Tensor:
        return torch.rand(self.n, generator=self.rng) < (self.p if p is None else p)

    def uniform(self, low: float, high: float, neutral: float, p: float | None = None) -> Tensor:
        value = torch.rand(self.n, generator=self.rng) * (high - low) + low
        return torch.where(self.happens(p), value, torch.full_like(value, neutral))

    def normal(self, std: float, p: float | None = None) -> Tensor:
        value = torch.randn(self.n, generator=self.rng) * std
        return torch.where(self.happens(p), value, torch.zeros_like(value))

    def log_normal(self, std: float, p: float | None = None) -> Tensor:
        return torch.exp2(self.normal(std, p))

    def choice(self, k: int) -> Tensor:
        value = torch.randint(k, (self.n,), generator=self.rng)
        return torch.where(self.happens(), value, torch.zeros_like(value))


def _blit(images: Tensor, draw: _Draws) -> Tensor:
    """Mirror, quarter turns, whole-pixel shifts: no resampling."""
    flips, turns = draw.choice(2), draw.choice(4)
    size = torch.tensor(images.shape[2:])
    dy = (draw.uniform(-0.125, 0.125, 0) * size[0]).round().int().tolist()
    dx = (draw.uniform(-0.125, 0.125, 0) * size[1]).round().int().tolist()
    result = []
    for i, image in enumerate(images):
        image = image.flip(2) if flips[i] else image
        if image.shape[1] == image.shape[2] or turns[i] % 2 == 0:
            image = image.rot90(int(turns[i]), (1, 2))
        result.append(_shift(image, dy[i], dx[i]))
    return torch.stack(result)


def _shift(image: Tensor, dy: int, dx: int) -> Tensor:
    if not dy and not dx:
        return image
    pad = (abs(dx), abs(dx), abs(dy), abs(dy))
    padded = F.pad(image[None], pad, mode="reflect")[0]
    top, left = abs(dy) - dy, abs(dx) - dx
    return padded[:, top : top + image.shape[1], left : left + image.shape[2]]


def _geometry(images: Tensor, draw: _Draws) -> Tensor:
    """Scale, rotate, squeeze, rotate again, shift: one affine map, sampled at twice the size."""
    n = len(images)
    both = 1 - math.sqrt(max(1 - draw.p, 0))  # two rotations with probability p together
    matrix = torch.eye(3).repeat(n, 1, 1)
    isotropic = draw.log_normal(0.2)
    matrix = _scaling(isotropic, isotropic) @ matrix
    matrix = _rotation(draw.uniform(-math.pi, math.pi, 0, both)) @ matrix
    squeeze = draw.log_normal(0.2)
    matrix = _scaling(squeeze, 1 / squeeze) @ matrix
    matrix = _rotation(draw.uniform(-math.pi, math.pi, 0, both)) @ matrix
    happens = draw.happens()
    shift = torch.randn(n, 2, generator=draw.rng) * 0.125 * 2  # the grid spans -1..1
    matrix[:, :2, 2] += torch.where(happens[:, None], shift, torch.zeros_like(shift))
    changed = (matrix - torch.eye(3)).abs().amax((1, 2)) > 0
    if not changed.any():
        return images
    index = changed.nonzero()[:, 0].to(images.device)
    warped = _warp(images[index], matrix[changed].to(images.device))
    return images.index_copy(0, index, warped)


def _warp(images: Tensor, matrix: Tensor) -> Tensor:
    h, w = images.shape[2:]
    theta = torch.linalg.inv(matrix)[:, :2]
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
    matrix = torch.eye(3).repeat(len(angle), 1, 1)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos()
    matrix[:, 1, 0] = angle.sin()
    matrix[:, 0, 1] = -angle.sin()
    return matrix


def _colour(images: Tensor, draw: _Draws) -> Tensor:
    """Brightness, contrast, luma flip, hue and saturation as one 3x4 matrix."""
    n = len(images)
    luma = torch.ones(3) / math.sqrt(3)
    onto = torch.outer(luma, luma)
    matrix = torch.eye(3).repeat(n, 1, 1) * draw.log_normal(0.5)[:, None, None]
    offset = draw.normal(0.2)[:, None].expand(n, 3)
    flip = draw.choice(2).float()[:, None, None]
    matrix = (torch.eye(3) - 2 * onto * flip) @ matrix
    turn = _about(luma, draw.uniform(-math.pi, math.pi, 0))
    matrix = turn @ matrix
    saturation = draw.log_normal(1.0)[:, None, None]
    matrix = (onto + (torch.eye(3) - onto) * saturation) @ matrix
    if images.shape[1] == 1:
        matrix = matrix.mean((1, 2), keepdim=True) * 3
        offset = offset[:, :1]
    matrix, offset = matrix.to(images), offset.to(images)
    return torch.einsum("nij,njhw->nihw", matrix, images) + offset[:, :, None, None]


def _about(axis: Tensor, angle: Tensor) -> Tensor:
    """Rotations about a unit axis (Rodrigues), (n, 3, 3)."""
    x, y, z = axis.tolist()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    onto = torch.outer(axis, axis)
    c, s = angle.cos()[:, None, None], angle.sin()[:, None, None]
    return c * torch.eye(3) + s * cross + (1 - c) * onto


def diff_augment(images: Tensor, rng: torch.Generator | None = None) -> Tensor:
    """Colour, translation and cutout on every image (Zhao et al. 2020, "DiffAugment")."""
    n, _, h, w = images.shape

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=rng).to(images.device)

    images = images + (rand(n, 1, 1, 1) - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (rand(n, 1, 1, 1) * 2)
    mean = images.mean((1, 2, 3), keepdim=True)
    images = mean + (images - mean) * (rand(n, 1, 1, 1) + 0.5)
    reach = round(h / 8)
    shifts = (rand(n, 2) * (2 * reach + 1)).long() - reach
    padded = F.pad(images, (reach, reach, reach, reach))
    images = torch.stack(
        [
            x[:, reach + dy : reach + dy + h, reach + dx : reach + dx + w]
            for x, (dy, dx) in zip(padded, shifts.tolist(), strict=True)
        ]
    )
    return images * _holes(rand(n, 2), h, w)


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
    """

    def __init__(self, p: float = 0.0, target: float = 0.6, kimg: float = 500) -> None:
        self.p, self.target, self.kimg = p, target, kimg

    def update(self, sign: float, images: int) -> float:
        """Adjust p after `images` reals whose mean sign was `sign`; returns the new p."""
        step = images / (self.kimg * 1000)
        self.p = min(max(self.p + math.copysign(step, sign - self.target), 0.0), 1.0)
        return self.p
