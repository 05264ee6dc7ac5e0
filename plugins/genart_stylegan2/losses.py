"""Regularisers of StyleGAN2's training."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def r1_penalty(critic: Callable[[Tensor], list[Tensor]], reals: Tensor) -> Tensor:
    """Half the mean squared gradient of the critic at real images (Mescheder et al. 2018).

    The gradient is taken at the images the critic sees, after augmentation.
    """
    reals = reals.detach().requires_grad_(True)
    logits = sum(map(torch.sum, critic(reals)))
    (gradient,) = torch.autograd.grad(logits, reals, create_graph=True)  # type: ignore[arg-type]
    return gradient.square().sum((1, 2, 3)).mean() / 2


def path_lengths(images: Tensor, ws: Tensor) -> Tensor:
    """How far images move per step in w, (n,) (Karras et al. 2020a, section 3.2).

    Args:
        images: made from ws, (n, c, h, w), with a graph back to ws.
        ws: (n, num_ws, w_dim).
    """
    noise = torch.randn_like(images) / math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * noise).sum(), ws, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()
