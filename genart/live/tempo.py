"""The tempo of a performance: taps, nudges, external beats, and cues that wait for a beat.

The beat itself is `transport.Tempo`: summed up over time, so that a change of tempo never makes it
jump. Everything here changes the Params `tempo.bpm` and `tempo.offset`, so a show records it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from genart.errors import ParamError
from genart.live.store import Store
from genart.playback.tap_tempo import PAUSE, Taps

#: An external beat within this many seconds of the own beat is equal.
CLOSE = 1e-3
#: An error up to so many beats is corrected gradually; a larger one at once.
NEAR = 0.25
#: How long that takes, in seconds: above 45 beats per minute the beat never stops.
GLIDE = 0.5
_HAIR = 1e-6  # beats: rounding error
_SHORTEST = 1e-3  # beats: the smallest step to wait for


class TempoControl:
    """The actions of the tempo, and what waits for a beat.

    It is also a Control, asked before every frame: what waits is done then.

    Args:
        store: where `tempo.bpm` and `tempo.offset` are changed.

    Attributes:
        waiting: what waits for a beat, "" for nothing.
    """

    name = "tempo"

    def __init__(self, store: Store) -> None:
        self.store = store
        self.waiting = ""
        self._taps = Taps()
        self._lock = threading.RLock()
        self._seen: tuple[float, float] | None = None  # a time, and the beat without the offset
        self._due: tuple[float, Callable[[], object]] | None = None
        self._lead, self._followed = 0.0, -math.inf

    def observe(self, t: float, beat: float, offset: float | None = None) -> None:
        """Report the beat at time t; the engine does so every tick.

        Args:
            t: seconds.
            beat: the beat at that time.
            offset: how much of `tempo.offset` is included, which may still be fading in; None
                for all of it.
        """
        self._seen = (t, beat - (self._offset() if offset is None else offset))

    def beat(self, t: float) -> float | None:
        """The beat at time t once the offset has faded in, or None before a beat was reported."""
        if self._seen is None:
            return None
        since, beat = self._seen
        return beat + (t - since) * self._bpm() / 60 + self._offset()

    def tap(self, args: tuple[Any, ...] = (), source: str = "") -> None:
        """A tap now: two or more set the tempo; from the fourth on, taps are whole beats."""
        now = self.store.clock()
        beat = self.beat(now)
        bpm = self._taps.tap(now)
        if bpm is None:
            return
        self.store.put("tempo.bpm", bpm, source)
        if beat is not None and self._taps.count >= 4:
            self._move(round(beat) - beat, source)

    def nudge(self, args: tuple[Any, ...] = (), source: str = "") -> None:
        """Move the beat by args[0] beats, -4..4: above 0 it comes earlier.

        Raises:
            ParamError: not a number, or out of range.
        """
        step = args[0] if args else None
        if isinstance(step, bool) or not isinstance(step, (int, float)) or not abs(step) <= 4:
            raise ParamError(f"a nudge is -4..4 beats, not {step!r}.")
        with self._lock:
            self._lead += step
            self._move(float(step), source)

    def follow(self, t: float, beat: float, bpm: float | None = None, source: str = "") -> None:
        """Follow an external beat, such as Ableton Link's.

        The beats agree modulo `tempo.quantum`, so that bars start together. An error below 1 ms is
        ignored, one of up to a quarter of a beat is corrected within half a second, and a larger
        one at once. A nudge is kept: it compensates for a slow projector.

        Args:
            t: seconds on the performance's clock.
            beat: the external beat at that time.
            bpm: the external tempo, or None to leave the tempo alone.
            source: who reports it.
        """
        with self._lock:
            mine, before = self.beat(t), self._bpm()
            if t - self._followed > PAUSE:
                self._lead = 0.0
            self._followed = t
            if bpm is not None and abs(bpm - before) > 1e-6:
                self.store.put("tempo.bpm", bpm, source)
            if mine is None:
                return
            bar = float(self.store.current("tempo.quantum"))
            error = (beat + self._lead - mine + bar / 2) % bar - bar / 2
            if abs(error) > CLOSE * before / 60:
                fade = GLIDE if abs(error) <= NEAR else 0.0
                self.store.put("tempo.offset", self._offset() + error, source, fade=fade)

    @property
    def followed(self) -> tuple[str, ...]:
        """The Params that an external beat controls now: the tempo, or none."""
        return ("tempo.bpm",) if self.store.clock() - self._followed <= PAUSE else ()

    def launch(self, what: str, do: Callable[[], object], beats: float | None = None) -> None:
        """Do something at the next multiple of so many beats; what waited before is dropped.

        Args:
            what: its name, for the status.
            do: called on the engine's thread before the frame of that beat.
            beats: None takes `tempo.launch`; 0 does it now.

        Raises:
            ParamError: beats below 0.
        """
        every = float(self.store.current("tempo.launch")) if beats is None else beats
        beat = self.beat(self.store.clock())
        with self._lock:
            self._due, self.waiting = None, ""
            if not 0 <= every < _SHORTEST and beat is not None:
                self._due, self.waiting = (next_beat(beat, every), do), what
                return
        do()

    def changes(self, t: float) -> tuple[()]:
        """Do what waits if its beat has come at time t in seconds; no changes."""
        with self._lock:
            beat = self.beat(t)
            if self._due is None or beat is None or beat < self._due[0] - _HAIR:
                return ()
            (_, do), self._due, self.waiting = self._due, None, ""
        do()
        return ()

    def _bpm(self) -> float:
        return float(self.store.current("tempo.bpm"))

    def _offset(self) -> float:
        return float(self.store.current("tempo.offset"))

    def _move(self, beats: float, source: str) -> None:
        with self._lock:
            self.store.put("tempo.offset", self._offset() + beats, source)


def next_beat(beat: float, every: float = 1.0) -> float:
    """The next whole multiple of `every` beats after this beat; 4 is a bar of four.

    Raises:
        ParamError: `every` is below 0.001.
    """
    if not _SHORTEST <= every < math.inf:
        raise ParamError(f"Beats are counted in steps of {_SHORTEST} or more, not {every}.")
    return (math.floor(beat / every) + 1) * every
