"""Onsets: the beginnings of sounds."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genart_audio.spectrum import Power, Spectrum

#: Seconds in which an onset or a beat decays to 1/e.
DECAY = 0.15
_LOW, _HIGH, _PER_OCTAVE = 30.0, 16_000.0, 4  # of the frequency bands
_COMPRESSION = 1000.0  # log(1 + 1000 x): sounds at -60 dB still count
_APART = 0.05  # the least seconds from one onset to the next
_MEMORY = 0.7  # seconds of flux for the threshold
_FLOOR, _TIMES = 0.05, 3.0  # flux above _FLOOR + _TIMES * median is an onset
_WEIGHTS = (
    (0.0, 0.5),
    (200.0, 0.3),
    (2000.0, 0.2),
)  # from a frequency in Hz on: share of the accent


class Envelope:
    """1 when it is triggered, then decaying.

    Args:
        hops: hops a second.
    """

    def __init__(self, hops: float) -> None:
        self._keep, self._now = math.exp(-1 / (DECAY * hops)), 0.0

    def __call__(self, struck: bool) -> float:
        """The value after one more hop."""
        fallen = self._now * self._keep
        self._now = 1.0 if struck else fallen if fallen > 1e-3 else 0.0
        return self._now


class Flux:
    """Spectral flux: the mean rise of log magnitudes in quarter-octave bands.

    Falls are ignored (Dixon, "Onset detection revisited", 2006); magnitudes are compressed
    (Klapuri 1999); and each is compared with the maximum of three neighbouring bands two hops
    before, so that vibrato does not count (Boeck and Widmer, "Maximum filter vibrato suppression
    for onset detection", 2013).

    Args:
        spectrum: computes the powers.
    """

    def __init__(self, spectrum: Spectrum) -> None:
        octaves = np.arange(0, math.log2(_HIGH / _LOW), 1 / _PER_OCTAVE)
        self._end = min(spectrum.bins(_HIGH), len(spectrum.frequencies))
        edges = {spectrum.bins(_LOW * 2.0**octave) for octave in octaves}
        self._edges = sorted(edge for edge in edges if edge < self._end)
        self._weights = _weights(spectrum.frequencies[self._edges])
        nothing = np.zeros(len(self._edges) + 2)
        self._before = deque([nothing, nothing], maxlen=2)  # with one more neighbour at both ends

    def __call__(self, power: Power) -> tuple[float, float]:
        """The flux, and the accent: the same with larger weights for low sounds."""
        bands = np.add.reduceat(power[: self._end], self._edges)
        level = np.log10(1 + _COMPRESSION * np.sqrt(bands))
        before = self._before[0]
        highest = np.maximum(np.maximum(before[:-2], before[1:-1]), before[2:])
        self._before.append(np.concatenate([level[:1], level, level[-1:]]))
        rise = np.maximum(level - highest, 0)
        return float(rise.mean()), float(np.dot(self._weights, rise))


def _weights(frequencies: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The weight of each band in the accent: the shares of lows, mids and highs, even in each."""
    part = np.searchsorted([start for start, _ in _WEIGHTS], frequencies, side="right") - 1
    shares = np.array([share for _, share in _WEIGHTS])
    return np.asarray(shares[part] / np.bincount(part, minlength=len(shares))[part], np.float64)


class Onsets:
    """Triggers the envelope when the flux exceeds its threshold.

    The threshold is a floor and a multiple of the running median (Bello et al., "A tutorial on
    onset detection in music signals", 2005) of past hops only, so that there is no delay.

    Args:
        hops: hops a second.
    """

    def __init__(self, hops: float) -> None:
        self._past: deque[float] = deque([0.0], maxlen=round(_MEMORY * hops))
        self._apart, self._since = round(_APART * hops), math.inf
        self._envelope = Envelope(hops)

    def __call__(self, flux: float) -> float:
        """The envelope 0..1 after one more hop."""
        threshold = _FLOOR + _TIMES * sorted(self._past)[len(self._past) // 2]
        self._past.append(flux)
        self._since += 1
        struck = flux > threshold and self._since >= self._apart
        self._since = 0 if struck else self._since
        return self._envelope(struck)
