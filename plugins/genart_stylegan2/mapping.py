"""The mapping network: z and label to w."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import FullyConnected


def normalize_2nd_moment(x: Tensor, eps: float = 1e-8) -> Tensor:
    """Each row scaled to a mean square of 1."""
    return x * (x.square().mean(1, keepdim=True) + eps).rsqrt()


class Mapping(nn.Module):
    """z (n, z_dim) and label (n, c_dim) to w (n, w_dim) (Karras et al. 2019, section 2).

    Args:
        z_dim: size of z; 0 maps labels alone, as a conditional discriminator does.
        c_dim: number of classes.
        w_dim: size of w.
        layers: fully connected layers.
        lr_multiplier: their learning-rate multiplier.
        track_average: whether it keeps `w_avg`, the running mean of w.
    """

    w_avg: Tensor

    def __init__(
        self,
        z_dim: int,
        c_dim: int,
        w_dim: int,
        *,
        layers: int = 8,
        lr_multiplier: float = 0.01,
        track_average: bool = True,
    ) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.w_dim, self.num_layers = z_dim, c_dim, w_dim, layers
        if c_dim:
            self.embed = FullyConnected(c_dim, w_dim)
        sizes = [z_dim + (w_dim if c_dim else 0)] + [w_dim] * layers
        for i in range(layers):
            layer = FullyConnected(sizes[i], sizes[i + 1], leaky=True, lr_multiplier=lr_multiplier)
            setattr(self, f"fc{i}", layer)
        if track_average:
            self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(self, z: Tensor | None, label: Tensor | None = None) -> Tensor:
        """(n, w_dim)."""
        parts = []
        if self.z_dim and z is not None:
            parts.append(normalize_2nd_moment(z.float()))
        if self.c_dim and label is not None:
            parts.append(normalize_2nd_moment(self.embed(label.float())))
        x = torch.cat(parts, 1)
        for i in range(self.num_layers):
            x = getattr(self, f"fc{i}")(x)
        return x

    @torch.no_grad()
    def track(self, w: Tensor, beta: float = 0.995) -> None:
        """Move w_avg towards the mean of a batch of w."""
        self.w_avg.lerp_(w.detach().float().mean(0), 1 - beta)
