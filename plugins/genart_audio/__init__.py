"""Sound as a control: level, bands, onsets and beats of an input, or of a film's sound track."""

from __future__ import annotations

from pathlib import Path

import genart


@genart.hookimpl
def register_controls(register: genart.Register[genart.Control]) -> None:
    """Offer "audio", of an input, a file or a film's sound track, and "beat", which leads, too."""
    register("audio", _audio)
    register("beat", _beat)


def _audio(
    source: str | Path = "", *, seconds: float | None = None, ahead: float = 0.0
) -> genart.Control:
    """Features of sound: an input or file live; with a film's length, its sound track."""
    if seconds is not None:
        from genart_audio.film_track import SoundTrack

        return SoundTrack(source, seconds=seconds, ahead=ahead)
    from genart_audio.live_control import AudioControl

    return AudioControl(str(source))


def _beat(source: str = "") -> genart.Control:
    """What "audio" hears live, and the tempo of the performance keeps to its beat."""
    from genart_audio.live_control import AudioControl

    return AudioControl(source, follows=True)
