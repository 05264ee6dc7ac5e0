"""Widgets: the kind of control that each Param has on the page."""

from __future__ import annotations

from typing import Any

from genart.errors import ParamError
from genart.live.osc.addresses import address_of
from genart.live.store import Store
from genart.params import Param


def controls(store: Store) -> list[dict[str, Any]]:
    """Every Param as the page shows it."""
    return [control(path, param, store.current(path)) for path, param in store.tree.items()]


def state_of(param: Param[Any], value: Any) -> dict[str, Any]:
    """The state of a control: its value, and for a slider its position 0..1."""
    return {"value": value, "norm": param.to_norm(value) if _kind(param) == "slider" else None}


def control(path: str, param: Param[Any], value: Any) -> dict[str, Any]:
    """One Param as the page shows it: switch, select, slider, number or text."""
    kind = _kind(param)
    return {
        "path": path,
        "kind": kind,
        **state_of(param, value),
        "home": param.to_norm(param.default) if kind == "slider" else None,
        "whole": isinstance(param.default, int),
        "min": param.min,
        "max": param.max,
        "default": param.default,
        "unit": param.unit,
        "choices": list(param.options()),
        "known": list(param.suggestions()),
        "help": param.help,
        "group": param.group,
        "label": param.label,
        "allowed": param.allowed(),
        "address": address_of(path),
        "learns": _has_positions(param),
    }


def _kind(param: Param[Any]) -> str:
    if param.choices:
        return "select"
    if isinstance(param.default, bool):
        return "switch"
    if isinstance(param.default, str):
        return "text"
    if isinstance(param.default, int) and not _is_short(param):
        return "number"
    return "slider" if _has_positions(param) else "number"


def _has_positions(param: Param[Any]) -> bool:
    """Whether the Param has a position 0..1."""
    try:
        param.from_norm(0.0)
    except ParamError:
        return False
    return True


def _is_short(param: Param[Any]) -> bool:
    """Whether a slider has a position for every whole number of the range."""
    return param.min is not None and param.max is not None and param.max - param.min <= 1000
