"""The whole generator network: mapping and synthesis under the names checkpoints use."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from .config import Config
from .mapping import Mapping
from .synthesis import Synthesis


class Network(nn.Module):
    """StyleGAN2's generator (Karras et al. 2020a) with state names as its checkpoints have them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.mapping = Mapping(
            config.z_dim,
            config.c_dim,
            config.w_dim,
            layers=config.mapping_layers,
            lr_multiplier=config.mapping_lr_multiplier,
        )
        self.synthesis = Synthesis(config)

    def forward(self, z: Tensor, label: Tensor | None = None, noise: str = "const") -> Tensor:
        """From z (n, z_dim) to images (n, img_channels, h, w), untruncated."""
        w = self.mapping(z, label)
        ws = w[:, None].expand(-1, self.config.num_ws, -1)
        return cast(Tensor, self.synthesis(ws, noise))


def truncate(w: Tensor, average: Tensor, psi: Tensor, cutoff: int | None) -> Tensor:
    """w+ (n, num_ws, w_dim) drawn towards the average by psi (n,) in its first `cutoff` layers."""
    drawn = average.lerp(w, psi.to(w)[:, None, None])
    if cutoff is None:
        return drawn
    return torch.cat([drawn[:, :cutoff], w[:, cutoff:]], 1)
