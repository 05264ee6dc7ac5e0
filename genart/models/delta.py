"""A tuned generator saved as its small difference from its parent.

The file holds, for each weight that changed, the change in whole numbers of 8 bits with one scale
an output channel, and in its header which parent it belongs to. `load` opens it like a model,
wherever the parent can be found: by its registered name, at the path it had, or beside the file.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from genart.checkpoints.records import Checkpoint
from genart.checkpoints.safetensors_file import write_safetensors
from genart.contracts import Generator
from genart.errors import CheckpointError, GenartError, UsageError
from genart.files import file_hash
from genart.models.loading import load
from genart.plugins import registry

if TYPE_CHECKING:
    import torch

ARCHITECTURE, FORMAT = "difference", "1"
_STEPS = 127  # whole numbers either side of 0
_OWN = ("genart.architecture", "genart.format", "parent.name", "parent.sha256", "parent.path")


@runtime_checkable
class Tunable(Protocol):
    """A generator with a torch network whose weights can be tuned on a copy."""

    network: torch.nn.Module


def copy_of(generator: Generator) -> Generator:
    """Copy a generator, so that the weights of the copy can be changed.

    Args:
        generator: one with a network, loaded from a file.

    Returns:
        The copy, on the same device; it belongs to no file.

    Raises:
        UsageError: a generator without a network, or one that was not loaded from a file.
    """
    if not isinstance(generator, Tunable):
        raise UsageError(f'"{generator.name}" has no weights that could be tuned.')
    if generator.source is None:
        raise UsageError(
            f'"{generator.name}" is in no file: save it first, so that what is tuned can be kept '
            "as a difference to it."
        )
    made = copy.deepcopy(generator)
    made.source = None  # so that nothing takes it for what is in the parent's file
    made.sha256 = ""
    made.parents = (generator.name, *generator.parents)
    return made


def save_tuned(
    path: str | Path, parent: Generator, tuned: Generator, note: Mapping[str, str] | None = None
) -> Path:
    """Save a tuned generator as the difference of its weights to its parent model.

    Args:
        path: a .safetensors file.
        parent: the model that was tuned.
        tuned: a copy of it with other weights, see `copy_of`.
        note: text entries for the header.

    Returns:
        The path.

    Raises:
        UsageError: a parent that was not loaded from a file, or networks of different shapes.
    """
    if not (isinstance(parent, Tunable) and isinstance(tuned, Tunable)) or parent.source is None:
        raise UsageError("A difference is that of two networks, the parent's from a file.")
    before, after = parent.network.state_dict(), tuned.network.state_dict()
    if {n: v.shape for n, v in before.items()} != {n: v.shape for n, v in after.items()}:
        raise UsageError(
            f'"{tuned.name}" is not a tuned "{parent.name}": the architectures differ.'
        )
    kept: dict[str, torch.Tensor] = {}
    for name, old in before.items():
        kept |= _packed(name, (after[name] - old).float().cpu())
    header = {
        **(note or {}), "genart.architecture": ARCHITECTURE, "genart.format": FORMAT,
        "parent.name": parent.name, "parent.sha256": file_hash(parent.source) or "",
        "parent.path": str(parent.source.resolve()),
    }  # fmt: skip
    return write_safetensors(path, kept, header)


def read_tuned(checkpoint: Checkpoint, name: str, device: torch.device) -> Generator:
    """Load a tuned generator: its parent model plus the difference of weights in a file.

    Args:
        checkpoint: the file of the difference, written by `save_tuned`.
        name: the name of the tuned generator.
        device: where to load it.

    Raises:
        CheckpointError: the parent model is not found, or the difference does not fit it.
    """
    import torch

    parent = _parent(checkpoint, device)
    tuned = copy_of(parent)
    assert isinstance(tuned, Tunable)
    state = tuned.network.state_dict()
    with torch.no_grad():
        for key, change in _unpacked(checkpoint).items():
            if key not in state or state[key].shape != change.shape:
                raise CheckpointError(
                    f'"{checkpoint.path}" is damaged: "{key}" does not fit "{tuned.name}".'
                )
            state[key].add_(change.to(state[key]))
    tuned.name, tuned.parents = name, (tuned.name, *tuned.parents)
    return tuned


def tuned_summary(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """Return what `genart info` shows of a file of a difference; None for other files."""
    header = checkpoint.metadata
    if header.get("genart.architecture") != ARCHITECTURE:
        return None
    notes = {key: text for key, text in header.items() if key not in _OWN}
    parent = {
        "parent": header.get("parent.name", ""),
        "parent_sha256": header.get("parent.sha256", ""),
    }
    return {"kind": "generator", "architecture": ARCHITECTURE, **parent, **notes}


def _packed(name: str, change: torch.Tensor) -> dict[str, torch.Tensor]:
    """A weight's change by the names of the file; nothing where it is 0."""
    import torch

    if not change.any():
        return {}
    if change.ndim < 2:
        return {f"{name}.exact": change.contiguous()}
    scale = change.abs().flatten(1).amax(1).clamp(min=1e-12) / _STEPS
    rows = scale.view(-1, *[1] * (change.ndim - 1))
    return {
        f"{name}.steps": (change / rows).round().to(torch.int8).contiguous(),
        f"{name}.scale": scale,
    }


def _unpacked(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """The changes by the names of the weights."""
    tree, found = checkpoint.tree, {}
    for key, value in tree.items():
        name, _, kind = key.rpartition(".")
        if kind == "exact":
            found[name] = value
        elif kind == "steps" and len(tree.get(f"{name}.scale", ())) == len(value):
            found[name] = value.float() * tree[f"{name}.scale"].view(-1, *[1] * (value.ndim - 1))
        elif kind != "scale":
            raise CheckpointError(
                f'"{checkpoint.path}" is damaged: "{key}" is not a change of a weight.'
            )
    return found


def _parent(checkpoint: Checkpoint, device: torch.device) -> Generator:
    header = checkpoint.metadata
    name, wanted = header.get("parent.name", ""), header.get("parent.sha256", "")
    if header.get("genart.format") != FORMAT:
        raise CheckpointError(f'"{checkpoint.path}" is of another genart; update genart.')
    was = Path(header.get("parent.path", "?"))
    for place in (name, was, Path(checkpoint.path).with_name(was.name)):
        found = _there(place, wanted, device)
        if found is not None:
            return found
    raise CheckpointError(
        f'"{checkpoint.path}" is a difference to "{name}" (sha256 {wanted[:12]}), which is not '
        f"here: put {was.name} beside it."
    )


def _there(place: str | Path, wanted: str, device: torch.device) -> Generator | None:
    """The generator of that name or file, if it is the wanted one."""
    if isinstance(place, Path) and file_hash(place) != wanted:
        return None
    if isinstance(place, str) and place not in registry("generator"):
        return None
    try:
        found = load(place, device)
    except GenartError:
        return None
    same = file_hash(found.source) == wanted
    return found if same and isinstance(found, Tunable) else None
