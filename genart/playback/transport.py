"""Transport and tempo: how time becomes the phase of a walk."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from genart.params import Param


@dataclass
class Ramp:
    """A value that grows at a rate: exact while it is constant, without a jump when it changes.

    Exact means without accumulated rounding errors: `start + (t - since) * rate`, in fractions.
    """

    start: Fraction = Fraction(0)
    since: Fraction = Fraction(0)
    rate: Fraction = Fraction(0)

    def at(self, t: Fraction) -> Fraction:
        """The value at time t in seconds."""
        return self.start + (t - self.since) * self.rate

    def turn(self, t: Fraction, rate: Fraction) -> None:
        """Continue at another rate from time t."""
        if rate != self.rate:
            self.jump(t, float(self.at(t)))
            self.rate = rate

    def jump(self, t: Fraction, value: float) -> None:
        """Continue from another value at time t."""
        self.start, self.since = Fraction(value), t


class Transport:
    """Time as a phase 0..1, one cycle in `seconds`, or in a number of `beats`."""

    play = Param(True, help="The phase moves.")
    speed = Param(1.0, -16.0, 16.0, unit="x", help="Speed of the phase; below 0 backwards.")
    seconds = Param(
        8.0,
        0.01,
        1e7,
        unit="s",
        curve="log",
        label="cycle in seconds",
        help="Length of one cycle.",
    )
    beats = Param(
        0.0, 0.0, 1024.0, unit="beats", smooth=None, label="cycle in beats",
        help="Length of one cycle in beats; 0 uses transport.seconds.",
    )  # fmt: skip
    phase = Param(0.0, 0.0, 1.0, smooth=None, help="Position in the cycle; setting it jumps there.")

    def __init__(self) -> None:
        self._ramp = Ramp()  # in seconds, or in beats
        self._beats = 0.0
        self._shown = 0.0

    def advance(self, t: Fraction, loop: bool = True, beat: Fraction = Fraction(0)) -> None:
        """Advance the phase to time t in seconds, which is beat `beat`.

        In a film of n frames, frame i has phase i / n exactly. With loop the phase starts again at
        0; without, it stops at 0 and 1. Changing `beats` moves the phase to its position at that
        beat, so that cycles start on the bar; from there on it is summed up, as in seconds.
        """
        at = beat if self._beats else t
        if self.beats != self._beats:
            at = self._follow(at, t, beat)
        if self.phase != self._shown:
            self._ramp.jump(at, self.phase)
        turn = Fraction(self.beats or self.seconds).limit_denominator(1_000_000)
        self._ramp.turn(at, Fraction(self.speed) * self.play / turn)
        now = self._ramp.at(at)
        if not loop and not 0 <= now <= 1:
            now = Fraction(now > 1)
            self._ramp.jump(at, float(now))  # so that reversing starts at once
        self.phase = self._shown = float(now % 1 if loop else now)

    def _follow(self, before: Fraction, t: Fraction, beat: Fraction) -> Fraction:
        """Count in beats from now on, or in seconds; returns the current time on that scale."""
        self._beats, at = self.beats, beat if self.beats else t
        length = Fraction(self.beats).limit_denominator(1_000_000)
        self._ramp.start = beat / length % 1 if length else self._ramp.at(before)
        self._ramp.since = at
        return at


class Tempo:
    """Time in beats."""

    bpm = Param(120.0, 20.0, 400.0, unit="beats/min", smooth=0.0, help="Beats per minute.")
    offset = Param(0.0, -1e6, 1e6, unit="beats", help="Added to the beat, to nudge it.")
    quantum = Param(4, 1, 64, unit="beats", label="bar", help="Beats in a bar, as in Ableton Link.")
    launch = Param(
        0.0, 0.0, 64.0, unit="beats", smooth=None, label="cues start on",
        help="Cues start at the next multiple of this many beats; 0 starts them at once.",
    )  # fmt: skip

    def __init__(self) -> None:
        self._ramp = Ramp()
        #: `beat` as an exact fraction.
        self.exact = Fraction(0)

    @property
    def beat(self) -> float:
        """Beats since the start; the fraction is the position within the beat."""
        return float(self.exact)

    def advance(self, t: Fraction) -> None:
        """Advance the beat to time t in seconds."""
        self._ramp.turn(t, Fraction(self.bpm).limit_denominator(1_000_000) / 60)
        self.exact = self._ramp.at(t) + Fraction(self.offset)
