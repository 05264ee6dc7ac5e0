"""Directions as Params: a slider, an OSC address and a lane in a show for each."""

from __future__ import annotations

from genart.contracts import Generator
from genart.editing.directions import Directions, load_directions
from genart.editing.edited import Edited, edit
from genart.errors import DataError, ParamError, UsageError
from genart.param_groups import keep_values
from genart.params import DynamicParams, Param

#: Range of a Param in units, to either side.
MOST = 5.0


class DirectionParams:
    """The directions of a file, each a Param of `owner` in units, and what is drawn with them.

    Args:
        path: the .npz file.
        before: the owner of Params that these replace; those of the same name keep their values.

    Attributes:
        owner: the object that holds the values.
        directions: what they move along.

    Raises:
        ParamError: no such file, or one that holds no directions.
    """

    def __init__(self, path: str, before: object | None = None) -> None:
        try:
            self.directions: Directions = load_directions(path)
        except (DataError, UsageError) as error:
            raise ParamError(f"directions: {error}") from error
        self.owner = _owner(self.directions)
        keep_values(self.owner, before)
        self._edited: Edited | None = None

    def on(self, model: Generator) -> Generator:
        """The model with these directions; the model itself if they belong to another one."""
        if self._edited is None or self._edited.inner is not model:
            directions = self.directions.first(model.num_ws)
            try:
                self._edited = edit(model, directions, self._amounts)
            except UsageError:
                return model
        return self._edited

    def _amounts(self) -> dict[str, float]:
        return {name: getattr(self.owner, name) for name in self.directions.names}


def _owner(directions: Directions) -> DynamicParams:
    text = "Units along this direction; 0 changes nothing."
    return DynamicParams(
        {name: Param(0.0, -MOST, MOST, unit="units", help=text) for name in directions.names}
    )
