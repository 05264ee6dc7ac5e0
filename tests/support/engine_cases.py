"""Networks for the engines' tests, and the ways in which weights change."""

from __future__ import annotations

import copy
from typing import Any

import torch

from genart.kernels.inference import Inference
from genart_stylegan2.config import Config
from genart_stylegan2.network import Network
from genart_stylegan2.plan import KNOWN, make_plan
from support.stylegan2_cases import CASES, fill


def network(case: str = "32px", **changes: Any) -> Network:
    made = fill(Network(Config.from_dict(CASES[case] | changes))).eval()
    return made.to(memory_format=torch.channels_last)


def places(net: Network, n: int = 1) -> torch.Tensor:
    """Latents in w+ whose layers all differ, (n, num_ws, w_dim)."""
    draw = torch.Generator().manual_seed(5)
    return torch.randn(n, net.config.num_ws, net.config.w_dim, generator=draw)


def kernels(net: Network) -> Inference:
    return Inference(net.synthesis, make_plan, KNOWN)


@torch.no_grad()
def image(
    engine: Inference, ws: torch.Tensor, noise: Any = "const", start: tuple[int, int] = (4, 4),
    top: int = 32,
) -> torch.Tensor | None:  # fmt: skip
    noise = noise if isinstance(noise, str) else float(noise)
    return engine((start, top, frozenset()), ws, noise, {})


def both(
    net: Network, noise: Any = "const", start: tuple[int, int] = (4, 4), top: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The kernels' image and the network's, of the same chance."""
    ws, top = places(net), top or net.config.img_resolution
    torch.manual_seed(1)
    fast = image(kernels(net), ws, noise, start, top)
    assert fast is not None, "the kernels leave this one to the network"
    torch.manual_seed(1)
    with torch.no_grad():
        return fast, net.synthesis(ws, noise, start, top=top)


def in_place(net: Network) -> None:
    with torch.no_grad():
        net.synthesis.b32.conv1.weight.neg_()


def by_data(net: Network) -> None:
    net.synthesis.b32.conv1.weight.data.neg_()


def by_numpy(net: Network) -> None:
    array = net.synthesis.b32.conv1.weight.detach().numpy()
    array *= -1


def other(net: Network) -> dict[str, torch.Tensor]:
    state = net.state_dict()
    return {name: each + 0.05 * ("filter" not in name) for name, each in state.items()}


def by_loading(net: Network) -> None:
    net.load_state_dict(other(net))


def by_assigning(net: Network) -> None:
    net.load_state_dict(other(net), assign=True)


def by_step(net: Network) -> None:
    optimiser = torch.optim.Adam(net.parameters(), lr=0.1, betas=(0.0, 0.99), fused=True)
    net(torch.randn(1, net.config.z_dim)).square().mean().backward()
    optimiser.step()


def by_replacing(net: Network) -> None:
    net.synthesis.b16.conv0 = copy.deepcopy(net.synthesis.b16.conv0)
    in_place(net)


def noise_strength(net: Network) -> None:
    with torch.no_grad():
        net.synthesis.b8.conv1.noise_strength.fill_(2.0)


def noise_map(net: Network) -> None:
    net.synthesis.b8.conv1.noise_const.normal_()


def bias(net: Network) -> None:
    with torch.no_grad():
        net.synthesis.b16.torgb.bias.add_(0.5)


def affine(net: Network) -> None:
    with torch.no_grad():
        net.synthesis.b16.conv0.affine.weight.neg_()


def const(net: Network) -> None:
    with torch.no_grad():
        net.synthesis.b4.const.neg_()
