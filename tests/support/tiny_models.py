"""A small StyleGAN2 and a sketch that shows one latent of it."""

from __future__ import annotations

from typing import Any

import torch

import genart


def tiny(seed: int = 3, **options: Any) -> Any:
    from genart_stylegan2.config import Config
    from genart_stylegan2.generator import StyleGAN2
    from genart_stylegan2.network import Network

    torch.manual_seed(seed)
    shape = {"img_resolution": 16, "channel_base": 256, "channel_max": 24, **options}
    config = Config(z_dim=24, w_dim=20, mapping_layers=2, **shape)
    return StyleGAN2.from_network(Network(config), name="tiny")


class Still(genart.Sketch):
    """One latent, through the model."""

    def draw(self, t: float, dt: float) -> genart.Image:
        return self.paint(self.walk(0.0))
