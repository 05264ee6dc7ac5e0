"""Listening while a performance plays."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import genart
from genart_audio import device
from genart_audio.analysis import FEATURES, RATE, Analyser
from genart_audio.beats import BPM_RANGE
from genart_audio.sound import SUFFIXES, Sound
from genart_audio.track import fresh

_SAID = 0.2  # seconds between two lines of the status
_FIRST, _LONGEST = 0.5, 10.0  # seconds before a device is tried again, doubled each time
_SEE = "docs/audio.md lists them."
_BLOCK = 480  # samples of a file at a time: 10 ms


class Source(Protocol):
    """What is listened to."""

    name: str
    rate: int

    def blocks(self, stopped: Event) -> Iterator[NDArray[np.float32]]:
        """Samples as they are heard, until `stopped`."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


class AudioControl:
    """Hears an input, or a file as if it were played, and moves what its features are mapped to.

    A device that is missing or pulled out is told once and tried again, sooner or later; nothing
    else stops for it.

    Args:
        source: part of an input's name, its number, "" for the system's own choice, or a sound
            or film file, which is heard over and over in its own time and not played.

    Attributes:
        features: the names that can be mapped.

    Raises:
        UsageError: no such file, or one without sound.
        MissingExtra: sounddevice is not installed.
    """

    name = "audio"
    features = FEATURES

    def __init__(self, source: str = "") -> None:
        path = Path(source)
        self._file = path if path.suffix.lower() in SUFFIXES or path.is_file() else None
        self._source = source
        if self._file is not None:
            Sound(self._file)
        else:
            device.check()
        self._stopped, self._tries = Event(), 0
        self._thread: Thread | None = None

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        """Nothing: what it hears comes by itself."""
        return ()

    def start(self, console: genart.Console) -> None:
        """Begin to listen, in a thread."""
        self._thread = Thread(
            target=self._listen, args=(console,), name="genart-audio", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(5)

    def _listen(self, console: genart.Console) -> None:
        while not self._stopped.is_set():
            try:
                with closing(self._opened()) as source:
                    self._hear(source, console)
            except Exception as error:  # a control is never raised into the picture
                console.fault(self.name, error)
            self._stopped.wait(min(_FIRST * 2**self._tries, _LONGEST))
            self._tries += 1

    def _opened(self) -> Source:
        if self._file is not None:
            return Played(self._file)
        return device.Microphone(self._source, again=self._tries > 0)

    def _hear(self, source: Source, console: genart.Console) -> None:
        analyser, last, said = Analyser(source.rate), dict[str, float](), 0.0
        for block in source.blocks(self._stopped):
            if not last:
                self._tries = 0
                console.settle(self.name)
                console.note(self.name, f"hears {source.name}, {source.rate} Hz")
            for _, name, value in fresh(analyser.feed(block), last):
                console.feed("audio", name, value)
            if last and time.monotonic() - said > _SAID:
                said = time.monotonic()
                _say(console, last)


def _say(console: genart.Console, last: dict[str, float]) -> None:
    console.say("audio/level", round(last["level"], 3))
    if "bpm" in last:
        low, high = BPM_RANGE
        console.say("audio/bpm", round(low + last["bpm"] * (high - low), 1))
    for light in console.lights("audio"):
        if light.source not in FEATURES:
            console.fault(
                "audio", genart.UnknownName("feature", light.source, FEATURES, "See docs/audio.md.")
            )


class Played:
    """A file, heard in its own time over and over.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.name, self.rate = path.name, RATE
        self._sound = Sound(path)

    def blocks(self, stopped: Event) -> Iterator[NDArray[np.float32]]:
        """10 ms at a time, each when it is due.

        Raises:
            DataError: the file cannot be read any more.
        """
        due = time.monotonic()
        while len(block := self._sound.read(_BLOCK)):
            due += len(block) / RATE
            if stopped.wait(max(due - time.monotonic(), 0.0)):
                return
            yield block
        raise genart.DataError(f'"{self._sound.path}" gives no more sound.')

    def close(self) -> None:
        """End the decoder."""
        self._sound.close()
