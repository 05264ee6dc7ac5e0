"""A player that never fails: what goes wrong becomes a message over the last good frame."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from genart.contracts import Frame
from genart.errors import GenartError, UsageError
from genart.live.backstage import Backstage
from genart.live.report import Faults
from genart.params import ParamTree
from genart.runner import Performer, Tick
from genart.sketch import Sketch

_MODEL = "model.name"
_FIRST_WAIT, _LONGEST_WAIT = Fraction(1, 20), Fraction(2)  # seconds between tries


class Steady:
    """Plays a performer, and holds its last good frame while something is wrong.

    A frame that fails is tried again at the next tick, then after waits that double up to two
    seconds. Text that a walk or model refuses is set back to what last worked. A model or sketch
    made ready backstage takes over at the start of a tick, and only if its first frame is good.

    Args:
        performer: what plays.
        backstage: where models and sketches are made ready.
        faults: who is told.
        size: (h, w) of the frames.
        restored: called with (path, value) when a value was set back.
        changed: called when another sketch has taken over.

    Attributes:
        performer: what plays now.
    """

    def __init__(
        self,
        performer: Performer,
        backstage: Backstage,
        faults: Faults,
        *,
        size: tuple[int, int],
        restored: Callable[[str, Any], None] = lambda path, value: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.performer, self._backstage, self._faults = performer, backstage, faults
        self._restored, self._changed = restored, changed
        self._good = _texts(performer.tree)
        self._held: Frame = np.zeros((*size, 3), np.uint8)
        self._fails, self._retry = 0, Fraction(0)

    @property
    def tree(self) -> ParamTree:
        """The Params of what plays."""
        return self.performer.tree

    def set(self, path: str, value: Any) -> None:
        """Turn a Param; a model that is not here yet is loaded while the old one plays."""
        try:
            if path == _MODEL and not self._backstage.has(value):
                self._backstage.want_model(value)
            else:
                self.performer.set(path, value)
        except UsageError as error:
            self._faults.add("params", error)

    def advance(self, t: Fraction) -> None:
        """Bring transport and tempo to time t in seconds."""
        self.performer.advance(t)

    def frame(self, tick: Tick) -> Frame:
        """The frame of one tick, or the last good one; black if there was none."""
        self._take_over(tick)
        if tick.t >= self._retry:
            try:
                self._held = self.performer.frame(tick)
            except (Exception, SystemExit) as error:
                self._failed(tick, error)
            else:
                self._went_well()
        return self._held

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self._fails > 0

    def _went_well(self) -> None:
        if self._fails:
            self._fails = 0
            self._faults.settle("sketch")
        self._good = _texts(self.tree)

    def _failed(self, tick: Tick, error: BaseException) -> None:
        self._faults.add("sketch", error)
        self._fails += 1
        wait = _FIRST_WAIT * 2 ** min(self._fails - 2, 10) if self._fails > 1 else Fraction(0)
        self._retry = tick.t + min(wait, _LONGEST_WAIT)
        if isinstance(error, UsageError):
            self._set_back()
        elif out_of_memory(error) and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _set_back(self) -> None:
        for path, value in self._good.items():
            if path in self.tree and self.tree.value(path) != value:
                with suppress(GenartError):
                    self.performer.set(path, value)
                    self._restored(path, value)

    def _take_over(self, tick: Tick) -> None:
        for name in self._backstage.models_ready():
            if name in self._backstage.failed:
                self._restored(_MODEL, self.tree.value(_MODEL))
            else:
                self.performer.set(_MODEL, name)
        for kind in self._backstage.sketches_ready():
            self._try(kind, tick)

    def _try(self, kind: type[Sketch], tick: Tick) -> None:
        try:
            fresh = self.performer.recast(kind())
            self._held = fresh.frame(tick)
        except (Exception, SystemExit) as error:
            self._faults.add("reload", error)
            return
        self.performer = fresh
        self._faults.settle("reload")
        self._retry = Fraction(0)
        self._changed()


def _texts(tree: ParamTree) -> dict[str, Any]:
    """The Params that can be refused later than when they are set."""
    return {path: tree.value(path) for path in tree if isinstance(tree[path].default, str)}


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on any device."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "not enough memory" in str(
        error
    )
