"""genart's model files: safetensors with the architecture in the header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

import genart

from .architecture import Shape
from .networks import build

ARCHITECTURE = "translate"
FORMAT = "1"  # of our files; a newer one is refused


def save_model(
    path: str | Path,
    shape: Shape,
    state: Mapping[str, Tensor],
    facts: Mapping[str, str],
    *,
    half: bool = False,
) -> Path:
    """Write a generator as .safetensors: weights, and in the header its shape and texts.

    Args:
        path: the file; its folder exists.
        shape: of the generator.
        state: its weights by our names.
        facts: texts such as licence, dataset and training.
        half: keep weights in half the room, as float16.
    """
    header = {
        **facts,
        "genart.architecture": ARCHITECTURE,
        "genart.format": FORMAT,
        "genart.shape": json.dumps(shape.to_dict()),
    }
    kept = {
        name: tensor.half() if half and tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }
    return genart.checkpoints.write_safetensors(path, kept, header)


def read_shape(checkpoint: genart.checkpoints.Checkpoint) -> Shape | None:
    """The architecture in the header of a genart file; None for other files.

    Raises:
        CheckpointError: a newer format, or a header without a usable shape.
    """
    if checkpoint.metadata.get("genart.architecture") != ARCHITECTURE:
        return None
    version = checkpoint.metadata.get("genart.format", "")
    if version != FORMAT:
        genart.checkpoints.fail(
            checkpoint,
            f'its format is "{version}" and this genart reads "{FORMAT}"; update genart.',
        )
    try:
        values = json.loads(checkpoint.metadata.get("genart.shape", ""))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        genart.checkpoints.fail(checkpoint, "its header has no genart.shape, a JSON object.")
    try:
        return Shape.from_dict(values)
    except genart.UsageError as error:
        genart.checkpoints.fail(checkpoint, str(error))


def fill(
    checkpoint: genart.checkpoints.Checkpoint, shape: Shape, state: Mapping[str, Tensor]
) -> nn.Module:
    """A frozen generator of this shape with these weights, float32, in evaluation mode.

    Args:
        checkpoint: where the weights come from, for errors.
        shape: of the generator.
        state: weights by our names.

    Raises:
        CheckpointError: names that are missing or unexpected, or shapes that differ.
    """
    with torch.device("meta"):
        net = build(shape)
    filled = genart.checkpoints.fill_module(checkpoint, net, state, f"a {shape.describe()}")
    return filled.eval()
