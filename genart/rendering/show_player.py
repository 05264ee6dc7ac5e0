"""ShowPlayer: renders a recorded show as it was played, including frames held after a fault."""

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
from genart.playback.supervisor import Supervisor

log = logging.getLogger("genart.playback.show")


def show_player(player: Player, load: Callable[[str], Generator], film: Film) -> Player:
    """Return a player that holds the last good frame after a fault, as a performance does.

    A grid is returned as it is: no performance shows one.

    Args:
        player: the player of the film.
        load: returns the generator of a name.
        film: its size is that of the frames.
    """
    if not isinstance(player, SketchPlayer) or film.size is None:
        return player
    return ShowPlayer(player, load, film.size)


class ShowPlayer:
    """A `ResilientPlayer` whose first frame must be good, and which waits for models."""

    def __init__(
        self, player: SketchPlayer, load: Callable[[str], Generator], size: tuple[int, int]
    ) -> None:
        self._faults = Faults(log.warning)
        supervisor = Supervisor(self._faults)
        self._loader = BackgroundLoader(load, supervisor)
        second = player.load_second  # the second model is loaded at once, too
        self._player = ResilientPlayer(player, self._loader, supervisor, size=size)
        player.load_second = second
        self._begun = False

    def set(self, path: str, value: Any) -> None:
        """Set a Param."""
        if path == "model.name":
            self._loader.get(value)
        self._player.set(path, value)

    def advance(self, t: Fraction) -> None:
        """Advance transport and tempo to time t in seconds."""
        self._player.advance(t)

    def frame(self, tick: Tick) -> Frame:
        """Return the frame of one tick, or the last good one.

        Raises:
            SketchError: the first frame failed.
        """
        frame = self._player.frame(tick)
        if self._player.failing and not self._begun:
            raise SketchError(self._faults.all()[0].message)
        self._begun = True
        return frame
