"""Checkpoints: model files, read as inert data and never executed.

A restricted unpickler reads NVIDIA pickles and torch files; safetensors are read beside them. The
result is a tree of plain values, tensors and `Record`s, which a plug-in's `Reader` recognises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.checkpoints.module_weights import fail, fill_module
    from genart.checkpoints.read import read_checkpoint
    from genart.checkpoints.records import Checkpoint, Record
    from genart.checkpoints.safetensors_file import write_safetensors
    from genart.checkpoints.weights import read_weights
    from genart.contracts import Reader
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.checkpoints.module_weights": "fail fill_module",
            "genart.checkpoints.read": "read_checkpoint",
            "genart.checkpoints.records": "Checkpoint Record",
            "genart.checkpoints.safetensors_file": "write_safetensors",
            "genart.checkpoints.weights": "read_weights",
            "genart.contracts": "Reader",
        },
    )

__all__ = [
    "Checkpoint",
    "Reader",
    "Record",
    "fail",
    "fill_module",
    "read_checkpoint",
    "read_weights",
    "write_safetensors",
]
