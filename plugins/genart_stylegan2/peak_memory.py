"""The memory that images need, measured in a separate process.

    python -m genart_stylegan2.peak_memory RESOLUTION CHANNEL_BASE BATCH [CHECKOUT]

Prints the growth of the process in MB while two batches are made, in addition to the network
itself;
with CHECKOUT the official code makes them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

import genart

from .config import Config
from .generator import StyleGAN2
from .network import Network


def main(resolution: str, base: str, batch: str = "1", checkout: str = "") -> float:
    """See the module."""
    config = Config(int(resolution), channel_base=int(base))
    net = Network(config).eval()
    ws = torch.randn(int(batch), config.num_ws, config.w_dim)
    make = _official(config, net, Path(checkout)) if checkout else _ours(net)
    with torch.no_grad():
        return genart.benchmarks.grown(lambda: (make(ws), make(ws)))


def _ours(net: Network) -> Callable[[Tensor], Tensor]:
    model = StyleGAN2.from_network(net)
    return lambda ws: model(genart.Latent("w+", ws))


def _official(config: Config, net: Network, checkout: Path) -> Callable[[Tensor], Tensor]:
    from .official import make_official

    return make_official(checkout, config, net.state_dict())


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
