"""Safetensors: a JSON header, then numbers. The format of genart's models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from genart.checkpoints.limits import HEADER, TENSOR_BYTES, TENSORS, damaged, refuse
from genart.errors import CheckpointError, UsageError
from genart.files import atomic

if TYPE_CHECKING:
    import torch


def is_safetensors(head: bytes) -> bool:
    """Whether a file that starts with these bytes is a safetensors file."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32


def read_safetensors(
    path: Path, view: memoryview
) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors by name, and the header's text entries.

    Raises:
        RefusedCheckpoint: a header beyond the limits.
        CheckpointError: a header that does not fit the file.
    """
    length = int.from_bytes(view[:8], "little")
    if length > HEADER or len(view) - length > TENSOR_BYTES:
        refuse(f"has a header of {length:,} bytes, or more than {TENSOR_BYTES >> 30} GiB in all")
    if length > len(view) - 8:
        damaged("ends inside its header: it is incomplete")
    header = _header(view[8 : 8 + length])
    if len(header) > TENSORS:
        refuse(f"holds more than {TENSORS:,} tensors")
    metadata = header.pop("__metadata__", {})
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass  # the header is held to the file before torch is imported
        with safe_open(path, framework="pt") as file:
            # A copy of one's own: the file may change or go while the tensors live.
            return {name: file.get_tensor(name).clone() for name in header}, metadata
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError("has a header that does not fit it") from error


def _header(view: memoryview) -> dict[str, dict[str, str]]:
    try:
        header = json.loads(bytes(view))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"has a header that is not JSON ({error})") from error
    texts = header.get("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        damaged("has a header that is not a list of tensors and texts")
    return dict(header)


def write_safetensors(
    path: str | Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None
) -> Path:
    """Write tensors to a safetensors file atomically; the same input gives the same bytes.

    Args:
        path: the file; its folder exists.
        tensors: by name, any device; tensors that share memory are written separately.
        metadata: text entries for the header (architecture, training, licence).

    Returns:
        The path.

    Raises:
        CheckpointError: a value that is not finite.
        UsageError: metadata that is not text, or the name "__metadata__", which the format keeps.
    """
    from safetensors.torch import save

    metadata = dict(metadata or {})
    for key, value in metadata.items():
        if not (isinstance(key, str) and isinstance(value, str)):
            raise UsageError(f"Metadata is text to text; {key!r} is not. Use json.dumps for more.")
    if "__metadata__" in tensors:
        raise UsageError('No tensor may be called "__metadata__": the format keeps that name.')
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise CheckpointError(f"{path} was not written: values in {name} are not finite.")
    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    with atomic(path) as partial:
        partial.write_bytes(_with_sorted_metadata(save(own), metadata))
    return Path(path)


def _with_sorted_metadata(data: bytes, metadata: Mapping[str, str]) -> bytes:
    """The file with its texts in sorted order; the library's order changes from run to run."""
    if not metadata:
        return data
    end = 8 + int.from_bytes(data[:8], "little")
    header = {"__metadata__": dict(sorted(metadata.items())), **json.loads(data[8:end])}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return b"".join((len(text).to_bytes(8, "little"), text, data[end:]))
