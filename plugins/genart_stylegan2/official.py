"""Runs NVIDIA's StyleGAN2 code through its public API, for comparison.

Nothing of it is copied or read here: a checkout is imported from where the user has it. Its
licence is non-commercial; see there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import genart

from .config import Config


def official(checkout: Path, config: Config) -> Any:
    """The official generator of a config, with random weights, in evaluation mode.

    Args:
        checkout: a clone of stylegan2-ada-pytorch or stylegan3.
        config: its shape.

    Raises:
        UsageError: a folder without the official networks.
    """
    networks, flat = _networks(checkout)
    synthesis = {
        name: getattr(config, name)
        for name in ("channel_base", "channel_max", "num_fp16_res", "conv_clamp", "architecture")
    }
    shape: dict[str, Any] = {
        "z_dim": config.z_dim, "c_dim": config.c_dim, "w_dim": config.w_dim,
        "img_resolution": config.img_resolution, "img_channels": config.img_channels,
        "mapping_kwargs": {"num_layers": config.mapping_layers},
    }  # fmt: skip
    shape |= synthesis if flat else {"synthesis_kwargs": synthesis}
    return networks.Generator(**shape).eval().requires_grad_(False)


def make_official(
    checkout: Path, config: Config, state: Mapping[str, torch.Tensor]
) -> Callable[[torch.Tensor], torch.Tensor]:
    """What makes the official images (n, c, h, w) of ws in float32, with these weights."""
    net = official(checkout, config)
    net.load_state_dict(dict(state))
    return lambda ws: net.synthesis(ws, noise_mode="const", force_fp32=True)


def _networks(checkout: Path) -> tuple[Any, bool]:
    """The networks module, and whether settings are flat as in StyleGAN3's release."""
    flat = (checkout / "training" / "networks_stylegan2.py").is_file()
    if not flat and not (checkout / "training" / "networks.py").is_file():
        raise genart.UsageError(
            f"{checkout} is not a checkout of stylegan2-ada-pytorch or stylegan3: it has no "
            "training/networks.py."
        )
    if str(checkout) not in sys.path:
        sys.path.insert(0, str(checkout))
    sys.modules.setdefault("requests", ModuleType("requests"))  # for downloads alone
    sys.modules.setdefault("pkg_resources", _versions())
    if flat:
        from training import networks_stylegan2 as networks  # type: ignore[import-not-found]
    else:
        from training import networks
    return networks, flat


def _versions() -> ModuleType:
    """What old code asks of pkg_resources, which setuptools has dropped."""
    module: Any = ModuleType("pkg_resources")
    module.parse_version = lambda text: tuple(
        int(part) for part in text.split("+")[0].split(".")[:2]
    )
    return module  # type: ignore[no-any-return]
