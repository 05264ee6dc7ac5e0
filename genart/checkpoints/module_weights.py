"""Weights of a file assigned to a torch module, or a message that lists what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn, TypeVar

from genart.checkpoints.records import Checkpoint
from genart.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor, nn

M = TypeVar("M", bound="nn.Module")
_DIVERGED = "Its training may have diverged; use an earlier snapshot of it."
_LISTED = 6  # names in an error before "and 40 more"


def fail(checkpoint: Checkpoint, why: str) -> NoReturn:
    """Raise CheckpointError for a file that a reader recognised but cannot use.

    Args:
        checkpoint: the file.
        why: the reason, as a sentence that starts in lower case.

    Raises:
        CheckpointError: always.
    """
    raise CheckpointError(f'"{checkpoint.path}" cannot be used: {why}')


def fill_module(
    checkpoint: Checkpoint, module: M, state: Mapping[str, Tensor], shape: str = "its settings"
) -> M:
    """Assign weights to a module as float32, and freeze it.

    Args:
        checkpoint: the file they come from, for the message.
        module: may be on the meta device, so that memory is taken for the weights alone.
        state: the weights by the module's names.
        shape: what the module was built from, for the message.

    Raises:
        CheckpointError: names that are missing or unexpected, shapes that differ, or values that
            are not finite.
    """
    wanted = module.state_dict()
    faults = [
        *_named("missing", wanted.keys() - state.keys()),
        *_named("unexpected", state.keys() - wanted.keys()),
        *_named("with another shape", _other_shapes(wanted, state)),
    ]
    if faults:
        fail(checkpoint, f"its tensors do not fit {shape}; {'; '.join(faults)}.")
    weights = {name: state[name].float().contiguous() for name in wanted}
    if broken := [name for name, weight in weights.items() if not weight.isfinite().all()]:
        fail(checkpoint, f"values in {broken[0]} are not finite. {_DIVERGED}")
    module.load_state_dict(weights, assign=True)
    return module.requires_grad_(False)


def _other_shapes(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{name} {tuple(state[name].shape)} for {tuple(wanted[name].shape)}"
        for name in wanted.keys() & state.keys()
        if state[name].shape != wanted[name].shape
    ]


def _named(what: str, names: Iterable[str]) -> list[str]:
    found = sorted(names)
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return [f"{what}: {', '.join(found[:_LISTED])}{more}"] if found else []
