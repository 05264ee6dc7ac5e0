"""Show a recorded performance again: its frames as they were, those held after a fault included."""

from __future__ import annotations

import logging
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from genart.contracts import Frame, Generator
from genart.errors import SketchError
from genart.media.film_spec import Film
from genart.playback.background_loader import BackgroundLoader
from genart.playback.clock import Tick
from genart.playback.faults import Faults
from genart.playback.player import Player, SketchPlayer
from genart.playback.resilient_player import ResilientPlayer

log = logging.getLogger("genart.playback.show")


def show_player(player: Player, load: Callable[[str], Generator], film: Film) -> Player:
    """A player that does what the stage did: where a frame fails, the last one is held.

    A grid, which no stage shows, is given back as it is.

    Args:
        player: who plays.
        load: gives the generator of a name.
        film: whose frames they are.
    """
    if not isinstance(player, SketchPlayer) or film.size is None:
        return player
    return ShowPlayer(player, load, film.size)


class ShowPlayer:
    """A `ResilientPlayer` that needs a good first frame and loads models at once."""

    def __init__(
        self, player: SketchPlayer, load: Callable[[str], Generator], size: tuple[int, int]
    ) -> None:
        self._faults = Faults(log.warning)
        self._backstage = BackgroundLoader(load, self._faults)
        second = player.second  # loaded at once, as models are here
        self._steady = ResilientPlayer(player, self._backstage, self._faults, size=size)
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
