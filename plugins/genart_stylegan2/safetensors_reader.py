"""genart's model files: safetensors with the architecture in the header."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import genart
from genart_stylegan2 import reader_common

from .config import Config
from .generator import ARCHITECTURE, FORMAT, StyleGAN2

if TYPE_CHECKING:
    import torch

_OURS = "genart."  # what `save` writes again and the rest of the metadata never is


class NativeReader:
    """Reads what `StyleGAN2.save` wrote."""

    def recognise(self, checkpoint: genart.checkpoints.Checkpoint) -> dict[str, Any] | None:
        """A summary from the header alone; None for other files."""
        if checkpoint.metadata.get("genart.architecture") != ARCHITECTURE:
            return None
        facts = {key: value for key, value in checkpoint.metadata.items() if _is_told(key)}
        return reader_common.summarise(_config(checkpoint), **facts)

    def load(
        self, checkpoint: genart.checkpoints.Checkpoint, *, name: str, device: torch.device
    ) -> genart.Generator:
        """The model; raises CheckpointError where header and tensors do not agree."""
        network = reader_common.build(checkpoint, _config(checkpoint), checkpoint.tree)
        facts = {key: value for key, value in checkpoint.metadata.items() if _is_told(key)}
        return StyleGAN2.from_network(
            network, name=name, device=device, metadata=facts, sha256=checkpoint.sha256
        )


def _is_told(key: str) -> bool:
    return not key.startswith(_OURS)


def _config(checkpoint: genart.checkpoints.Checkpoint) -> Config:
    version = checkpoint.metadata.get("genart.format", "")
    if version != FORMAT:
        genart.checkpoints.fail(
            checkpoint,
            f'its format is "{version}" and this genart reads "{FORMAT}"; update genart.',
        )
    try:
        values = json.loads(checkpoint.metadata.get("genart.config", ""))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        genart.checkpoints.fail(
            checkpoint, "its header has no genart.config, a JSON object of settings."
        )
    return reader_common.make_config(checkpoint, values)
