"""The contents of a model file: plain values, tensors and Records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genart.checkpoints.limits import TENSORS
from genart.checkpoints.tensors import is_tensor
from genart.errors import RefusedCheckpoint
from genart.files import file_hash

if TYPE_CHECKING:
    import torch

_NAME = 1024  # characters of a tensor's dotted name


@dataclass(frozen=True, eq=False)
class Record:
    """An object that a file describes and that is not built: its class by name, its state as data.

    Args:
        class_name: "Generator", or "dnnlib.tflib.network.Network" for TensorFlow-era networks.
        state: the object's attributes, plain values, tensors and further Records.
        source: the program text the file carries for it, kept as text and never compiled.
    """

    class_name: str
    state: dict[Any, Any] = field(repr=False)
    source: str = field(default="", repr=False)

    @property
    def source_sha256(self) -> str:
        """SHA-256 of the carried program text, hexadecimal; distinguishes releases."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Parameters and persistent buffers by dotted name, as torch's `state_dict()` gives.

        Empty where the state is not that of a torch module.

        Raises:
            RefusedCheckpoint: names or numbers of tensors beyond any real network's.
        """
        found: dict[str, torch.Tensor] = {}
        for name, tensor in _module_tensors(self.state, ""):
            found[name] = tensor
            if len(found) > TENSORS:
                raise RefusedCheckpoint(f"A network of more than {TENSORS:,} tensors is refused.")
        return found


def _module_tensors(state: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, torch.Tensor]]:
    hidden = state.get("_non_persistent_buffers_set") or ()
    for group in ("_parameters", "_buffers"):
        for name, value in _items(state.get(group)):
            if is_tensor(value) and not (group == "_buffers" and name in hidden):
                yield _joined(prefix, name), value
    for name, module in _items(state.get("_modules")):
        if isinstance(module, Record):
            yield from _module_tensors(module.state, _joined(prefix, name) + ".")


def _joined(prefix: str, name: object) -> str:
    if not isinstance(name, str) or len(prefix) + len(name) > _NAME:
        raise RefusedCheckpoint(f'A tensor below "{prefix[:60]}" has no proper name.')
    return prefix + name


def _items(group: object) -> Iterator[tuple[Any, Any]]:
    if isinstance(group, Mapping):
        yield from group.items()


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A model file, read.

    Args:
        path: where it lies.
        format: "nvidia-pickle", "nvidia-tf-pickle", "pickle", "torch-zip", "torch-legacy" or
            "safetensors".
        tree: dict, list, tuple, set, str, int, float, bool, None, bytes, tensors on the CPU and
            Records. For safetensors the flat dict of tensors.
        metadata: the header's text entries (safetensors), otherwise empty.
    """

    path: Path
    format: str
    tree: Any = field(repr=False)
    metadata: dict[str, str] = field(default_factory=dict)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, hexadecimal; computed on first use."""
        return file_hash(self.path) or ""
