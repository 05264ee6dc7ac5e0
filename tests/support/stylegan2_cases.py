"""StyleGAN2 networks that tests compare with the official code: shapes, weights, latents.

Weights come from a formula, so that both sides have the same without a file between them.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import torch

SEEDS = (1, 2)
#: Every image is made with each of these: noise, truncation, cutoff.
WAYS = [
    (noise, psi, cutoff)
    for noise in ("const", "none")
    for psi, cutoff in ((1.0, None), (0.6, None), (0.5, 4))
]
_SMALL: dict[str, Any] = {
    "img_resolution": 16,
    "z_dim": 32,
    "w_dim": 32,
    "mapping_layers": 2,
    "channel_base": 256,
    "channel_max": 24,
}


def _cases() -> dict[str, dict[str, Any]]:
    """Config settings by name."""
    changes: dict[str, dict[str, Any]] = {
        f"{res}px": {"img_resolution": res} for res in (4, 8, 16, 32, 64, 128)
    }
    for architecture in ("skip", "orig", "resnet"):
        changes[architecture] = {"architecture": architecture, "img_resolution": 32}
    changes |= {
        "mapping of 8": {"mapping_layers": 8},
        "mapping of 1": {"mapping_layers": 1},
        "conditional": {"c_dim": 5},
        "conditional, other w": {"c_dim": 3, "w_dim": 20},
        "grey": {"img_channels": 1},
        "alpha": {"img_channels": 4},
        "clamp": {"conv_clamp": 256, "num_fp16_res": 4, "img_resolution": 64},
        "tight clamp": {"conv_clamp": 1, "num_fp16_res": 2},
        "tight clamp, resnet": {"conv_clamp": 1, "architecture": "resnet"},
        "channels": {"channel_base": 500, "channel_max": 40},
        "w wider than z": {"w_dim": 48},
        "no noise": {"use_noise": False},
        "filter of 3": {"resample_filter": [1, 2, 1]},
        "filter of 6, resnet": {
            "resample_filter": [1, 5, 10, 10, 5, 1],
            "architecture": "resnet",
        },
    }
    return {name: _SMALL | change for name, change in changes.items()}


CASES = _cases()
#: Beside the above where an official checkout is at hand; too slow or too large otherwise.
LARGE: dict[str, dict[str, Any]] = {
    "256px": _SMALL | {"img_resolution": 256, "channel_base": 1024},
    "512px": _SMALL | {"img_resolution": 512, "channel_base": 2048},
    "1024px": _SMALL | {"img_resolution": 1024, "channel_base": 4096},
    "2048px": _SMALL | {"img_resolution": 2048, "channel_base": 4096, "channel_max": 12},
}


def fill(module: torch.nn.Module) -> torch.nn.Module:
    """Give every parameter and buffer but the filters its value by formula; all of them count."""
    state = module.state_dict()
    for name, tensor in state.items():
        if not name.endswith("resample_filter"):
            draw = np.random.RandomState(zlib.crc32(name.encode())).randn(tensor.numel())
            values = torch.from_numpy(draw).float().reshape(tensor.shape)
            state[name] = _scaled(name, values)
    module.load_state_dict(state)
    return module


def _scaled(name: str, values: torch.Tensor) -> torch.Tensor:
    if name.endswith("affine.bias"):
        return 1 + 0.3 * values
    if name.endswith("noise_strength"):
        return 0.3 + 0.1 * values.abs()
    if "mapping.fc" in name:
        return (100 if name.endswith("weight") else 30) * values
    if "torgb.weight" in name:
        return 0.2 * values
    return 0.3 * values if name.endswith(("bias", "w_avg")) else values


def places(settings: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The z (n, z_dim) and labels of the seeds."""
    z = np.concatenate([np.random.RandomState(n).randn(1, settings["z_dim"]) for n in SEEDS])
    classes = settings.get("c_dim", 0)
    label = torch.eye(classes)[[n % classes for n in SEEDS]] if classes else None
    return torch.from_numpy(z).float(), label


def pictures(settings: dict[str, Any]) -> torch.Tensor:
    """What the discriminator is shown, (4, c, res, res)."""
    res = settings["img_resolution"]
    shape = (4, settings.get("img_channels", 3), res, res)
    return 0.5 * torch.from_numpy(np.random.RandomState(3).randn(*shape)).float()


def picked(images: np.ndarray) -> np.ndarray:
    """A few pixels (ways, 40) of images (ways, n, c, h, w), the same ones every time."""
    flat = images.reshape(len(images), -1)
    return flat[:, np.random.RandomState(0).randint(0, flat.shape[1], 40)]
