"""How large a part of a picture fits into memory at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import torch

import genart

from .networks import Network
from .tiles import GRID

_SHARE = 0.5  # of what is free may go into features
_PICTURES = 48  # pictures of float32 that the search keeps: L-BFGS's pairs, gradients
_UNKNOWN = 2 << 30  # bytes, where a system does not tell


def tile_side(
    network: Network, layers: Iterable[str], size: tuple[int, int], device: torch.device
) -> int:
    """The side of tiles in pixels whose features fit; 0 where the whole picture's do.

    Args:
        network: whose features.
        layers: which.
        size: (h, w) of the picture.
        device: where.

    Raises:
        UsageError: the picture itself is too large to be searched for here.
    """
    names, room = tuple(layers), free_bytes(device)
    pixels, each = size[0] * size[1], bytes_per_pixel(network, names)
    if pixels * 12 * _PICTURES > room:
        fits = int((room / 12 / _PICTURES) ** 0.5)
        raise genart.UsageError(
            f"A picture of {size[1]}x{size[0]} needs {pixels * 12 * _PICTURES >> 20} MB to be "
            f"painted and {room >> 20} MB are free; name a smaller size, {fits} pixels or less."
        )
    if pixels * each <= room * _SHARE:
        return 0
    halo = max(network.step(name).reach for name in names)
    side = int((room * _SHARE / each) ** 0.5) - 2 * halo
    return max(side // GRID, 4) * GRID


@lru_cache(maxsize=8)
def bytes_per_pixel(network: Network, layers: tuple[str, ...]) -> float:
    """What features and their gradients take for every pixel of a picture."""
    device = next(iter([*network.parameters(), *network.buffers()])).device
    side, total = 64, 0
    with torch.no_grad():
        for features in network(
            torch.zeros(1, 3, side, side, device=device), _upto(network, layers)
        ).values():
            total += features.numel() * 4
    return 2.0 * total / side**2


def free_bytes(device: torch.device) -> int:
    """Memory that nobody uses now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return min(_system_free(), _group_free())


def _upto(network: Network, layers: tuple[str, ...]) -> tuple[str, ...]:
    """Every layer down to the deepest of some."""
    last = max(network.names.index(name) for name in layers)
    return network.names[: last + 1]


def _system_free() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(each.split()[1]) << 10 for each in lines if each.startswith("MemAvail"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return _UNKNOWN


def _group_free() -> int:
    """What a container leaves, where there is one."""
    folder = Path("/sys/fs/cgroup")
    try:
        most = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return 1 << 62
    return max(most - used, 0)
