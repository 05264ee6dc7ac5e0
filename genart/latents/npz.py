"""Latents in .npz files: `space`, `values`, `label`, `truncation`, `model`, `recipe`.

`projected_w.npz` of the official projector is read too: `w`, (1, num_ws, w_dim); and, by
`genart.latents.other_files`, arrays and tensors of other programs.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
import torch

from genart.errors import DataError, UsageError
from genart.files import atomic
from genart.latent import Latent, Space, check_latent
from genart.latents.other_files import array_of_other_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LIMIT = 1 << 30  # bytes of all arrays together
_HEADER = 10_000  # bytes of one array's header
_MEMBERS = 64
_READ = ("space", "values", "label", "truncation", "model", "recipe", "w")


def save_latent(path: str | Path, latent: Latent, *, model: str = "", recipe: str = "") -> Path:
    """Save a latent in an .npz file, complete or not at all.

    Args:
        path: the file; ".npz" is added if it has another suffix.
        latent: n latents.
        model: the name of their generator, "" if any generator of the same sizes may use them.
        recipe: how to make them again, usually JSON.

    Returns:
        The path of the file.

    Raises:
        UsageError: the folder does not exist.
        DataError: values that are not finite.
    """
    check_latent(latent)
    if not latent.values.isfinite().all():
        raise DataError(f"{path} was not written: the latent holds values that are not finite.")
    path = Path(path)
    path = path if path.suffix.lower() == ".npz" else path.with_name(path.name + ".npz")
    arrays: dict[str, Any] = {
        "space": np.array(latent.space),
        "values": latent.values.detach().float().cpu().numpy(),
        "model": np.array(model),
        "recipe": np.array(recipe),
    }
    for name in ("label", "truncation"):
        if (rows := getattr(latent, name)) is not None:
            arrays[name] = rows.detach().float().cpu().numpy()
    with atomic(path) as partial:
        np.savez(partial, **arrays)
    return path


def load_latent(path: str | Path, device: str | torch.device = "cpu") -> Latent:
    """Read the latent in an .npz file of genart or of the official projector, a .npy or a .pt.

    Nothing is unpickled.

    Args:
        path: the file.
        device: where the latent is to be, such as "cpu" or "cuda".

    Returns:
        A Latent, n = 1 or more.

    Raises:
        UsageError: no such file.
        DataError: damaged, too large, not a latent, or values that are no finite numbers.
    """
    if not Path(path).is_file():
        raise UsageError(f'There is no latent file "{path}".')
    other = array_of_other_file(path)
    arrays = read_arrays(path) if other is None else {"w": other}
    space, values = _values(path, arrays)
    tensors = {"values": values, "label": None, "truncation": None}
    tensors |= {name: arrays[name] for name in ("label", "truncation") if name in arrays}
    try:
        return Latent(
            cast(Space, space),
            **{name: _tensor(path, name, array, device) for name, array in tensors.items()},
        )
    except UsageError as error:
        raise DataError(f"{path}: {error}") from None


def read_arrays(path: str | Path, wanted: Iterable[str] = _READ) -> dict[str, NDArray[Any]]:
    """The wanted arrays that an .npz file has; sizes are checked before reading.

    Raises:
        UsageError: no such file.
        DataError: not an .npz file, damaged, too large, or holding Python objects.
    """
    with _archive(path) as archive:
        members = archive.infolist()
        if len(members) > _MEMBERS or sum(member.file_size for member in members) > _LIMIT:
            raise DataError(f"{path} is larger than any latent; {_LIMIT >> 20} MiB at most.")
        names = {member.filename: member for member in members}
        return {
            name: _array(path, archive, names[f"{name}.npy"])
            for name in wanted
            if f"{name}.npy" in names
        }


@contextmanager
def _archive(path: str | Path) -> Iterator[zipfile.ZipFile]:
    if not Path(path).is_file():
        raise UsageError(f'There is no latent file "{path}".')
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, NotImplementedError) as error:
        if isinstance(error, UsageError):
            raise
        raise DataError(f"{path} is not a readable .npz file: {error}.") from error


def _array(path: str | Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(member) as file:
        shape, dtype = _header(file)
        if dtype.kind not in "fiuU":
            raise DataError(f"{path}: {member.filename} holds {dtype}, not numbers or text.")
        if len(shape) > 3:
            raise DataError(
                f"{path}: {member.filename} has shape {shape}; a latent has 2 or 3 axes."
            )
        claimed = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if file.tell() + claimed != member.file_size:
            raise DataError(f"{path}: {member.filename} claims {claimed} bytes that it lacks.")
    with archive.open(member) as file:
        array: NDArray[Any] = np.lib.format.read_array(
            file, allow_pickle=False, max_header_size=_HEADER
        )
        return array


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"array format {version}")
    shape, _, dtype = readers[version](file, max_header_size=_HEADER)
    return shape, dtype


def _values(path: str | Path, arrays: dict[str, NDArray[Any]]) -> tuple[str, NDArray[Any]]:
    if "values" in arrays and "space" in arrays:
        return str(arrays["space"]), arrays["values"]
    if "w" not in arrays:
        raise DataError(f'{path} contains no latent: neither "space" and "values" nor "w".')
    w = arrays["w"]
    if w.ndim == 3 and w.shape[1] == 1:  # (n, 1, w_dim): one w for every layer
        w = w[:, 0]
    return ("w+" if w.ndim == 3 else "w"), w


def _tensor(path: str | Path, name: str, array: Any, device: str | torch.device) -> Any:
    if array is None:
        return None
    if array.dtype.kind == "U":
        raise DataError(f"{path}: {name} is text, not numbers.")
    tensor = torch.from_numpy(np.array(array, dtype=np.float32)).to(device)
    if not tensor.isfinite().all():
        raise DataError(f"{path}: {name} contains values that are not finite numbers.")
    return tensor


def shapes(path: str | Path) -> dict[str, list[int]]:
    """The name and shape of every array in an .npz file, from their headers alone.

    Raises:
        DataError: not an .npz file, or damaged.
    """
    found = {}
    with _archive(path) as archive:
        for member in archive.infolist()[:_MEMBERS]:
            with archive.open(member) as file:
                found[member.filename.removesuffix(".npy")] = list(_header(file)[0])
    return found


def texts(arrays: dict[str, NDArray[Any]], names: Iterable[str]) -> dict[str, str]:
    """The texts kept beside a latent."""
    return {name: str(arrays[name]) for name in names if name in arrays and str(arrays[name])}
