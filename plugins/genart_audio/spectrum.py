"""From a window of samples to powers, loudness, bands and brightness."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Power = NDArray[np.float64]

#: The edges of each band in Hz, with the names of mixing desks; they are adjacent.
BANDS = {
    "sub": (20.0, 60.0),
    "bass": (60.0, 250.0),
    "lowmid": (250.0, 500.0),
    "mid": (500.0, 2000.0),
    "high": (2000.0, 6000.0),
    "air": (6000.0, 20000.0),
}
_QUIETEST = 60.0  # dB below full scale at which `level` is 0
_SPAN = 30.0  # dB below its peak at which a band is 0
_HUSH = -40.0  # dBFS: the least peak of a band, so that hiss stays small
_BELOW = 40.0  # dB below the loudest band's peak: the least peak of the others
_FALL = 1.5  # dB a second by which a band's peak falls
_DULL, _BRIGHT = 100.0, 10_000.0  # Hz at which the centroid is 0 and 1
_SILENT = 1e-9  # power (-90 dBFS) below which there is no centroid


class Spectrum:
    """Powers by frequency of a window with a Hann window function (Harris 1978).

    Args:
        window: how many samples.
        rate: samples per second.

    Attributes:
        frequencies: of the powers, in Hz.
    """

    def __init__(self, window: int, rate: int) -> None:
        self.frequencies = np.fft.rfftfreq(window, 1 / rate)
        self._hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        self._energy = float(np.square(self._hann).sum())

    def __call__(self, samples: NDArray[np.floating[Any]]) -> tuple[Power, float]:
        """The powers, and the mean square of the samples.

        Both are scaled so that a sine at full scale has a sum of 1: by AES17, that is 0 dBFS.
        """
        shaped = samples * self._hann
        found = np.fft.rfft(shaped)
        power = (found.real**2 + found.imag**2) * (4 / (self._energy * len(samples)))
        return power, 2 * float(np.dot(shaped, shaped)) / self._energy

    def bins(self, hertz: float) -> int:
        """The index of the first power at a frequency or above."""
        return int(np.searchsorted(self.frequencies, hertz))


def decibels(power: float) -> float:
    """Power in dB: 1 is 0 dB; silence is -120."""
    return 10 * math.log10(max(power, 1e-12))


def loudness(mean_square: float) -> float:
    """-60 dBFS to 0 dBFS as 0..1."""
    return _unit(1 + decibels(mean_square) / _QUIETEST)


class Bands:
    """Each band relative to its recent peak, so that quiet and loud music have the same effect.

    The peak rises at once and falls by 1.5 dB a second, never below -40 dBFS nor more than 40 dB
    below the loudest band's; at the peak a band is 1, and 30 dB below it 0.

    Args:
        spectrum: computes the powers.
        hops: hops a second.
    """

    def __init__(self, spectrum: Spectrum, hops: float) -> None:
        starts = [spectrum.bins(low) for low, _ in BANDS.values()]
        self._edges = [min(start, len(spectrum.frequencies) - 1) for start in starts]
        self._end = min(spectrum.bins(BANDS["air"][1]), len(spectrum.frequencies))
        self._fall = _FALL / hops
        self._peaks = dict.fromkeys(BANDS, _HUSH)

    def __call__(self, power: Power) -> dict[str, float]:
        """Band to 0..1."""
        sums = np.add.reduceat(power[: self._end], self._edges).tolist()
        now = {name: decibels(each) for name, each in zip(BANDS, sums, strict=True)}
        for name, level in now.items():
            self._peaks[name] = max(self._peaks[name] - self._fall, level, _HUSH)
        least = max(self._peaks.values()) - _BELOW
        return {
            name: _unit(1 + (level - max(self._peaks[name], least)) / _SPAN)
            for name, level in now.items()
        }


class Centroid:
    """The brightness of the sound; silence leaves it unchanged.

    The centre of the magnitudes over frequency (Grey and Gordon 1978), on a scale of octaves.

    Args:
        spectrum: computes the powers.
    """

    def __init__(self, spectrum: Spectrum) -> None:
        self._frequencies = spectrum.frequencies
        self._last = 0.0

    def __call__(self, power: Power) -> float:
        """100 Hz to 10 kHz as 0..1."""
        if float(power.sum()) > _SILENT:
            magnitude = np.sqrt(power)
            centre = float(np.dot(self._frequencies, magnitude) / magnitude.sum())
            octaves = math.log(max(centre, 1.0) / _DULL) / math.log(_BRIGHT / _DULL)
            self._last = _unit(octaves)
        return self._last


def _unit(x: float) -> float:
    return min(max(x, 0.0), 1.0)
