"""Params that bring others: text names directions, bends, stylizers, and theirs join the tree.

| Param              | owner   | brings                                          |
|--------------------|---------|-------------------------------------------------|
| `model.bend`       | `bend`  | the amounts of each bend of a network's layers  |
| `model.directions` | `edit`  | a handle for each direction of a file           |
| `style.chain`      | `style` | what each stylizer of a chain lets people turn  |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genart.param_groups import ParamGroup, ParamSource


def _handles(path: str, before: object | None) -> ParamGroup | None:
    from genart.editing.direction_params import DirectionParams

    return DirectionParams(path, before) if path else None


def _knobs(text: str, before: object | None) -> ParamGroup | None:
    from genart.bending.bend_params import BendParams

    return BendParams(text, before) if text else None


def _chain(text: str, before: object | None) -> ParamGroup | None:
    from genart.styling.chain import Chain

    return Chain(text, before)


#: In the order in which they change a model, the innermost first.
PARAM_SOURCES: Mapping[str, ParamSource] = {
    "model.bend": ParamSource("bend", _knobs),
    "model.directions": ParamSource("edit", _handles),
    "style.chain": ParamSource("style", _chain),
}


def sources_first(item: tuple[str, Any]) -> bool:
    """What sorts settings by path so that Params are there before they are set."""
    return item[0] not in PARAM_SOURCES
