"""Checks whether a library gives the results of torch."""

from __future__ import annotations

from typing import Any

import torch

from genart_stylegan2.config import Config
from genart_stylegan2.synthesis import Synthesis

from .plan import Kernels, NativePlan

_CLOSE = 1e-4
#: Small, but with every form of a layer, channels that fill no block, and a clamp that bites.
_CONFIG = Config(
    64, z_dim=8, w_dim=20, channel_base=1280, channel_max=40, mapping_layers=1, conv_clamp=4.0
)
_START = (4, 5)


def is_right(library: Any) -> bool:
    """Compare an image of a small network, on one thread and on three."""
    draw = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.no_grad():
        net = Synthesis(_CONFIG)
        for name, tensor in net.state_dict().items():
            if not name.endswith("resample_filter"):
                tensor.copy_(torch.randn(tensor.shape, generator=draw))
        ws = torch.randn(1, _CONFIG.num_ws, _CONFIG.w_dim, generator=draw)
        wanted = net(ws, "const", _START)
        plan = NativePlan(net, Kernels(library), _START, _CONFIG.img_resolution)
        made = [plan(ws, "const", threads) for threads in (1, 3)]
    size = wanted.abs().max()
    close = torch.allclose(made[0], wanted, rtol=0, atol=_CLOSE * float(size))
    return close and torch.equal(made[0], made[1])
