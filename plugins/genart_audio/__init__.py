"""Sound as a control: level, bands, onsets and beats of an input or of a film's sound track."""

from __future__ import annotations

from pathlib import Path

import genart


@genart.hookimpl
def register_controls(register: genart.Register[genart.Control]) -> None:
    """Offer "audio", for inputs, files and sound tracks, and "beat", which sets the tempo too."""
    register("audio", _audio)
    register("beat", _beat)


def _audio(
    source: str | Path = "", *, seconds: float | None = None, ahead: float = 0.0
) -> genart.Control:
    """The features of a sound: an input or file live, or a film's sound track of this length."""
    if seconds is not None:
        from genart_audio.film_track import SoundTrack

        return SoundTrack(source, seconds=seconds, ahead=ahead)
    from genart_audio.live_control import AudioControl

    return AudioControl(str(source))


def _beat(source: str = "") -> genart.Control:
    """Like "audio" live; the tempo of the performance follows its beat too."""
    from genart_audio.live_control import AudioControl

    return AudioControl(source, follows=True)
