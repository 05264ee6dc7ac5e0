"""Features of sound, hop by hop: the same for a file and for a microphone.

A window of 2048 samples moves by 512, which is 10.7 ms at 48 kHz. Every feature is 0..1 and depends
on the samples alone, not on the size of the blocks they come in.

| feature | is |
|---|---|
| `level` | loudness: -60 dBFS is 0, 0 dBFS (a sine at full scale, AES17) is 1 |
| `sub` `bass` `lowmid` `mid` `high` `air` | the loudness of a band relative to its recent peak |
| `centroid` | brightness: the centre of the spectrum, 100 Hz to 10 kHz, by octaves |
| `onset` | 1 at an onset, then decaying by 1/e in 0.15 s |
| `beat` | 1 on each beat, decaying alike; it is predicted, so it has no delay |
| `phase` | the position within the beat |
| `bpm` | the tempo: 0 is 20 and 1 is 400 beats per minute, the range of `tempo.bpm` |
| `confidence` | the confidence of the tempo |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genart_audio.beats import Beats
from genart_audio.onsets import Flux, Onsets
from genart_audio.spectrum import BANDS, Bands, Centroid, Spectrum, loudness

#: The sample rate of the analysis, unless a device has another one.
RATE = 48_000
WINDOW, HOP = 2048, 512
FEATURES = ("level", *BANDS, "centroid", "onset", "beat", "phase", "bpm", "confidence")
_LOUDEST = 16.0  # values beyond this, from a broken driver, are clipped

Samples = NDArray[np.floating[Any]]


class Heard(NamedTuple):
    """One feature at one time.

    Args:
        t: the middle of its window in seconds of the sound; it is known 1024 samples later.
        name: one of `FEATURES`.
        value: 0..1.
    """

    t: float
    name: str
    value: float


class Analyser:
    """Computes features from a stream of samples.

    Args:
        rate: samples per second, 8000..192000.
    """

    def __init__(self, rate: int = RATE) -> None:
        self.rate = rate
        hops = rate / HOP
        self._spectrum = Spectrum(WINDOW, rate)
        self._bands, self._centroid = Bands(self._spectrum, hops), Centroid(self._spectrum)
        self._flux, self._onsets, self._beats = Flux(self._spectrum), Onsets(hops), Beats(hops)
        self._rest = np.zeros(WINDOW // 2)  # so that the middle of the first window is time 0
        self._count = 0

    def feed(self, samples: Samples) -> Iterator[Heard]:
        """The features of every hop that these samples complete, oldest first.

        Args:
            samples: float (n,) or (n, channels), full scale -1..1, any n; channels are averaged.
                Values that are not finite count as silence.
        """
        self._rest = np.concatenate([self._rest, _mono(samples)])
        start = 0
        while start + WINDOW <= len(self._rest):
            yield from self._hop(self._rest[start : start + WINDOW])
            start += HOP
        self._rest = self._rest[start:].copy()

    def flush(self) -> Iterator[Heard]:
        """The features up to the end of the sound, with silence after it."""
        return self.feed(np.zeros(WINDOW))

    def _hop(self, window: Samples) -> Iterator[Heard]:
        t = self._count * HOP / self.rate
        self._count += 1
        power, mean_square = self._spectrum(window)
        flux, accent = self._flux(power)
        values = {
            "level": loudness(mean_square),
            **self._bands(power),
            "centroid": self._centroid(power),
            "onset": self._onsets(flux),
            **self._beats(accent),
        }
        for name, value in values.items():
            yield Heard(t, name, value)


def _mono(samples: Samples) -> NDArray[np.float64]:
    mixed = np.asarray(samples, np.float64)
    mixed = mixed if mixed.ndim == 1 else mixed.mean(axis=1)
    quiet = np.nan_to_num(mixed, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(quiet, -_LOUDEST, _LOUDEST)
