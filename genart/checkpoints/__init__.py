"""Model files, read as inert data: nothing a file names is ever imported or called.

One small pickle machine of our own serves official NVIDIA pickles, torch zip and torch legacy
files; safetensors are read beside them. What comes back is a tree of plain values, tensors and
Records, for a plug-in's Reader to recognise.
"""

from genart.checkpoints.outline import outline
from genart.checkpoints.read import read_checkpoint
from genart.checkpoints.records import Checkpoint, Record
from genart.checkpoints.safetensors_file import write_safetensors
from genart.checkpoints.weights import read_weights

__all__ = [
    "Checkpoint",
    "Record",
    "outline",
    "read_checkpoint",
    "read_weights",
    "write_safetensors",
]
