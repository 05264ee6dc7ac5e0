"""Devices: the available ones, and the choice of `auto`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.errors import UsageError

if TYPE_CHECKING:
    import torch


DEVICES = ("auto", "cpu", "cuda", "mps")


def present_devices() -> list[str]:
    """The kinds of devices that this computer has."""
    return [kind for kind in DEVICES[1:] if _present(kind)]


def pick_device(device: str | torch.device = "auto") -> torch.device:
    """Return the torch device of a name.

    Args:
        device: "auto" for the fastest present: CUDA, then MPS, then the CPU; or "cpu", "cuda",
            "cuda:1", "mps", or a torch device.

    Raises:
        UsageError: a device that is not present, or another name.
    """
    import torch

    if isinstance(device, str) and device == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if _present(kind)))
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError):
        raise UsageError(f'Device "{device}" is not one of {", ".join(DEVICES)}.') from None
    if found.type not in DEVICES:
        raise UsageError(f'Device "{device}" is not one of {", ".join(DEVICES)}.')
    if not _present(found.type, found.index):
        here = ", ".join(present_devices())
        raise UsageError(f'There is no device "{device}" here; present: {here}. Or use "auto".')
    return found


def _present(kind: str, index: int | None = None) -> bool:
    import torch

    if kind == "cuda":
        return torch.cuda.is_available() and (index or 0) < torch.cuda.device_count()
    return kind == "cpu" or torch.backends.mps.is_available()
