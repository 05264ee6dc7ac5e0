"""Raw frames into ffmpeg."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np

import genart
from genart_film.formats import Format

_FADE = 1.5  # seconds at the end in which the sound fades
#: Channel layouts that AAC, Opus and PCM all hold; ffmpeg remixes others to the nearest of them.
_LAYOUTS = "mono|stereo|3.0|quad|5.0|5.1|6.1|7.1"


class FilmSink:
    """Writes frames into one film.

    ffmpeg starts with the first frame, when it is known whether there is alpha.

    Args:
        format: what the suffix holds.
        path: the file to write; an existing file is replaced.
        fps: frames per second.
        size: (h, w) of the frames.
        codec: one of the format's codecs; None takes the usual one.
        audio: a sound or film file whose sound is repeated to the film's length and fades out.
        fade: in so many seconds at the end; 0 lets it end as it does.
        seconds: the film's length, needed for sound.
        recipe: the recipe that is stored in the file.

    Raises:
        UsageError: a codec, size, rate or sound that the format does not take.
    """

    def __init__(
        self,
        format: Format,
        path: str | Path,
        *,
        fps: Fraction | float,
        size: tuple[int, int],
        codec: str | None = None,
        audio: str | Path | None = None,
        fade: float = _FADE,
        seconds: float | None = None,
        recipe: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        self.path, self.size, self._format = Path(path), size, format
        self._rate = Fraction(fps)
        self._codec = format.codec(codec, size, self._rate)
        if audio is not None and not format.audio:
            raise genart.UsageError(f"{format.about} cannot contain sound. Use mp4, mov or webm.")
        if audio is not None and seconds is None:
            raise genart.UsageError("A sound track needs the film's length in seconds.")
        if audio is not None:
            _check_sound(audio)
        self._audio, self._fade, self._seconds = audio, fade, seconds or 0.0
        self._recipe = recipe
        self._encoder: Encoder | None = None

    def write(self, frame: genart.Frame) -> None:
        """Take one frame, uint8 (h, w, 3 or 4) sRGB.

        Raises:
            UsageError: a frame of another size than announced.
            RenderError: ffmpeg gave up; the message is its own.
        """
        if frame.shape[:2] != self.size:
            raise genart.UsageError(f"Frames must have size {self.size}, not {frame.shape[:2]}.")
        clear = self._codec.clear is not None and frame.shape[2] == 4
        if self._encoder is None:
            self._encoder = Encoder(self._command(clear))
        self._encoder.write(frame if clear else genart.media.on_black(frame))

    def close(self) -> None:
        """Finish the file.

        Raises:
            RenderError: ffmpeg could not.
        """
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None
            if self._recipe is not None and self._format.embed:
                genart.media.write_recipe(self.path, self._recipe)

    def abort(self) -> None:
        """Stop at once; what the file holds is worthless."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.kill()

    def _command(self, clear: bool) -> list[str]:
        height, width = self.size
        frames = ["-f", "rawvideo", "-pix_fmt", "rgba" if clear else "rgb24"]
        frames += ["-s", f"{width}x{height}", "-r", str(self._rate), "-i", "pipe:0"]
        name, *options = self._codec.args
        out = [*self._codec.filters(clear), "-c:v", name, *options, "-fps_mode", "passthrough"]
        muxer, *container = self._format.muxer
        end = [*self._notes(), "-fflags", "+bitexact", *container, "-f", muxer, f"file:{self.path}"]
        return [*frames, *self._sound_in(), *out, *self._sound_out(), *end]

    def _sound_in(self) -> list[str]:
        return [] if self._audio is None else ["-stream_loop", "-1", "-i", f"file:{self._audio}"]

    def _sound_out(self) -> list[str]:
        if self._audio is None:
            return []
        fade = min(self._fade, self._seconds / 2)
        # what a repeat or a late start leaves out becomes silence, so that nothing moves up
        whole = f"aresample=async=1:first_pts=0,atrim=0:{self._seconds}"
        fading = f",afade=t=out:st={self._seconds - fade}:d={fade}" if fade else ""
        codec, *options = self._format.audio
        layouts = f",aformat=channel_layouts={_LAYOUTS}"
        sound = ["-af", whole + fading + layouts, "-c:a", codec, *options]
        return ["-map", "0:v", "-map", "1:a:0", *sound]

    def _notes(self) -> list[str]:
        nothing = ["-map_metadata", "-1"]
        if self._recipe is None or self._format.embed:
            return nothing
        return [*nothing, "-metadata", f"comment={genart.media.recipe_text(self._recipe)}"]


def _check_sound(audio: str | Path) -> None:
    """UsageError for a file without a sound track."""
    if not Path(audio).is_file() or genart.media.probe_sound(audio) is None:
        raise genart.UsageError(
            f'"{audio}" contains no sound that ffmpeg can read. Use a .wav file, or a film '
            "with sound."
        )


class Encoder:
    """An ffmpeg that reads frames from us.

    Args:
        command: its arguments between the general ones and none.
    """

    def __init__(self, command: Sequence[str]) -> None:
        from imageio_ffmpeg import get_ffmpeg_exe

        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115, closed with the process
        self._process = subprocess.Popen(
            [get_ffmpeg_exe(), "-y", "-hide_banner", "-loglevel", "error", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._output,
            start_new_session=True,  # genart handles Ctrl-C; ffmpeg would end the file
        )

    def write(self, frame: genart.Frame) -> None:
        """Send one frame; RenderError if ffmpeg has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(frame).data)
        except OSError:
            raise self._failure() from None

    def close(self) -> None:
        """Let ffmpeg finish; RenderError if it fails."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            raise self._failure() from None
        if self._process.wait():
            raise self._failure()
        self._output.close()

    def kill(self) -> None:
        """End ffmpeg now."""
        self._process.kill()
        self._process.communicate()
        self._output.close()

    def _failure(self) -> genart.errors.RenderError:
        code = self._process.wait()
        self._output.seek(0)
        output = self._output.read().decode(errors="replace")
        lines = re.sub(r"\[[^]]* @ [^]]*\] ", "", output).strip().splitlines()
        self.kill()
        end = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        why = " / ".join(lines[-2:]) or end
        return genart.errors.RenderError(f"ffmpeg stopped: {why}.")
