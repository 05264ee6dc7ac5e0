"""The largest tile of an image that fits into memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import torch

import genart

from .networks import features_of
from .tiles import GRID

_SHARE = 0.5  # of what is free may go into features
_PICTURE = 12  # bytes of a pixel in float32
_KEPT = 8  # images that every search keeps: the photo, the best so far, gradients
_PROBE, _WORK = 128, 1.5  # pixels a side of what is measured; beside what is kept
_PAIRS = (3, 20)  # pairs of images that L-BFGS remembers, at least and at most
_UNKNOWN = 2 << 30  # bytes, if the system does not report it
_PROCESS, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def tile_side(
    network: genart.perception.FeatureNetwork,
    layers: Iterable[str],
    size: tuple[int, int],
    device: torch.device,
) -> int:
    """The side of tiles in pixels whose features fit; 0 where the whole image's do.

    Args:
        network: whose features.
        layers: which.
        size: (h, w) of the image.
        device: where.

    Raises:
        UsageError: the image itself is too large to be searched for here.
    """
    names = tuple(layers)
    pixels, each = size[0] * size[1], bytes_per_pixel(network, names)
    room = free_bytes(device)  # without the weights, which the line before has prepared
    least = (_KEPT + 2 * _PAIRS[0]) * _PICTURE
    if pixels * least > room:
        fits = int((room / least) ** 0.5)
        raise genart.UsageError(
            f"An image of {size[1]}x{size[0]} needs {pixels * least >> 20} MB and "
            f"{room >> 20} MB are free. Use a smaller size, {fits} pixels or less."
        )
    if pixels * each <= room * _SHARE:
        return 0
    halo = max(network.step(name).reach for name in names)
    side = int((room * _SHARE / each) ** 0.5) - 2 * halo
    return max(side // GRID, 4) * GRID


def pairs(size: tuple[int, int], device: torch.device) -> int:
    """How many pairs of images of size (h, w) L-BFGS may remember, 3..20."""
    room = free_bytes(device) * (1 - _SHARE) / (size[0] * size[1] * _PICTURE)
    return int(min(max((room - _KEPT) / 2, _PAIRS[0]), _PAIRS[1]))


@lru_cache(maxsize=8)
def bytes_per_pixel(network: genart.perception.FeatureNetwork, layers: tuple[str, ...]) -> float:
    """What is kept for the gradient of every pixel of an image, and half as much to work in."""
    device = next(iter([*network.parameters(), *network.buffers()])).device
    kept: dict[int, int] = {}

    def count(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(count, lambda x: x):
        blank = torch.zeros(1, 3, _PROBE, _PROBE, device=device, requires_grad=True)
        found = features_of(network, blank, layers)
        torch.autograd.grad(torch.stack([each.sum() for each in found.values()]).sum(), blank)
    own = {each.data_ptr() for each in (*network.parameters(), *network.buffers())}
    total: int = sum(size for place, size in kept.items() if place not in own)
    total += sum(each.numel() * 4 for each in found.values()) + network.kernel_bytes
    return _WORK * total / _PROBE**2


def free_bytes(device: torch.device) -> int:
    """Free memory."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return min(_system_free(), _group_free())


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
    """What the control groups of this process leave, where they have limits."""
    return min((_left(*files) for files in _groups() if files[0].is_file()), default=1 << 62)


def _groups() -> Iterator[tuple[Path, Path]]:
    """Files with limit and usage of memory, from the control group of this process upwards."""
    for line in _read(_PROCESS).splitlines():
        _, kinds, place = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        root = _GROUPS / "memory" if kinds else _GROUPS  # the first generation, the second
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        names = names if kinds else ("memory.max", "memory.current")
        own = root / place.lstrip("/")
        for folder in (own, *own.parents):
            if folder == _GROUPS.parent:
                break
            yield folder / names[0], folder / names[1]


def _left(most: Path, used: Path) -> int:
    limit = _read(most).strip()
    if not limit.isdecimal():  # "max"
        return 1 << 62
    stat = dict(line.split() for line in _read(most.parent / "memory.stat").splitlines())
    cache = int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))  # given back at need
    return max(int(limit) - int(_read(used).strip() or 0) + cache, 0)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
