"""The contents of a checkpoint in a few lines, for `genart info`, without a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from genart.checkpoints.limits import shown
from genart.checkpoints.records import Checkpoint, Record
from genart.checkpoints.tensors import is_tensor

if TYPE_CHECKING:
    import torch

_ENTRIES = 50


def outline(checkpoint: Checkpoint) -> dict[str, Any]:
    """A summary of any checkpoint, JSON-ready, without building a network.

    Returns:
        "format", "bytes" (of the file), "sha256"; "tensors" and "parameters" (elements), each
        tensor counted once; "dtypes" (name to tensors); "entries", at most 50 of the top level,
        each with "name", "kind", "tensors", "parameters" and, for Records, "source_sha256";
        "metadata" (safetensors).
    """
    tensors = list(_tensors(checkpoint.tree, set()))
    return {
        "format": checkpoint.format,
        "bytes": checkpoint.path.stat().st_size,
        "sha256": checkpoint.sha256,
        **_sums(tensors),
        "dtypes": dict(Counter(str(tensor.dtype).removeprefix("torch.") for tensor in tensors)),
        "entries": [_entry(name, value) for name, value in _top(checkpoint.tree)[:_ENTRIES]],
        "metadata": dict(checkpoint.metadata),
    }


def _top(tree: Any) -> list[tuple[str, Any]]:
    if isinstance(tree, dict):
        return [(shown(name), value) for name, value in tree.items()]
    if isinstance(tree, list | tuple):
        return [(str(index), value) for index, value in enumerate(tree)]
    return [("", tree)]


def _entry(name: str, value: Any) -> dict[str, Any]:
    entry = {"name": name, "kind": _kind(value), **_sums(list(_tensors(value, set())))}
    if isinstance(value, Record) and value.source:
        entry["source_sha256"] = value.source_sha256
    return entry


def _kind(value: Any) -> str:
    if isinstance(value, Record):
        return value.class_name
    if is_tensor(value):
        return f"tensor {tuple(value.shape)}"
    return type(value).__name__


def _sums(tensors: list[torch.Tensor]) -> dict[str, int]:
    return {"tensors": len(tensors), "parameters": sum(tensor.numel() for tensor in tensors)}


def _tensors(value: Any, seen: set[int]) -> Iterator[torch.Tensor]:
    """Every tensor below a value, shared ones once."""
    if is_tensor(value) or isinstance(value, Record | dict | list | tuple):
        if id(value) in seen:
            return
        seen.add(id(value))
    if is_tensor(value):
        yield value
    elif isinstance(value, Record):
        yield from _tensors(value.state, seen)
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item, seen)
