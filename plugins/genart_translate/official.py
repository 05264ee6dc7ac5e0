"""Runs the public CycleGAN and pix2pix code, for comparison.

Nothing of it is copied here: a checkout of pytorch-CycleGAN-and-pix2pix is imported from where the
user has it. Its licence is BSD; see there.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import torch

import genart


def official(checkout: Path, kind: str, filters: int, norm: str) -> Any:
    """A public generator with random weights, as `define_G` makes it.

    Args:
        checkout: a clone of pytorch-CycleGAN-and-pix2pix.
        kind: "resnet_9blocks", "unet_256" ...
        filters: of the first layer.
        norm: "instance", "batch" or "none".

    Raises:
        UsageError: a folder without the public networks.
    """
    if not (checkout / "models" / "networks.py").is_file():
        raise genart.UsageError(
            f"{checkout} is not a checkout of pytorch-CycleGAN-and-pix2pix: it has no "
            f"models/networks.py."
        )
    sys.path.insert(0, str(checkout))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from models import networks  # type: ignore[import-not-found, unused-ignore]

            torch.manual_seed(0)
            return networks.define_G(3, 3, filters, kind, norm, False)
    finally:
        sys.path.remove(str(checkout))
