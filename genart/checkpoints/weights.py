"""Weights by name, from any kind of file."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from genart.checkpoints.read import read_checkpoint
from genart.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

_TROUBLE = (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile, zlib.error)


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file by name, on the CPU; nothing in the file is executed.

    Args:
        path: .npz, or what `read_checkpoint` takes: .pth, .pt, .pkl, .safetensors.

    Raises:
        CheckpointError: no such file, one that is damaged or cut short, or without named tensors.
    """
    from torch import Tensor

    path = Path(path)
    tree = _arrays(path) if path.suffix.lower() == ".npz" else read_checkpoint(path).tree
    named = tree.items() if isinstance(tree, dict) else ()
    weights = {str(name): value for name, value in named if isinstance(value, Tensor)}
    if not weights:
        raise CheckpointError(f'"{path}" contains no named weights.')
    return weights


def _arrays(path: Path) -> dict[str, Tensor]:
    import numpy as np
    import torch

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(np.array(arrays[name])) for name in arrays.files}
    except FileNotFoundError:
        raise CheckpointError(f'There is no file "{path}".') from None
    except _TROUBLE as error:
        raise CheckpointError(
            f'"{path}" cannot be read as weights: {error or "it is empty"}. It may be incomplete.'
        ) from error
