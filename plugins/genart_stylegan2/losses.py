"""Regularisers of StyleGAN2's training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def r1_penalty(
    judge: Callable[[list[Tensor]], list[Tensor]],
    seen: list[Tensor],
    weights: Sequence[float] | None = None,
) -> Tensor:
    """Half the mean squared gradient of the discriminator at real images (Mescheder et al. 2018).

    Args:
        judge: gives the discriminator's maps of logits.
        seen: its inputs, (n, ...) each: images after augmentation, or their features.
        weights: of the gradients at each input; all 1 by default.
    """
    seen = [x.detach().requires_grad_(True) for x in seen]
    total = torch.stack([x.flatten(1).mean(1).sum() for x in judge(seen)]).sum()
    gradients = torch.autograd.grad(total, seen, create_graph=True)
    weights = [1.0] * len(seen) if weights is None else weights
    squares = [x.square().flatten(1).sum(1).mean() for x in gradients]
    return torch.stack([w * x for w, x in zip(weights, squares, strict=True)]).sum() / 2


def path_lengths(images: Tensor, ws: Tensor) -> Tensor:
    """The change of images per step in w, (n,) (Karras et al. 2020a, section 3.2).

    Args:
        images: made from ws, (n, c, h, w), with a graph back to ws.
        ws: (n, num_ws, w_dim).
    """
    noise = torch.randn_like(images) / math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * noise).sum(), ws, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()


def out_of_range(images: Tensor) -> Tensor:
    """Mean squared excess of images over -1..1.

    Frozen features saturate outside the range of images and give no gradient back.
    """
    return (images.abs() - 1).relu().square().mean()
