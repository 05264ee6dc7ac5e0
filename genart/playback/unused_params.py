"""Finds the Params that have no effect with the current values of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import signature
from typing import Any

from genart.plugins import registry

#: Params that have an effect only if another one is not empty or 0: path to that one.
_NEEDS = {
    "model.blend": "model.other",
    "model.swap": "model.other",
    "walk.mix": "walk.mix_keys",
    "walk.mix_first": "walk.mix_keys",
    "walk.mix_last": "walk.mix_keys",
    "style.amount": "style.chain",
    "style.size": "style.chain",
}
#: Params that have no effect if another one is not empty or 0: path to that one.
_REPLACED = {"walk.seeds": "walk.keys", "transport.seconds": "transport.beats"}
_WALK_OPTIONS = ("seed", "radius", "smoothness", "pulses", "low", "high")


def unused_params(values: Mapping[str, Any]) -> dict[str, str]:
    """The Params without an effect, each with the reason in one sentence.

    Args:
        values: all values by "owner.name".
    """
    return {path: why for path, why in _unused(values) if path in values}


def _unused(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, other in _NEEDS.items():
        if not values.get(other):
            yield path, f"No effect while {other} is empty."
    for path, other in _REPLACED.items():
        if values.get(other):
            yield path, f"No effect: {other} is used."
    kind = str(values.get("walk.kind"))
    known = registry("interpolator")
    taken = signature(known[kind].factory).parameters if kind in known else _WALK_OPTIONS
    for name in _WALK_OPTIONS:
        if name not in taken:
            yield f"walk.{name}", f"No effect on a {kind} walk."
