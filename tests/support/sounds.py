"""Sounds to listen to, made on the spot: clicks, tones and a small band."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
Samples = NDArray[np.float64]


def clicks(bpm: float, seconds: float, *, start: float = 0.3, level: float = 0.5) -> Samples:
    """Short pips at a tempo, the first at `start`."""
    at = np.arange(480) / RATE
    pip = level * np.sin(2 * np.pi * 1500 * at) * np.exp(-at / 0.002)
    sound = np.zeros(round(seconds * RATE))
    for time in np.arange(start, seconds, 60 / bpm):
        _add(sound, time, pip)
    return sound


def band(bpm: float, seconds: float, seed: int = 0) -> Samples:
    """Kick, snare, hats on the eighths, a bass in between and some hiss."""
    random, beat = np.random.default_rng(seed), 60 / bpm
    at = np.arange(RATE // 4) / RATE
    kick = 0.8 * np.sin(2 * np.pi * (50 * at - 3.6 * np.exp(-at / 0.03))) * np.exp(-at / 0.09)
    hiss = random.standard_normal(len(at))
    snare, hat = 0.4 * hiss * np.exp(-at / 0.05), 0.12 * np.diff(hiss, prepend=0)
    sound = 0.002 * random.standard_normal(round(seconds * RATE))
    for count, time in enumerate(np.arange(0, seconds, beat)):
        _add(sound, time, kick)
        for eighth in (time, time + beat / 2):
            _add(sound, eighth, hat * np.exp(-at / 0.015))
        if count % 2:
            _add(sound, time, snare)
        note = [55.0, 65.4, 49.0, 58.3][count // 4 % 4] * 2
        _add(sound, time + beat / 2, 0.15 * np.sin(2 * np.pi * note * at) * np.exp(-at / 0.1))
    return np.tanh(sound)


def tone(hertz: float, seconds: float = 1.0, level: float = 0.5) -> Samples:
    """A sine."""
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def save(path: Path, sound: Samples, rate: int = RATE) -> Path:
    """A sound as a WAV of 16 bits, (n,) or (n, channels)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if sound.ndim == 1 else sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def _add(sound: Samples, time: float, part: Samples) -> None:
    start = round(time * RATE)
    length = min(len(part), len(sound) - start)
    sound[start : start + max(length, 0)] += part[: max(length, 0)]
