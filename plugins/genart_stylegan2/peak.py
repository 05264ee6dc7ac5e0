"""How much memory pictures take: a program of its own, so that nothing else counts.

    python -m genart_stylegan2.peak RESOLUTION CHANNEL_BASE [CHECKOUT]

Prints in MB how far the process grows while two pictures are made, beside the network itself;
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


def main(resolution: str, base: str, checkout: str = "") -> float:
    """See the module."""
    config = Config(int(resolution), channel_base=int(base))
    net = Network(config).eval()
    ws = torch.randn(1, config.num_ws, config.w_dim)
    make = _official(config, net, Path(checkout)) if checkout else _ours(net)
    _forget_peak()
    before = _memory("VmRSS")
    with torch.no_grad():
        make(ws)
        make(ws)
    return _memory("VmHWM") - before


def _ours(net: Network) -> Callable[[Tensor], Tensor]:
    model = StyleGAN2.from_network(net)
    return lambda ws: model(genart.Latent("w+", ws))


def _official(config: Config, net: Network, checkout: Path) -> Callable[[Tensor], Tensor]:
    from .official import make_official

    return make_official(checkout, config, net.state_dict())


def _forget_peak() -> None:
    """Let the most that this process has had be what it has now (proc(5), clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        raise genart.GenartError("Memory is measured on Linux, where the kernel tells.") from None


def _memory(field: str) -> float:
    """A field of /proc/self/status in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith(field + ":"))
    return int(found) * 1024 / 1e6


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
