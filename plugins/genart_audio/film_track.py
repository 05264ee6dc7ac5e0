"""The sound track of a film, analysed while the film is made."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from genart_audio.analysis import FEATURES, Analyser, Heard
from genart_audio.decoder import Sound

_BLOCK = 4096  # samples read at a time


class SoundTrack:
    """The features of a film's sound, hop by hop, which the mapping reads.

    Args:
        source: a sound or film file; it is repeated to the film's length.
        seconds: the film's length.
        ahead: seconds of the film before time 0, such as a title card.

    Attributes:
        features: the names that can be mapped.

    Raises:
        UsageError: no such file, or one without sound.
    """

    features = FEATURES

    def __init__(self, source: str | Path, *, seconds: float, ahead: float = 0.0) -> None:
        self._sound, self._ahead = Sound(source, seconds), ahead
        self._stream = self._all()
        self._next: Heard | None = None

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        """No changes: without a mapping a sound changes no Param."""
        return ()

    def heard(self, t: float) -> Iterator[tuple[float, str, float]]:
        """Each (time in seconds, feature, 0..1) that is new up to time t, oldest first."""
        while True:
            if self._next is None:
                self._next = next(self._stream, None)
            if self._next is None or self._next.t - self._ahead > t:
                return
            heard, self._next = self._next, None
            yield heard.t - self._ahead, heard.name, heard.value

    def close(self) -> None:
        """Stop reading."""
        self._next = None
        self._stream.close()
        self._sound.close()

    def _all(self) -> Generator[Heard, None, None]:
        analyser, last = Analyser(), dict[str, float]()
        while len(block := self._sound.read(_BLOCK)):
            yield from fresh(analyser.feed(block), last)
        yield from fresh(analyser.flush(), last)


def fresh(heard: Iterable[Heard], last: dict[str, float]) -> Iterator[Heard]:
    """Those whose value differs from `last`, which is updated."""
    for each in heard:
        if last.get(each.name) != each.value:
            last[each.name] = each.value
            yield each
