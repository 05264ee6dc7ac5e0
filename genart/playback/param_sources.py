"""Params whose text adds other Params to the tree: bends, directions, stylizers.

| Param              | owner   | adds                                            |
|--------------------|---------|-------------------------------------------------|
| `model.bend`       | `bend`  | the amounts of each bend of a network's layers  |
| `model.directions` | `edit`  | the amount of each direction of a file          |
| `style.chain`      | `style` | the Params of each stylizer of a chain          |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genart.param_groups import ParamGroup, ParamSource
from genart.params import ParamTree


def _directions(path: str, before: object | None) -> ParamGroup | None:
    from genart.editing.direction_params import DirectionParams

    return DirectionParams(path, before) if path else None


def _bends(text: str, before: object | None) -> ParamGroup | None:
    from genart.bending.bend_params import BendParams

    return BendParams(text, before) if text else None


def _chain(text: str, before: object | None) -> ParamGroup | None:
    from genart.styling.chain import Chain

    return Chain(text, before)


#: In the order in which they wrap a model, the innermost first.
PARAM_SOURCES: Mapping[str, ParamSource] = {
    "model.bend": ParamSource("bend", _bends),
    "model.directions": ParamSource("edit", _directions),
    "style.chain": ParamSource("style", _chain),
}


def sources_first(item: tuple[str, Any]) -> bool:
    """Sort key for (path, value) pairs: values that add Params come before those of such Params."""
    return item[0] not in PARAM_SOURCES


def refusable_texts(tree: ParamTree) -> dict[str, Any]:
    """Return the Params that can be refused after they were set: texts, and a model's class."""
    return {
        path: tree.value(path)
        for path in tree
        if isinstance(tree[path].default, str) or path == "model.label"
    }
