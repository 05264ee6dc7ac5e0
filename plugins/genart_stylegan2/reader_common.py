"""Shared code of the readers: from names and shapes to a network, first on the meta device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

import genart

from .config import Config
from .layers import DEFAULT_TAPS, low_pass
from .network import Network


def make_config(checkpoint: genart.checkpoints.Checkpoint, values: Mapping[str, Any]) -> Config:
    """A Config of values that a file claims.

    Raises:
        CheckpointError: a value out of range, of another type, or unknown.
    """
    try:
        return Config.from_dict(dict(values))
    except genart.UsageError as error:
        genart.checkpoints.fail(checkpoint, str(error))


def build(
    checkpoint: genart.checkpoints.Checkpoint, config: Config, state: Mapping[str, Tensor]
) -> Network:
    """A frozen network of this shape with these weights; memory is taken for weights alone.

    Raises:
        CheckpointError: names that are missing or unexpected, or shapes that differ.
    """
    with torch.device("meta"):
        network = Network(config)
    return genart.checkpoints.fill_module(checkpoint, network, state)


def infer_channels(widths: Mapping[int, int]) -> dict[str, int] | None:
    """`channel_base` and `channel_max` that give every resolution its width, or None.

    Args:
        widths: resolution to channels.
    """
    most = max(widths.values())
    base = max(resolution * width for resolution, width in widths.items())
    fits = all(min(base // resolution, most) == width for resolution, width in widths.items())
    return {"channel_base": base, "channel_max": most} if fits else None


def infer_taps(kernel: Tensor | None) -> tuple[float, ...] | None:
    """Whole-numbered taps of a 2-D filter, such as (1, 3, 3, 1); None where there are none such."""
    if kernel is None:
        return DEFAULT_TAPS
    if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or not 1 <= len(kernel) <= 16:
        return None
    kernel = kernel.double()
    row = kernel.sum(0)
    least = row.abs()[row.abs() > 1e-6 * row.abs().max()]
    if not len(least):
        return None
    for scale in range(1, 17):  # 2 and 3 have no common smaller tap of 1
        taps = tuple(round(tap) for tap in (row / least.min() * scale).tolist())
        made = low_pass(taps).double() if sum(taps) else kernel
        if sum(taps) and torch.allclose(made, kernel / kernel.sum(), rtol=1e-5, atol=1e-6):
            return taps
    return None


def summarise(config: Config, **more: Any) -> dict[str, Any]:
    """The facts that `genart info` shows for a model of this architecture."""
    return {
        "kind": "generator",
        "architecture": "stylegan2",
        **more,
        "resolution": [config.img_resolution, config.img_resolution],
        "classes": config.c_dim,
        "num_ws": config.num_ws,
        "layers": config.layer_names,
        "config": config.to_dict(),
    }
