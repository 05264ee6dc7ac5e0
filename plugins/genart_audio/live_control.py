"""The controls "audio" and "beat" of a performance."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import genart
from genart_audio import input_device
from genart_audio.analysis import (
    FEATURES,
    RATE,
    Analyser,
    Heard,
)
from genart_audio.beats import in_bpm
from genart_audio.decoder import SUFFIXES, Sound
from genart_audio.film_track import fresh
from genart_audio.spectrum import BANDS

_INTERVAL = 0.2  # seconds between two updates of the status
_FIRST, _LONGEST = 0.5, 10.0  # seconds before a device is tried again, doubled each time
#: Features that are 0 in silence.
_LOUD = ("level", *BANDS, "onset", "beat", "confidence")
_DRIFT = 1e-5  # seconds a hop by which a sound card may be slower than our clock
_SEE = "docs/audio.md lists them."
_BLOCK = 480  # samples of a file at a time: 10 ms


class Source(Protocol):
    """A source of sound."""

    name: str
    rate: int

    def blocks(self, stopped: Event) -> Iterator[NDArray[np.float32]]:
        """Samples as they arrive, until `stopped`."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


class AudioControl:
    """Analyses an input, or a file in real time, and feeds its features to the mapping.

    A device that is missing or plugged out is reported once and tried again, with growing waits;
    nothing else stops because of it.

    Args:
        source: part of an input's name, its number, "" for the system's default, or a sound or
            film file, which is analysed again and again in real time and not played.
        follows: whether the tempo of the performance follows the beat.

    Attributes:
        features: the names that can be mapped.

    Raises:
        UsageError: no such file, or one without sound.
        MissingExtra: sounddevice is not installed.
    """

    name = "audio"
    features = FEATURES

    def __init__(self, source: str = "", *, follows: bool = False) -> None:
        path = Path(source)
        self._file = path if path.suffix.lower() in SUFFIXES or path.is_file() else None
        self._source, self._follows = source, follows
        if self._file is not None:
            Sound(self._file)
        else:
            input_device.check()
        self._stopped, self._tries, self._hears = Event(), 0, False
        self._thread: Thread | None = None

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        """No changes: features go to the console."""
        return ()

    def start(self, console: genart.live.Console) -> None:
        """Start to listen, in a thread."""
        self._thread = Thread(
            target=self._listen, args=(console,), name="genart-audio", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(5)

    def _listen(self, console: genart.live.Console) -> None:
        while not self._stopped.is_set():
            try:
                with closing(self._opened()) as source:
                    self._hear(source, console)
            except Exception as error:  # an error in a control must not stop the engine
                console.fault(self.name, error)
                self._hush(console)
            self._stopped.wait(min(_FIRST * 2**self._tries, _LONGEST))
            self._tries += 1

    def _opened(self) -> Source:
        if self._file is not None:
            return Played(self._file)
        return input_device.Microphone(self._source, again=self._tries > 0)

    def _hear(self, source: Source, console: genart.live.Console) -> None:
        analyser, last = Analyser(source.rate), dict[str, float]()
        status, follower = Status(console), Follower(console) if self._follows else None
        for count, block in enumerate(source.blocks(self._stopped)):
            if count == 0:
                self._tries, self._hears = 0, True
                console.settle(self.name)
                console.note(self.name, f"hears {source.name}, {source.rate} Hz")
            for heard in fresh(analyser.feed(block), last):
                console.feed("audio", heard.name, heard.value)
                if follower is not None:
                    follower(heard)
            status(last)

    def _hush(self, console: genart.live.Console) -> None:
        """Set the loudness features to 0 when a device is gone; other changes are kept."""
        for name in _LOUD if self._hears else ():
            console.feed("audio", name, 0.0)
        self._hears = False


class Follower:
    """Makes the tempo of a performance follow the beat that is heard.

    Beats are counted from the first one heard; a nudge chooses which of them starts a bar.

    Args:
        console: the console of the performance.
    """

    def __init__(self, console: genart.live.Console) -> None:
        self._console = console
        self._lag, self._beats, self._bpm = math.inf, 0, 0.0

    def __call__(self, heard: Heard) -> None:
        """Use a feature as soon as it is known."""
        if heard.name == "bpm":
            self._bpm = in_bpm(heard.value)
        elif heard.name == "phase":  # threads may wake up late, but never early
            self._lag = min(self._lag + _DRIFT, self._console.clock() - heard.t)
        elif heard.name == "beat" and heard.value == 1.0 and self._lag < math.inf:
            self._beats += 1
            when = heard.t + self._lag
            self._console.follow(when, float(self._beats), self._bpm or None, "audio")


class Status:
    """Shows a few times per second what is heard.

    Args:
        console: the console of the performance.
    """

    def __init__(self, console: genart.live.Console) -> None:
        self._console, self._shown = console, -math.inf
        self._unknown: set[str] = set()

    def __call__(self, last: Mapping[str, float]) -> None:
        """Show it if it is time."""
        now = time.monotonic()
        if not last or now - self._shown < _INTERVAL:
            return
        self._shown = now
        self._console.say("audio/level", round(last["level"], 3))
        if "bpm" in last:
            self._console.say("audio/bpm", round(in_bpm(last["bpm"]), 1))
        for name in {light.source for light in self._console.lights("audio")} - self._unknown:
            if name not in FEATURES:
                self._unknown.add(name)
                unknown = genart.errors.UnknownName("audio feature", name, FEATURES, _SEE)
                self._console.fault("mapping", unknown)


class Played:
    """A file, read in real time again and again.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.name, self.rate = path.name, RATE
        self._sound = Sound(path)

    def blocks(self, stopped: Event) -> Iterator[NDArray[np.float32]]:
        """Blocks of 10 ms, each when it is due.

        Raises:
            DataError: the file can no longer be read.
        """
        due = time.monotonic()
        while len(block := self._sound.read(_BLOCK)):
            due += len(block) / RATE
            if stopped.wait(max(due - time.monotonic(), 0.0)):
                return
            yield block
        raise genart.DataError(f'"{self._sound.path}" cannot be read any more.')

    def close(self) -> None:
        """Stop the decoder."""
        self._sound.close()
