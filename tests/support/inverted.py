"""What the tests of inversion share: a tiny model in a file, and images that it made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

import genart


def tiny(path: Path, *, classes: int = 0, seed: int = 3) -> Any:
    """A StyleGAN2 of 16 px with random weights, kept in a file."""
    from genart_stylegan2.config import Config
    from genart_stylegan2.generator import StyleGAN2
    from genart_stylegan2.network import Network

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = Config(
            img_resolution=16, z_dim=24, w_dim=20, c_dim=classes, mapping_layers=2,
            channel_base=256, channel_max=24,
        )  # fmt: skip
        StyleGAN2.from_network(Network(config), name=path.stem).save(path)
    return genart.load(path, "cpu")


def pictures(folder: Path, model: Any, seeds: list[int]) -> list[Path]:
    """A PNG a seed."""
    genart.generate(folder, model=model, seeds=seeds, truncation=0.8)
    return sorted(folder.glob("*.png"))


def stranger() -> torch.Tensor:
    """An image that no tiny model makes: a bright disc, (1, 3, 16, 16)."""
    y, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    disc = ((x - 7).square() + (y - 8).square() < 25).float()
    return torch.stack([disc, 0.5 * disc, 1 - disc])[None] * 2 - 1
