"""Runs a checkout of pytorch-CycleGAN-and-pix2pix; a script of its own process.

    python translate_official.py CHECKOUT FOLDER [CASE ...]

For every case FOLDER receives `CASE_net_G.pth`, written as the public training writes it, and an
.npz with the image it is asked for and the public network's answers: with norms by their own
statistics ("own"), as its test.py has it without dropout, and with `--eval` ("trained").
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

NETS = ("resnet_6blocks", "resnet_9blocks", "unet_128", "unet_256")
NORMS = ("instance", "batch", "none")
#: Case to what the public `define_G` takes: filters, network, norm, dropout.
CASES = {
    f"{net}-{norm}{'-dropout' * dropout}": (8, net, norm, dropout)
    for net in NETS
    for norm in NORMS
    for dropout in (False, True)
} | {
    "resnet_9blocks-full": (64, "resnet_9blocks", "instance", False),
    "unet_256-full": (64, "unet_256", "batch", True),
}


def main(checkout: str, folder: Path, cases: list[str]) -> None:
    """Write every case."""
    sys.path.insert(0, checkout)
    from models import networks

    for number, case in enumerate(cases or CASES):
        filters, net, norm, dropout = CASES[case]
        torch.manual_seed(number)
        spread = 0.06 if filters < 64 else 0.02  # so that numbers neither vanish nor saturate
        made = networks.define_G(3, 3, filters, net, norm, dropout, "normal", spread)
        _age(made)
        torch.save(made.state_dict(), folder / f"{case}_net_G.pth")
        side = 256 if net.endswith("256") else 128
        x = torch.rand(1, 3, side, side) * 2 - 1
        np.savez(folder / f"{case}.npz", x=x.numpy(), **_answers(made, x))


def _age(net: Any) -> None:
    """Statistics and biases as a training leaves them."""
    for name, value in [*net.named_buffers(), *net.named_parameters()]:
        if name.endswith("running_mean") or name.endswith("bias"):
            value.data.normal_(0, 0.1)
        elif name.endswith("running_var"):
            value.data.uniform_(0.5, 1.5)


@torch.no_grad()
def _answers(net: Any, x: torch.Tensor) -> dict[str, np.ndarray]:
    trained = net.eval()(x).numpy()
    net.train()
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()  # its draws are no part of the image
    return {"own": net(x).numpy(), "trained": trained}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
