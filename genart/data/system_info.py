"""Describe the computer and what genart uses of it, for `genart info --system`."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def system_info() -> dict[str, str | int]:
    """Describe the computer.

    Returns:
        "genart", "python", "torch": versions; "system"; "processor"; "cores"; "threads" of networks
        on the CPU; "devices", those that can be named; "kernels", the level of the compiled
        kernels, or why they are not used and how to get them.
    """
    import torch

    from genart.kernels.library import describe
    from genart.models.devices import present_devices

    return {
        "genart": version("genart"),
        "python": platform.python_version(),
        "torch": version("torch"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
        "devices": ", ".join(present_devices()),
        "kernels": describe(),
    }


def processor() -> str:
    """The processor's name, if the system reports it, and what torch uses of it."""
    import torch

    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"
