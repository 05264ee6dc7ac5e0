"""Learning: the source that moves next is led to a Param, and the mapping file keeps it.

`MidiLearn` finds out which source it was; the rest writes entries into a file's text and takes them
out again, with every comment kept.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: So long after its first move, in seconds, a source is settled on: a fine fader's second half and
#: the other argument of a pad come within it.
SETTLE = 0.1
_HEADER = re.compile(r"\s*\[\[\s*[\"']?map[\"']?\s*\]\]")
_TABLE = re.compile(r"\s*\[")
#: What a number of an unknown range may be the full range of.
_RANGES = (1, 127, 255, 1023, 4095, 16383, 65535)
#: The numbers that ports of ALSA and Windows carry, which change from day to day.
_NUMBERS = re.compile(r"(\s+\d+(:\d+)?)+\s*$")


@dataclass(frozen=True)
class Moved:
    """A source that moved.

    Args:
        kind: "midi" or "osc".
        source: the control or the address.
        device: the name of its device, "" for none.
        x: where it moved to.
        arg: which argument of the OSC message it was, from 0.
    """

    kind: str
    source: str
    device: str = ""
    x: float = 0.0
    arg: int = 0

    @property
    def ends(self) -> tuple[int, int] | None:
        """What it seems to send at its ends, or None for what a mapping takes anyway."""
        high = next((high for high in _RANGES if abs(self.x) <= high), None)
        if self.kind == "midi" or high is None or (high == 1 and self.x >= 0):
            return None
        return (0 if self.x >= 0 else -high), high

    @property
    def is_button(self) -> bool:
        """Whether it went to its end at once."""
        if self.kind == "osc":
            return self.x == 1
        return self.source.startswith(("note", "program")) or self.x == 127


class MidiLearn:
    """Waits for the source that moves next.

    Attributes:
        wish: what is being learned, None while nothing is.
    """

    def __init__(self) -> None:
        self.wish: Wish | None = None
        self._moved: Moved | None = None
        self._since = 0.0
        self._rest: dict[str, tuple[Any, ...]] = {}  # the first arguments of each OSC address

    def begin(self, wish: Wish | None) -> None:
        """Wait for a source, or give up with None."""
        self.wish, self._moved, self._rest = wish, None, {}

    def midi(self, source: str, x: float, t: float) -> None:
        """A control moved to x at time t in seconds; `source` is its name, a space, its device."""
        control, _, device = source.partition(" ")
        if control.startswith(("note", "program")) and x == 0:
            return  # let go
        fine = f"cc14{control[2:]}" if control.startswith("cc/") else ""
        before = self._moved
        if before is None:
            self._take(Moved("midi", control, device, x), t)
        elif f"cc14{before.source[2:]}" == control and before.device == device:
            self._moved = Moved("midi", control, device, x)
        elif fine and before.source == fine:
            return

    def osc(self, address: str, args: tuple[Any, ...], t: float) -> None:
        """A message came at time t in seconds; of several numbers, the one that moves counts."""
        numbers = {i: float(a) for i, a in enumerate(args) if isinstance(a, (int, float))}
        if self._moved is not None or not numbers or address.endswith("/z"):
            return
        rest = self._rest.setdefault(address, args)
        far = {i: abs(x - rest[i]) for i, x in numbers.items() if i < len(rest)} or numbers
        arg = max(far, key=lambda i: far[i])
        if len(numbers) == 1 or far[arg] > 0:
            self._take(Moved("osc", address, x=numbers[arg], arg=arg), t)

    def found(self, t: float) -> Moved | None:
        """The source that moved, once it is settled on."""
        return self._moved if self._moved and t - self._since >= SETTLE else None

    def _take(self, moved: Moved, t: float) -> None:
        self._moved, self._since = moved, t


@dataclass(frozen=True)
class Wish:
    """What is to be learned.

    Args:
        target: "owner.name", or what is done, such as "cue/next".
        mode: "absolute", "relative" or "toggle".
    """

    target: str
    mode: str = "absolute"

    def entry(self, moved: Moved) -> str:
        """The entry of a mapping file that leads a source there."""
        does = "/" in self.target
        lines = ["[[map]]", f"{moved.kind} = {_quoted(moved.source)}"]
        if moved.device:
            lines.append(f"device = {_quoted(plain_name(moved.device))}")
        if moved.arg:
            lines.append(f"arg = {moved.arg + 1}")
        if moved.ends and self.mode != "relative":
            lines.append(f"from = [{moved.ends[0]}, {moved.ends[1]}]")
        lines.append(f"{'do' if does else 'to'} = {_quoted(self.target)}")
        if self.mode != "absolute" and not does:
            lines.append(f"mode = {_quoted(self.mode)}")
        return "\n".join(lines) + "\n"


def plain_name(device: str) -> str:
    """A device's name without what changes from day to day.

    ALSA writes "client:port 20:0", Windows "name 1".
    """
    plain = _NUMBERS.sub("", device)
    client, colon, port = plain.partition(":")
    return (client if colon and port.startswith(client) else plain).strip() or device


def appended(text: str, entry: str) -> str:
    """A mapping file's text with one more entry; what was there stays as it is."""
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{entry}"


def without(text: str, unwanted: Callable[[dict[str, Any]], bool]) -> tuple[str, int]:
    """A mapping file's text without some entries, and how many those were; lines of comment stay.

    Args:
        text: TOML that parses.
        unwanted: says of an entry's table whether it goes.
    """
    tables = tomllib.loads(text).get("map", [])
    lines = text.splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if _HEADER.match(line)]
    if not starts or len(starts) != len(tables):
        return text, 0  # entries written inline are left to whoever wrote them
    kept, gone = lines[: starts[0]], 0
    for start, end, table in zip(starts, [*starts[1:], len(lines)], tables, strict=True):
        block = lines[start:end]
        if unwanted(table):
            gone += 1
            block = [line for line in block if line.lstrip().startswith("#")]
        kept += block
    return "".join(kept).rstrip("\n") + "\n" if "".join(kept).strip() else "", gone


def _quoted(text: str) -> str:
    return json.dumps("".join(c for c in text if c.isprintable()), ensure_ascii=False)
