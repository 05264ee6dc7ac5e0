"""Beats: the phase of the beat, and a prediction of the next one."""

from __future__ import annotations

import numpy as np

from genart_audio.onsets import Envelope
from genart_audio.tempo import EVERY, SURE, Row, Tempo, at, blurred

#: The range of the feature `bpm`: that of `tempo.bpm`.
BPM_RANGE = (20.0, 400.0)
_MEMORY = 8.2  # seconds of flux from which tempo and beat are estimated
_FIRST = 2.0  # seconds before the first estimate
_UNSURE = 0.15  # confidence below which there are no beats
_SILENT, _HUSH = 2.0, 0.01  # seconds of flux below _HUSH after which there are no beats
_FADE = 0.9  # the weight of each older beat relative to the next
_PULL = 0.12  # the share of the phase error that each estimate corrects
_ASTRAY, _PATIENCE = (
    0.2,
    2.0,
)  # an error of so many beats that lasts so many seconds is corrected at once
_LAG = 2.25  # hops from a beat, live, to the peak of its flux: beats are reported so much earlier


def in_bpm(x: float) -> float:
    """The beats per minute of a value of the feature `bpm`."""
    low, high = BPM_RANGE
    return low + x * (high - low)


class Beats:
    """Tracks the beat.

    The flux is summed at whole periods back from now, with larger weights for newer ones, like a
    bank of comb filters (Scheirer, "Tempo and beat analysis of acoustic musical signals", 1998).
    The maximum of the sum is the beat; an oscillator at the estimated tempo is pulled towards it
    (Large and Kolen 1994), so that a beat is predicted before it is heard.

    Args:
        hops: hops a second.
    """

    def __init__(self, hops: float) -> None:
        self._hops = hops
        self._flux: Row = np.zeros(round(_MEMORY * hops))
        self._seen, self._since = 0, 0.0
        self._tempo = Tempo(hops, len(self._flux))
        self._phase, self._astray = 0.0, 0
        self._going = False
        self._envelope = Envelope(hops)

    def __call__(self, flux: float) -> dict[str, float]:
        """The features `beat`, `phase`, `confidence`, and `bpm` once there is a tempo."""
        self._flux = np.append(self._flux[1:], flux)
        self._seen += 1
        struck = self._advance()
        if self._seen % EVERY == 0 and self._seen >= _FIRST * self._hops:
            self._look()
        features = {
            "beat": self._envelope(struck),
            "phase": self._phase,
            "confidence": self._tempo.confidence,
        }
        bpm, (low, high) = self._tempo.reported, BPM_RANGE
        return features if bpm is None else {**features, "bpm": (bpm - low) / (high - low)}

    def _advance(self) -> bool:
        """Advance by one hop; returns whether that reaches a beat."""
        if not self._going:
            return False
        self._since += 1
        self._phase += 1 / self._tempo.period
        if self._phase < 1:
            return False
        self._phase %= 1
        fresh = self._since > self._tempo.period / 2  # otherwise it was moved back over a beat
        self._since = 0.0 if fresh else self._since
        return fresh

    def _look(self) -> None:
        heard = self._flux[-min(self._seen, len(self._flux)) :]
        silent = heard[-round(_SILENT * self._hops) :].max() < _HUSH
        if not silent:
            self._tempo.look(heard)
        else:
            self._tempo.confidence = 0.0
        if not self._going:
            self._going = self._tempo.confidence >= SURE
            self._phase = self._found() if self._going else 0.0
            return
        self._going = self._tempo.confidence >= _UNSURE
        self._phase = self._drawn() if self._going else 0.0

    def _drawn(self) -> float:
        """The phase, corrected towards the estimate; at once if the error lasted long."""
        found = self._found()
        error = (found - self._phase + 0.5) % 1 - 0.5
        self._astray = self._astray + 1 if abs(error) > _ASTRAY else 0
        if self._astray * EVERY > _PATIENCE * self._hops:
            self._astray = 0
            return found
        return float(np.clip(self._phase + _PULL * error, 0.0, 1.0))

    def _found(self) -> float:
        """The phase 0..1 estimated from the flux alone."""
        period = self._tempo.period
        steps = np.arange(round(2 * period)) / 2  # half hops back from now
        periods = np.arange(int(len(self._flux) / period))
        combs = at(self._flux, len(self._flux) - 1 - (steps[:, None] + periods * period))
        best = steps[int(np.argmax(blurred(combs @ _FADE**periods)))]
        return float((best + _LAG) / period % 1)
