"""Regularisers of StyleGAN2's training."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def r1_penalty(judge: Callable[[list[Tensor]], list[Tensor]], seen: list[Tensor]) -> Tensor:
    """Half the mean squared gradient of the discriminator at real images (Mescheder et al. 2018).

    Args:
        judge: gives the discriminator's maps of logits.
        seen: its inputs, (n, ...) each: images after augmentation, or their features.
    """
    seen = [x.detach().requires_grad_(True) for x in seen]
    total = torch.stack([x.flatten(1).mean(1).sum() for x in judge(seen)]).sum()
    gradients = torch.autograd.grad(total, seen, create_graph=True)
    return torch.stack([x.square().flatten(1).sum(1).mean() for x in gradients]).sum() / 2


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
