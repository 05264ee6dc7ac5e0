"""Sound as a control: level, bands, onsets and beats of an input, or of a film's sound track."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import genart


@genart.hookimpl
def register_controls(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer "audio": live by the name of an input or a file, in a film by its sound track."""
    register("audio", _audio)


def _audio(
    source: str | Path = "", *, seconds: float | None = None, ahead: float = 0.0
) -> genart.Control:
    """Features of sound: an input or file live; with a film's length, its sound track."""
    if seconds is not None:
        from genart_audio.track import SoundTrack

        return SoundTrack(source, seconds=seconds, ahead=ahead)
    from genart_audio.listen import AudioControl

    return AudioControl(str(source))
