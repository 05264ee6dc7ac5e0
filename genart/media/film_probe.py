"""Facts about films and sounds, from what ffmpeg decodes: `probe_film` and `probe_sound`.

Two machine-readable outputs of ffmpeg are read, its log never: the packets as its muxer `framecrc`
lists them, for the time of each frame, and the first frame as a PNG, whose chunks have the size as
it is shown, the pixel aspect, the alpha channel and the transfer function.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median_low

from genart.errors import DataError

#: Usual rates; a measured one that agrees within the accuracy of the container is taken to be it.
_RATES = (
    *(Fraction(rate) for rate in (5, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120)),
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)),
)
_COPIED = ("-c", "copy")  # packets as they are
_DECODED = ("-fps_mode", "passthrough", "-enc_time_base", "demux")  # frames with their own times
_DEFAULT_RATE = Fraction(25)  # of a film of one frame that has no duration
_WIDEST = 8  # the largest aspect ratio of a pixel; beyond it the header is damaged
_DISCARD = 4  # the flag of a packet that is decoded but never shown
_TRANSFERS = {16: "PQ", 18: "HLG"}  # ITU-T H.273
#: Decoders that return the alpha channel where ffmpeg's default ones do not.
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


@dataclass(frozen=True)
class SoundTrack:
    """The first sound track of a file.

    Args:
        codec: as ffmpeg names it, such as "aac".
        rate: samples per second.
        layout: the channels as ffmpeg names them, such as "stereo" or "5.1(side)".
    """

    codec: str
    rate: int
    layout: str


@dataclass(frozen=True)
class FilmFacts:
    """What a film is.

    Args:
        path: its file.
        size: (h, w) as it is shown: upright, and in square pixels.
        fps: frames per second; of a film with a variable rate that of most of its frames.
        frames: how many it has at this rate.
        codec: as ffmpeg names it, such as "h264".
        sound: its sound track, or None.
        variable: whether the time between two frames changes.
        square: whether its pixels are square; otherwise they are scaled to be.
        alpha: whether it has an alpha channel.
        hdr: "PQ" or "HLG" for high dynamic range, otherwise "".
    """

    path: Path
    size: tuple[int, int]
    fps: Fraction
    frames: int
    codec: str = ""
    sound: SoundTrack | None = None
    variable: bool = False
    square: bool = True
    alpha: bool = False
    hdr: str = ""

    @property
    def seconds(self) -> float:
        """Its length."""
        return float(self.frames / self.fps)

    @property
    def source(self) -> list[str]:
        """The arguments of ffmpeg that open it, with a decoder that keeps its alpha channel."""
        return [*_decoder_option(self.codec, self.alpha), "-i", f"file:{self.path}"]


def probe_film(path: str | Path) -> FilmFacts:
    """Find what a film is: all its packets are listed and its first frame is decoded.

    Raises:
        DataError: no such file, or none with a film that ffmpeg can decode.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f'There is no film "{path}".')
    packets = _list_packets(path, "-map", "0:V:0", *_COPIED)
    codec = packets.codec
    if codec == "gif":  # a comment at its end is counted as a packet
        packets = _list_packets(path, "-map", "0:V:0", *_DECODED)
    fps, frames, variable = _timing(packets)
    if frames < 1:
        raise DataError(f"{path} cannot be read as a film.")
    image = _first_frame(path, codec)
    if image is None:
        raise DataError(f"{path} contains no image that ffmpeg can read.")
    return FilmFacts(
        path, image.shown, fps, frames, codec, probe_sound(path), variable,
        image.aspect == 1, image.alpha, image.hdr,
    )  # fmt: skip


def probe_sound(path: str | Path) -> SoundTrack | None:
    """Find the first sound track of a sound or film file; None if it has none.

    Raises:
        DataError: no such file.
    """
    if not Path(path).is_file():
        raise DataError(f'There is no sound file "{path}".')
    found = _list_packets(Path(path), "-map", "0:a:0", "-frames:a", "1", *_COPIED)
    if not found.codec:
        return None
    layout = found.header.get("channel_layout_name", found.header.get("channel_layout", ""))
    return SoundTrack(found.codec, int(found.header.get("sample_rate", 0)), layout)


@dataclass(frozen=True)
class _Packets:
    """A stream as ffmpeg's muxer `framecrc` lists it.

    Args:
        header: values by name: tb, codec_id, dimensions, sample_rate ...
        times: when each packet is shown, sorted, in units of `tick`.
        last: how long the last one is shown.
    """

    header: Mapping[str, str]
    times: Sequence[int]
    last: int

    @property
    def codec(self) -> str:
        """The name of the codec; "" without such a stream."""
        return self.header.get("codec_id", "")

    @property
    def tick(self) -> Fraction:
        """The unit of the times in seconds."""
        return Fraction(self.header.get("tb", "1/1000"))


def _list_packets(path: Path, *streams: str) -> _Packets:
    lines = _ffmpeg("-i", f"file:{path}", *streams, "-f", "framecrc", "-")
    header: dict[str, str] = {}
    shown: list[tuple[int, int]] = []
    for line in lines.decode("ascii", "replace").splitlines():
        if line.startswith("#"):
            name, _, value = line[1:].partition(": ")
            header[name.split(" ")[0]] = value.strip()
        elif packet := _packet(line):
            shown.append(packet)
    shown.sort()
    return _Packets(header, [time for time, _ in shown], shown[-1][1] if shown else 0)


def _packet(line: str) -> tuple[int, int] | None:
    """When a packet is shown, and for how long: `stream, dts, pts, duration, size, crc, ...`."""
    words = [word.strip() for word in line.split(",")]
    if len(words) < 6:
        return None
    flags = next((int(word[2:], 16) for word in words[6:] if word.startswith("F=")), 0)
    decoded, shown, lasts = (int(word) for word in words[1:4])
    unknown = shown <= -(1 << 62)  # a raw stream has no times of its own
    return None if flags & _DISCARD else (decoded if unknown else shown, lasts)


def _timing(packets: _Packets) -> tuple[Fraction, int, bool]:
    """The rate, the number of frames at this rate, and whether the rate is variable."""
    times, tick = packets.times, packets.tick
    if len(times) < 2 or times[-1] == times[0]:
        lasts = packets.last * tick
        return (1 / lasts if lasts > 0 else _DEFAULT_RATE), min(len(times), 1), False
    steps = [after - before for before, after in pairwise(times)]
    mean = Fraction(times[-1] - times[0], len(steps))
    if all(abs(step - mean) < 1 for step in steps) and (mean > 2 or len(set(steps)) == 1):
        return _usual(1 / (mean * tick), tick / len(steps)), len(times), False
    usual = max(median_low(steps), 1)
    fps = _usual(1 / (usual * tick), tick)
    seconds = (times[-1] - times[0] + (packets.last or usual)) * tick
    return fps, max(round(seconds * fps), 1), True


def _usual(rate: Fraction, accuracy: Fraction) -> Fraction:
    """The usual rate whose frames last as long, within an accuracy in seconds, or this one."""
    nearest = min(_RATES, key=lambda usual: abs(1 / usual - 1 / rate))
    if abs(1 / nearest - 1 / rate) <= accuracy:
        return nearest
    return rate.limit_denominator(1001)


@dataclass(frozen=True)
class _FirstFrame:
    """What a PNG of the first frame has in its chunks: (h, w) in pixels, and more."""

    pixels: tuple[int, int]
    aspect: Fraction
    alpha: bool
    hdr: str

    @property
    def shown(self) -> tuple[int, int]:
        """(h, w) in square pixels; no side becomes shorter."""
        height, width = self.pixels
        if self.aspect > 1:
            return height, max(round(width * self.aspect), 1)
        return max(round(height / self.aspect), 1), width


def _first_frame(path: Path, codec: str) -> _FirstFrame | None:
    png = b""
    for alpha in (True, False) if codec in _ALPHA_DECODERS else (False,):
        decoder = _decoder_option(codec, alpha)
        png = png or _ffmpeg(
            *decoder, "-i", f"file:{path}", "-map", "0:V:0", "-frames:v", "1",
            "-c:v", "png", "-compression_level", "1", "-f", "image2pipe", "-",
        )  # fmt: skip
    chunks = dict(_chunks(png))
    if b"IHDR" not in chunks:
        return None
    width, height, _, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    across, down = struct.unpack(">II", chunks.get(b"pHYs", b"\0\0\0\1\0\0\0\1")[:8])
    transfer = chunks.get(b"cICP", b"\0\0")[1]
    aspect = Fraction(across, down) if across and down else Fraction(1)
    if not 1 / _WIDEST <= aspect <= _WIDEST:
        aspect = Fraction(1)
    return _FirstFrame((height, width), aspect, bool(colour & 4), _TRANSFERS.get(transfer, ""))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG before its pixels: their type and data."""
    at, kind = 8, b""
    while at + 8 <= len(png) and kind != b"IDAT":
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, png[at + 8 : at + 8 + length]
        at += length + 12


def _decoder_option(codec: str, alpha: bool) -> list[str]:
    return ["-c:v", _ALPHA_DECODERS[codec]] if alpha and codec in _ALPHA_DECODERS else []


def _ffmpeg(*arguments: str) -> bytes:
    """What ffmpeg writes to its standard output; nothing if it fails at once."""
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-v", "quiet", "-nostdin", *arguments]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False
    ).stdout  # fmt: skip
