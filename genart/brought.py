"""Params that bring others: text names directions, bends, stylizers, and theirs join the tree.

| Param              | owner   | brings                                          |
|--------------------|---------|-------------------------------------------------|
| `model.bend`       | `bend`  | the amounts of each bend of a network's layers  |
| `model.directions` | `edit`  | a handle for each direction of a file           |
| `style.chain`      | `style` | what each stylizer of a chain lets people turn  |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from genart.contracts import Generator
from genart.params import params_of


class Kit(Protocol):
    """What a text brought.

    Attributes:
        owner: the object that holds the Params' values.
    """

    owner: Any

    def on(self, model: Generator) -> Generator:
        """What draws in a model's stead."""
        ...


@dataclass(frozen=True)
class Bringer:
    """How a Param brings others.

    Args:
        owner: the name that these have in the tree.
        make: what its text brings, given the owner of what it brought before, or None; ParamError
            for a text that brings nothing it should.
    """

    owner: str
    make: Callable[[str, object | None], Kit | None]


def keep_values(owner: object, before: object | None) -> None:
    """Give an owner the values that another holds for the same Params, declared alike."""
    declared = params_of(owner)
    for name, param in params_of(before).items() if before is not None else ():
        if declared.get(name) == param and name in vars(before):
            setattr(owner, name, vars(before)[name])


def _handles(path: str, before: object | None) -> Kit | None:
    from genart.editing.handles import Handles

    return Handles(path, before) if path else None


def _knobs(text: str, before: object | None) -> Kit | None:
    from genart.bending.knobs import Knobs

    return Knobs(text, before) if text else None


def _chain(text: str, before: object | None) -> Kit | None:
    from genart.styling.chain import Chain

    return Chain(text, before)


#: In the order in which they change a model, the innermost first.
BRINGERS: Mapping[str, Bringer] = {
    "model.bend": Bringer("bend", _knobs),
    "model.directions": Bringer("edit", _handles),
    "style.chain": Bringer("style", _chain),
}


def bringers_first(item: tuple[str, Any]) -> bool:
    """What sorts settings by path so that Params are there before they are set."""
    return item[0] not in BRINGERS
