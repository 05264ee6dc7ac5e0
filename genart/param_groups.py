"""ParamGroup: Params that exist only while the text of another Param names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from genart.contracts import Generator
from genart.params import params_of


class ParamGroup(Protocol):
    """The Params that a text added.

    Attributes:
        owner: the object that holds the Params' values.
    """

    owner: Any

    def on(self, model: Generator) -> Generator:
        """Return the model that draws instead of a model."""
        ...


@dataclass(frozen=True)
class ParamSource:
    """How the text of a Param adds other Params.

    Args:
        owner: the owner of the other Params in the tree.
        make: makes the group of a text; it gets the owner of the previous group or None, and
            raises ParamError if the text is wrong.
    """

    owner: str
    make: Callable[[str, object | None], ParamGroup | None]


def keep_values(owner: object, before: object | None) -> None:
    """Copy to an owner the values that another one holds for Params with the same declaration."""
    declared = params_of(owner)
    for name, param in params_of(before).items() if before is not None else ():
        if declared.get(name) == param and name in vars(before):
            setattr(owner, name, vars(before)[name])
