"""Bends as Params: a slider, an OSC address and a lane in a show for each amount."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genart.bending.bend import MASTER, Bend, parse_bends
from genart.bending.bent_generator import BentGenerator
from genart.contracts import Generator
from genart.errors import DataError, ParamError, UsageError
from genart.models.capabilities import Bendable
from genart.param_groups import keep_values
from genart.params import DynamicParams, Param


class BendParams:
    """The bends of a text, each amount a Param of `owner`, and what is drawn with them.

    `owner.amount` scales them all: at 1 every amount is that of its Param, at 0 none has an effect.

    Args:
        text: bends, a preset's name or a .toml file; see `parse_bends`.
        before: the owner of bends that these replace; what both declare alike keeps its value.

    Attributes:
        owner: the object that holds the values.
        bends: what is done.

    Raises:
        ParamError: text that names no bends.
    """

    def __init__(self, text: str, before: object | None = None) -> None:
        try:
            self.bends: Sequence[Bend] = parse_bends(text)
        except (DataError, UsageError) as error:
            raise ParamError(f"bend: {error}") from error
        self.owner = _owner(self.bends)
        keep_values(self.owner, before)
        self._bent: BentGenerator | None = None
        self._of: Generator | None = None

    def on(self, model: Generator) -> Generator:
        """The model with these bends; the model itself where its layers cannot be changed.

        Raises:
            UnknownName: a layer that the model does not have.
        """
        if not isinstance(model, Bendable):
            return model
        if self._of is not model:
            self._bent, self._of = BentGenerator(model, self.bends, self._amounts), model
        assert self._bent is not None
        return self._bent

    def _amounts(self) -> dict[str, float]:
        share = getattr(self.owner, MASTER)
        return {
            name: amount.toward(getattr(self.owner, name), share)
            for bend in self.bends
            for name, amount in zip(bend.params(), bend.does.amounts, strict=True)
        }


def _owner(bends: Sequence[Bend]) -> DynamicParams:
    made: dict[str, Param[Any]] = {
        MASTER: Param(
            1.0, 0.0, 1.0, help="Factor on the amounts of all bends; 0 switches bending off."
        )
    }
    for bend in bends:
        for name, amount, value in zip(bend.params(), bend.does.amounts, bend.amounts, strict=True):
            made[name] = amount.param(value, bend.layer)
    return DynamicParams(made)
