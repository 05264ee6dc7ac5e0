"""Latents in files of other programs: a NumPy array (.npy), or tensors that torch saved (.pt).

| file                                    | shape                                | is      |
|-----------------------------------------|--------------------------------------|---------|
| .npy, .pt of PTI, e4e, pSp, ...         | (num_ws, w_dim), (n, num_ws, w_dim)  | w+      |
| the same with one w for every layer     | (w_dim,), (1, w_dim), (n, 1, w_dim)  | w       |

The content decides which it is, not the suffix. Nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genart.checkpoints.read import read_checkpoint
from genart.errors import CheckpointError, DataError

_NUMPY = b"\x93NUMPY"
_LIMIT = 1 << 30  # bytes of a file
_NAMES = ("w", "ws", "w_plus", "latent", "latents", "latent_code", "wp")


def array_of_other_file(path: str | Path) -> NDArray[Any] | None:
    """Return the latents in a .npy or torch file, float (n, w_dim) or (n, num_ws, w_dim).

    Returns:
        None for a file of another kind.

    Raises:
        DataError: damaged, too large, or not a latent.
    """
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(8)
    if path.stat().st_size > _LIMIT:
        raise DataError(f"{path} is larger than any latent; {_LIMIT >> 20} MiB at most.")
    if head.startswith(_NUMPY):
        return _checked(path, _numpy(path))
    if path.suffix.lower() in (".pt", ".pth", ".pkl"):
        return _checked(path, _torch(path))
    return None


def _numpy(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False, max_header_size=10_000)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} is not a readable .npy file: {error}.") from error
    return array


def _torch(path: Path) -> NDArray[Any]:
    try:
        tree = read_checkpoint(path).tree
    except CheckpointError as error:
        raise DataError(f"{path} contains no latent: {error}") from error
    if isinstance(tree, Mapping):
        found = [tree[name] for name in _NAMES if isinstance(tree.get(name), torch.Tensor)]
        tree = found[0] if found else None
    if isinstance(tree, (list, tuple)) and len(tree) == 1:
        tree = tree[0]
    if not isinstance(tree, torch.Tensor):
        raise DataError(
            f"{path} contains no latent: it is not a tensor, and has none named "
            f"{', '.join(_NAMES)}."
        )
    return tree.detach().float().cpu().numpy()


def _checked(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "fiu" or array.ndim not in (1, 2, 3) or not array.size:
        raise DataError(
            f"{path} has {array.dtype} of shape {array.shape}; a latent has numbers of shape "
            "(num_ws, w_dim) or (n, num_ws, w_dim)."
        )
    if array.ndim == 1:
        return array[None]
    return array[None] if array.ndim == 2 and len(array) > 1 else array
