"""Tempo: the period of the beat, from the autocorrelation of the flux of onsets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]

#: The range of tempi in beats per minute.
SLOWEST, FASTEST = 50.0, 210.0
#: Hops between two estimates of the tempo.
EVERY = 8
#: Confidence from which a tempo is used.
SURE = 0.25
_STEPS = 400  # candidate tempi, evenly spaced by octaves
_NEAR = 10  # steps within which a tempo counts as the same
_USUAL, _SPREAD = 120.0, 1.0  # beats per minute and octaves: the preferred tempo of listeners
_ON = (1, 2, 3, 4)  # periods at which a tempo repeats
_OFF = (
    1 / 2,
    3 / 2,
    5 / 2,
    7 / 2,
    1 / 3,
    2 / 3,
    4 / 3,
    5 / 3,
    7 / 3,
    8 / 3,
)  # periods between them
_BETWEEN = 0.4  # the weight of those against a tempo
_REACH = 0.6  # the share of the memory that is correlated
_SETTLE = 2.0  # seconds over which estimates are averaged
_SWITCH = 1.08  # how much better another tempo must be
_FAINT = 1e-3  # variance of the flux below which the confidence is 0
_SAME = 0.05  # beats per minute: smaller differences are not reported


class Tempo:
    """Estimates the period of the flux.

    The autocorrelation is summed at one to four periods, minus its values at halves and thirds
    between them, so that neither half nor one and a half times the tempo scores as high; it is
    weighted towards 120 beats per minute by octaves (Ellis, "Beat tracking by dynamic programming",
    2007), and averaged over 2 s. The period is read from the peak nearest to four periods.

    Args:
        hops: hops a second.
        memory: how many hops of flux an estimate uses.

    Attributes:
        period: in hops.
        confidence: how much of the flux repeats with it, 0..1.
        reported: beats per minute reported, None before the first; it changes in useful steps.
    """

    def __init__(self, hops: float, memory: int) -> None:
        self._hops = hops
        octaves = np.linspace(np.log2(SLOWEST), np.log2(FASTEST), _STEPS)
        self._periods = 60 * hops / 2.0**octaves
        self._prior = np.exp(-0.5 * ((octaves - np.log2(_USUAL)) / _SPREAD) ** 2)
        self._on = Interpolation(np.outer(_ON, self._periods), memory)
        self._off = Interpolation(np.outer(_OFF, self._periods), memory)
        self._size = 1 << (2 * memory - 1).bit_length()
        self._keep = float(np.exp(-EVERY / (_SETTLE * hops)))
        self._score: Row = np.zeros(_STEPS)
        self._chosen: int | None = None
        self.period, self.confidence = 60 * hops / _USUAL, 0.0
        self.reported: float | None = None

    def look(self, flux: Row) -> None:
        """Estimate from the flux of the last hops, oldest first."""
        correlation = self._correlation(flux)
        self._score = self._averaged(self._score, self._scored(correlation, _REACH * len(flux)))
        self._chosen = self._best()
        self.period = _refined(correlation, float(self._periods[self._chosen]))
        returns = at(correlation, self.period * np.array(_ON))
        sure = min(max(float(returns.mean()), 0.0), 1.0)
        self.confidence = self._averaged(self.confidence, sure)
        bpm = 60 * self._hops / self.period
        if self.confidence >= SURE and (self.reported is None or abs(bpm - self.reported) > _SAME):
            self.reported = bpm

    def _averaged(self, before: Any, now: Any) -> Any:
        return self._keep * before + (1 - self._keep) * now

    def _correlation(self, flux: Row) -> Row:
        centred = blurred(flux)
        spectrum = np.fft.rfft(centred - centred.mean(), self._size)
        summed = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[: len(flux)]
        mean = summed / np.arange(len(flux), 0, -1)
        return np.asarray(mean / (mean[0] + _FAINT), np.float64)

    def _scored(self, correlation: Row, reach: float) -> Row:
        on, off = (
            np.where(places.at <= reach, places(correlation), 0.0).sum(axis=0)
            / np.maximum((places.at <= reach).sum(axis=0), 1)
            for places in (self._on, self._off)
        )
        twice = self._on.at[1] <= reach
        score = np.where(twice, np.maximum(on - _BETWEEN * off, 0.0), 0.0)
        return np.asarray(score * self._prior, np.float64)

    def _best(self) -> int:
        best = int(np.argmax(self._score))
        if self._chosen is None:
            return best
        low = max(self._chosen - _NEAR, 0)
        near = low + int(np.argmax(self._score[low : self._chosen + _NEAR + 1]))
        return best if self._score[best] > _SWITCH * self._score[near] else near


def _refined(correlation: Row, period: float) -> float:
    """The period from the peaks near one, two and four of it, each between hops (a parabola)."""
    for times in (1, 2, 4):
        middle = round(period * times)
        if middle + 5 > len(correlation) * _REACH:
            return period
        low = max(middle - 3, 1)
        peak = low + int(np.argmax(correlation[low : middle + 4]))
        before, top, after = correlation[peak - 1 : peak + 2]
        bend = before - 2 * top + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
        period = (peak + min(max(float(shift), -1.0), 1.0)) / times
    return period


class Interpolation:
    """Positions between the values of a row, for linear interpolation.

    Args:
        at: the positions, of any shape.
        length: the rows are as long or shorter.
    """

    def __init__(self, at: NDArray[np.floating[Any]], length: int) -> None:
        self.at = at
        self._low = np.clip(np.floor(at), 0, length - 2).astype(np.intp)
        self._share = at - self._low
        self._length = length

    def __call__(self, row: Row) -> Row:
        """The interpolated values of a row; 0 outside."""
        whole = row if len(row) == self._length else np.pad(row, (0, self._length - len(row)))
        low, high = whole[self._low], whole[self._low + 1]
        inside = (self.at >= 0) & (self.at <= len(row) - 1)
        return np.where(inside, low + (high - low) * self._share, 0.0)


def at(row: Row, places: NDArray[np.floating[Any]]) -> Row:
    """A row at positions between its values, by linear interpolation; 0 outside."""
    return Interpolation(places, len(row))(row)


def blurred(row: Row) -> Row:
    """Each value averaged with two neighbours on each side, around a circle."""
    weights = (0.25, 0.75, 1.0, 0.75, 0.25)
    return np.asarray(sum(w * np.roll(row, k - 2) for k, w in enumerate(weights)), np.float64)
