"""ParamGroup: Params that exist only while something that owns them is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from genart.contracts import Generator
from genart.params import params_of


class ParamGroup(Protocol):
    """What a text brought.

    Attributes:
        owner: the object that holds the Params' values.
    """

    owner: Any

    def on(self, model: Generator) -> Generator:
        """What draws in a model's stead."""
        ...


@dataclass(frozen=True)
class ParamSource:
    """How a Param brings others.

    Args:
        owner: the name that these have in the tree.
        make: what its text brings, given the owner of what it brought before, or None; ParamError
            for a text that brings nothing it should.
    """

    owner: str
    make: Callable[[str, object | None], ParamGroup | None]


def keep_values(owner: object, before: object | None) -> None:
    """Give an owner the values that another holds for the same Params, declared alike."""
    declared = params_of(owner)
    for name, param in params_of(before).items() if before is not None else ():
        if declared.get(name) == param and name in vars(before):
            setattr(owner, name, vars(before)[name])
