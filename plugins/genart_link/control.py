"""The control: a peer of an Ableton Link session.

Before every frame it reads the session: `tempo.bpm` follows the session's tempo, and the beat the
session's beat modulo `tempo.quantum`; see `Console.follow`. A tempo changed in genart is sent to
the session. Link's threads never call Python.

Link is "a technology that synchronizes musical beat, tempo, and phase" (Goltz, "Ableton Link: A
technology to synchronize music software", Linux Audio Conference 2018). The library is free
software under the GPL, version 2 or later; a program that includes it must be distributed on those
terms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import link

import genart

_BPM, _PLAY = "tempo.bpm", "transport.play"
#: Tempos closer than this, in beats per minute, are equal: Link keeps whole microseconds a beat.
_SAME = 0.01


class Link:
    """Joins the session of the network, or starts one.

    Args:
        source: "play" shares start and stop as well; "" does not.

    Raises:
        UsageError: another source.
    """

    name = "link"

    def __init__(self, source: str = "") -> None:
        if source not in ("", "play"):
            raise genart.UsageError(f'"{source}" is unknown to Link; use "link" or "link:play".')
        self._shares_play = source == "play"
        self._leave: Callable[[], None] = lambda: None
        self._console: genart.live.Console | None = None
        self._session: Any = None
        self._bpm = self._bpm_set = 0.0  # of the session; set here, 0 for not
        self._playing: bool | None = None
        self._play_set: bool | None = None
        self._peers = -1

    def start(self, console: genart.live.Console) -> None:
        """Join with the current tempo; a session that plays already keeps its tempo."""
        self._console, self._bpm = console, float(console.current(_BPM))
        self._session = link.Link(self._bpm)
        self._session.startStopSyncEnabled = self._shares_play
        self._session.enabled = True
        self._leave = console.subscribe(self._heard)

    def close(self) -> None:
        """Leave the session."""
        self._leave()
        if self._session is not None:
            self._session.enabled = False

    def changes(self, t: float) -> list[tuple[str, Any]]:
        """Synchronise tempo and beat at time t; no changes. In a film there is no session."""
        if self._console is None:
            return []
        self._count(self._session.numPeers())
        state = self._session.captureAppSessionState()
        micros = self._micros(t)
        changed = self._tell_tempo(state, micros)
        if self._shares_play:
            changed |= self._share_play(state, micros)
        if changed:
            self._session.commitAppSessionState(state)
        self._follow(state, micros, t)
        return []

    def _micros(self, t: float) -> int:
        """Link's time in microseconds at time t in seconds of the performance."""
        assert self._console is not None
        looks = []
        for _ in range(3):  # the reading that was interrupted least
            before = self._console.clock()
            micros: int = self._session.clock().micros()
            after = self._console.clock()
            looks.append((after - before, micros - 5e5 * (before + after)))
        return round(min(looks)[1] + 1e6 * t)

    def _follow(self, state: Any, micros: int, t: float) -> None:
        assert self._console is not None
        self._bpm = state.tempo()
        ours = float(self._console.current(_BPM))
        highest = self._console.tree[_BPM].max or self._bpm
        if self._bpm > highest:
            self._console.fault(
                self.name, f"The session's tempo is above {highest:g}; not followed."
            )
            return
        quantum = float(self._console.current("tempo.quantum"))
        bpm = ours if abs(self._bpm - ours) < _SAME else round(self._bpm, 3)
        self._console.follow(t, state.beatAtTime(micros, quantum), bpm, self.name)
        self._console.settle(self.name)

    def _tell_tempo(self, state: Any, micros: int) -> bool:
        """Send a tempo that was set here to the session; returns whether there was one."""
        bpm, self._bpm_set = self._bpm_set, 0.0
        if not bpm or abs(bpm - state.tempo()) < _SAME:
            return False
        state.setTempo(bpm, micros)
        return True

    def _share_play(self, state: Any, micros: int) -> bool:
        """Start and stop together; returns whether the session must be updated."""
        assert self._console is not None
        playing, self._play_set = self._play_set, None
        if playing is not None and playing != state.isPlaying():
            state.setIsPlaying(playing, micros)
            self._playing = playing
            return True
        if self._playing is not None and state.isPlaying() != self._playing:
            self._console.put(_PLAY, state.isPlaying(), self.name)
        self._playing = state.isPlaying()
        return False

    def _heard(self, path: str, value: Any, source: str) -> None:
        """A Param was changed, on any thread; the next frame handles it."""
        if source == self.name:
            return
        if path == _BPM:
            self._bpm_set = float(value)
        elif path == _PLAY:
            self._play_set = bool(value)

    def _count(self, peers: int) -> None:
        if peers != self._peers and self._console is not None:
            self._peers = peers
            self._console.say("link", peers)
