"""Which value of a training is not finite (NaN or infinity): a figure of a step, or a weight."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def broken_figure(figures: Mapping[str, Any]) -> str | None:
    """Return the first figure that is not finite, such as "g is nan"; None if all are.

    Args:
        figures: numbers or tensors without dimensions, by name.
    """
    for name, value in figures.items():
        if not math.isfinite(number := float(value)):
            return f"{name} is {number}"
    return None


def broken_tensor(state: Any) -> str | None:
    """Return the name of the first tensor that holds a value that is not finite; None if none does.

    Args:
        state: tensors in dictionaries, lists and tuples; the name has their keys, with points.
    """
    return next((name for name, tensor in _tensors(state) if not _is_finite(tensor)), None)


def _tensors(state: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    import torch

    if isinstance(state, torch.Tensor):
        yield name, state
    elif isinstance(state, Mapping | list | tuple):
        pairs = state.items() if isinstance(state, Mapping) else enumerate(state)
        for key, value in pairs:
            yield from _tensors(value, f"{name}.{key}" if name else str(key))


def _is_finite(tensor: torch.Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.isfinite().all())


def finite_or_none(value: Any) -> Any:
    """Return a value for JSON, which has no NaN and no infinity: None stands for them."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
