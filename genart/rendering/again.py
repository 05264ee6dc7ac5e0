"""Again: a recorded show's frames come out as they did on stage, its mishaps among them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

import torch

from genart.contracts import Control, Frame, Generator
from genart.errors import SketchError
from genart.live.backstage import Backstage
from genart.live.punctual import spare_threads
from genart.live.report import Faults
from genart.live.steady import Steady
from genart.rendering.film import Film
from genart.runner import Performer, Player, Tick
from genart.show import Show

log = logging.getLogger("genart.show")
_SMALL = 256  # pixels a side of a model that one thread plays nearly as fast as two


def as_played(player: Player, load: Callable[[str], Generator], film: Film) -> Player:
    """A player that does what the stage did: where a frame fails, the last one is held.

    A grid, which no stage shows, is given back as it is.

    Args:
        player: who plays.
        load: gives the generator of a name.
        film: whose frames they are.
    """
    if not isinstance(player, Performer) or film.size is None:
        return player
    return _Again(player, load, film.size)


class _Again:
    """A `Steady` player whose first frame must be good, and whose models are loaded at once."""

    def __init__(
        self, player: Performer, load: Callable[[str], Generator], size: tuple[int, int]
    ) -> None:
        self._faults = Faults(log.warning)
        self._backstage = Backstage(load, self._faults)
        second = player.second  # loaded at once, as models are here
        self._steady = Steady(player, self._backstage, self._faults, size=size)
        player.second = second
        self._begun = False

    def set(self, path: str, value: Any) -> None:
        """Turn a Param."""
        if path == "model.name":
            self._backstage.get(value)
        self._steady.set(path, value)

    def advance(self, t: Fraction) -> None:
        """Bring transport and tempo to time t in seconds."""
        self._steady.advance(t)

    def frame(self, tick: Tick) -> Frame:
        """The frame of one tick, or the last good one.

        Raises:
            SketchError: the first one failed.
        """
        frame = self._steady.frame(tick)
        if self._steady.failing and not self._begun:
            raise SketchError(self._faults.all()[0].message)
        self._begun = True
        return frame


def with_threads(
    frames: Iterable[Frame], controls: Iterable[Control], model: Generator
) -> Iterator[Frame]:
    """The frames, made by as many threads as a show was, so that sums come out the same.

    Without a show, a small model on a CPU leaves one core to the encoder: it gains little from the
    last thread, and loses much when that has to wait for its core.
    """
    wanted = max((each.header.threads for each in controls if isinstance(each, Show)), default=0)
    if not wanted and min(model.resolution) <= _SMALL and model.device.type == "cpu":
        wanted = spare_threads()
    if not 0 < wanted <= (os.cpu_count() or 1):
        yield from frames
        return
    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        yield from frames
    finally:
        torch.set_num_threads(before)
