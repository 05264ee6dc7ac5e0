"""A stream's URL: its address, its encoding, and the parts that must stay secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import SplitResult, unquote, urlsplit

import genart
from genart_stream.protocols import PROTOCOLS, Protocol

_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
_AUDIO = ("silence", "none")
_BITS = 0.1  # a pixel, unless a bit rate is asked for
_SHORTEST = 4  # characters of a secret; shorter ones would take ordinary words out of messages


@dataclass(frozen=True)
class Target:
    """Where a stream goes and how it is encoded.

    Args:
        url: for ffmpeg; it may contain keys, so it is never logged.
        place: scheme, host and port, which may be logged.
        protocol: what the scheme needs.
        size: (h, w) of the stream, even numbers.
        bitrate: bits per second.
        preset: of x264, for the amount of work.
        silence: whether there is a silent sound track.
        secrets: parts of the URL that are not logged.
    """

    url: str
    place: str
    protocol: Protocol
    size: tuple[int, int]
    bitrate: int
    preset: str
    silence: bool
    secrets: tuple[str, ...] = ()

    def scrubbed(self, text: str) -> str:
        """The text without the secrets of the URL."""
        text = text.replace(self.url, self.place)
        for secret in self.secrets:
            text = text.replace(secret, "...")
        return text


def read_target(url: str, fps: Fraction, size: tuple[int, int]) -> Target:
    """Read a URL such as "rtmp://host/app/key?bitrate=6M&size=1280x720".

    `bitrate`, `size`, `preset` and `audio` in its query are for genart; the rest stays in the URL.

    Args:
        url: where to.
        fps: frames per second.
        size: (h, w) of the frames.

    Raises:
        UsageError: no such scheme, no host, or an option that cannot be; its message holds
            neither path nor query.
    """
    parts = urlsplit(str(url).strip())
    protocol = PROTOCOLS.get(parts.scheme)
    if protocol is None or not parts.netloc:
        known = ", ".join(f"{scheme}://" for scheme in PROTOCOLS)
        raise genart.UsageError(f"A stream needs a URL with a host, which starts with {known}.")
    ours, rest = _sorted_query(parts.query)
    stream = _even(_size(ours["size"]) if "size" in ours else size)
    pixels = stream[0] * stream[1] * float(fps)
    query = "&".join([*rest, *_missing(rest, protocol)])
    return Target(
        url=parts._replace(query=query).geturl(),
        place=_place(parts),
        protocol=protocol,
        size=stream,
        bitrate=_bits(ours["bitrate"]) if "bitrate" in ours else max(int(_BITS * pixels), 500_000),
        preset=_one_of("preset", ours.get("preset", "veryfast"), _PRESETS),
        silence=_one_of("audio", ours.get("audio", _AUDIO[not protocol.audio]), _AUDIO)
        == "silence",
        secrets=tuple(sorted(set(_secrets(parts)), key=len, reverse=True)),
    )


def _sorted_query(query: str) -> tuple[dict[str, str], list[str]]:
    """The options for genart, and the rest unchanged."""
    ours, rest = {}, []
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name in ("bitrate", "size", "preset", "audio"):
            ours[name] = unquote(value)
        else:
            rest.append(pair)
    return ours, rest


def _missing(rest: list[str], protocol: Protocol) -> list[str]:
    there = {pair.partition("=")[0] for pair in rest}
    return [f"{name}={value}" for name, value in protocol.defaults if name not in there]


def _place(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _secrets(parts: SplitResult) -> Iterator[str]:
    values = [pair.partition("=")[2] for pair in parts.query.split("&")]
    words = [*parts.path.split("/"), *values, parts.username, parts.password, parts.query]
    for word in words:
        if word and len(word) >= _SHORTEST:
            yield from {word, unquote(word)}


def _even(size: tuple[int, int]) -> tuple[int, int]:
    """The size with each side made even: 4:2:0 has one colour for two pixels."""
    return max(size[0] // 2 * 2, 2), max(size[1] // 2 * 2, 2)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if not found:
        raise genart.UsageError(f'size={text} is not a size. Use WxH, for example "size=1280x720".')
    return int(found[2]), int(found[1])


def _bits(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kM]?)", text)
    bits = float(found[1]) * {"": 1, "k": 1e3, "M": 1e6}[found[2]] if found else 0
    if not 10e3 <= bits <= 200e6:
        raise genart.UsageError(
            f'bitrate={text} is not a bit rate. Use 10k to 200M, for example "bitrate=6M".'
        )
    return int(bits)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise genart.UsageError(f"{name}={value} is not one of {', '.join(allowed)}.")
    return value
