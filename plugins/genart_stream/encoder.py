"""An ffmpeg that encodes raw frames and sends them."""

from __future__ import annotations

import re
import subprocess
import tempfile
from contextlib import suppress
from fractions import Fraction
from typing import IO

import numpy as np

import genart
from genart_stream.target import Target

_KEYFRAMES = 2  # seconds between them
_COLOURS = "in_range=pc:out_range=tv:out_color_matrix=bt709:flags=bilinear+accurate_rnd"
_TAGS = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
_SOUND = ("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo")
_AAC = ("-c:a", "aac", "-b:a", "96k", "-shortest")
_TROUBLE = re.compile(r"^(?:\[[^\]]+ @ [^\]]+\] )*\[(?:error|fatal)\] (.*)$", re.M)
_BEGUN = b"Output #0, "  # ffmpeg prints this when the header is sent


class Encoder:
    """Frames of one size in, a stream out.

    Times are those at which frames come. ffmpeg repeats or drops frames so that the stream keeps
    its rate.

    Args:
        target: where to, and how.
        fps: frames per second.
        size: (h, w) of the frames.
    """

    def __init__(self, target: Target, fps: Fraction, size: tuple[int, int]) -> None:
        from imageio_ffmpeg import get_ffmpeg_exe

        self._target, self._begun = target, False
        self._log_file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115, closed with the process
        self._process = subprocess.Popen(
            [get_ffmpeg_exe(), *command(target, fps, size)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log_file,
            start_new_session=True,  # genart handles Ctrl-C; ffmpeg would end the stream
        )

    def write(self, frame: genart.Frame) -> None:
        """Send one frame (h, w, 3); OSError if ffmpeg has ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(np.ascontiguousarray(frame).data)
        self._process.stdin.flush()

    @property
    def begun(self) -> bool:
        """Whether the other end took the stream."""
        self._begun = self._begun or _BEGUN in self._output()
        return self._begun

    def close(self, patience: float = 5.0) -> None:
        """Let ffmpeg finish the stream; it is ended if that takes longer than `patience` s."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.kill()

    def kill(self) -> None:
        """End ffmpeg now."""
        self._process.kill()
        with suppress(OSError):
            self._process.communicate()
        self._log_file.close()

    def reason(self) -> str:
        """Why ffmpeg has gone, in a few words without anything secret; call it before `kill`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        output = self._output().decode(errors="replace")
        return self._target.scrubbed(_first_trouble(output) or "it ended")

    def _output(self) -> bytes:
        self._log_file.seek(0)
        return self._log_file.read()


def command(target: Target, fps: Fraction, size: tuple[int, int]) -> list[str]:
    """ffmpeg's arguments for frames of size (h, w)."""  # noqa: D403, its name has no capitals
    frames = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{size[1]}x{size[0]}"]
    pace = ["-framerate", str(fps), "-use_wallclock_as_timestamps", "1"]
    sound_in, sound_out = (_SOUND, _AAC) if target.silence else ((), ("-an",))
    return [
        *("-hide_banner", "-nostats", "-loglevel", "level+info"),
        *("-probesize", "32", "-analyzeduration", "0", "-fflags", "nobuffer"),
        *frames, *pace, "-i", "pipe:0", *sound_in,
        *("-vf", ",".join(picture(target.size, size))),
        *encoding(target, fps), *sound_out,
        *("-flush_packets", "1", "-max_muxing_queue_size", "1024"),
        *target.protocol.muxer, target.url,
    ]  # fmt: skip


def picture(stream: tuple[int, int], frames: tuple[int, int]) -> list[str]:
    """The filters that fit frames into the stream's size and convert them to BT.709 video.

    Frames with an odd side lose a row or column; other aspects get black bars.
    """
    height, width = stream
    if (frames[0] // 2 * 2, frames[1] // 2 * 2) == stream:
        fit = [f"crop={width}:{height}:0:0", f"scale={_COLOURS}"]
    else:
        whole = "force_original_aspect_ratio=decrease:force_divisible_by=2"
        fit = [f"scale={width}:{height}:{whole}:{_COLOURS}"]
        fit += ["format=yuv420p", f"pad={width}:{height}:-1:-1:black"]
    return [*fit, "setsar=1", "format=yuv420p", _TAGS]


def encoding(target: Target, fps: Fraction) -> list[str]:
    """ffmpeg's arguments for H.264 at a constant rate, without delay."""  # noqa: D403
    every = str(max(1, round(_KEYFRAMES * fps)))
    bits = str(target.bitrate)
    return [
        *("-c:v", "libx264", "-preset", target.preset, "-tune", "zerolatency"),
        *("-b:v", bits, "-maxrate", bits, "-bufsize", bits),
        *("-g", every, "-keyint_min", every, "-sc_threshold", "0"),
        *("-fps_mode", "cfr", "-r", str(fps)),
    ]


def _first_trouble(said: str) -> str:
    """The text of an error after its last colon, where ffmpeg writes the reason."""
    lines = _TROUBLE.findall(said)
    return next((line.rpartition(": ")[2].strip(" .") for line in lines if ": " in line), "") or (
        lines[0].strip(" .") if lines else ""
    )
