"""The ffmpeg options of each URL scheme."""

from __future__ import annotations

from dataclasses import dataclass

_PATIENCE = 10_000_000  # microseconds until a silent peer counts as gone
_WAIT = ("-rw_timeout", str(_PATIENCE))


@dataclass(frozen=True)
class Protocol:
    """One way to send a stream.

    Args:
        about: what it is, in a few words.
        muxer: ffmpeg's arguments for the container and the connection.
        defaults: added to the URL's query if it does not contain them.
        audio: whether servers usually want a sound track.
    """

    about: str
    muxer: tuple[str, ...]
    defaults: tuple[tuple[str, str], ...] = ()
    audio: bool = False


_FLV = ("-f", "flv", "-flvflags", "no_duration_filesize", *_WAIT)
_TS = ("-f", "mpegts", "-muxdelay", "0", "-muxpreload", "0", "-pat_period", "0.5")

PROTOCOLS = {
    "rtmp": Protocol("A stream to an RTMP server.", _FLV, audio=True),
    "rtmps": Protocol("A stream to an RTMP server over TLS.", _FLV, audio=True),
    "srt": Protocol(
        "A stream over SRT, as caller or listener.",
        _TS,
        (
            ("pkt_size", "1316"),
            ("connect_timeout", "5000"),
            ("listen_timeout", str(_PATIENCE)),
        ),
    ),
    "udp": Protocol("A stream over UDP, to one or many.", _TS, (("pkt_size", "1316"),)),
    "rtsp": Protocol(
        "A stream to an RTSP server.",
        ("-f", "rtsp", "-rtsp_transport", "tcp", "-timeout", str(_PATIENCE)),
    ),
}
