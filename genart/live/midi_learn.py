"""MIDI learn: the source that moves next is bound to a Param, and saved in the mapping file.

`MidiLearn` finds out which source moved; the functions add entries to the text of a mapping file
and remove them; comments are kept.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: A source is chosen this many seconds after its first move: the second half of a 14-bit fader and
#: the second argument of a pad arrive within that time.
SETTLE = 0.1
_HEADER = re.compile(r"\s*\[\[\s*[\"']?map[\"']?\s*\]\]")
#: The ranges that an unknown source may use: the first that holds the number it sent.
_RANGES = (1, 127, 255, 1023, 4095, 16383, 65535)
#: The port numbers of ALSA and Windows in a device's name, which change between starts.
_NUMBERS = re.compile(r"(\s+\d+(:\d+)?)+\s*$")


@dataclass(frozen=True)
class MovedSource:
    """A source that moved.

    Args:
        kind: "midi" or "osc".
        source: the control or the address.
        device: the name of its device, "" for none.
        x: the number it sent.
        arg: which argument of the OSC message it is, from 0.
    """

    kind: str
    source: str
    device: str = ""
    x: float = 0.0
    arg: int = 0

    @property
    def ends(self) -> tuple[int, int] | None:
        """What it probably sends at its ends, or None for the default of a mapping."""
        high = next((high for high in _RANGES if abs(self.x) <= high), None)
        if self.kind == "midi" or high is None or (high == 1 and self.x >= 0):
            return None
        return (0 if self.x >= 0 else -high), high

    @property
    def is_button(self) -> bool:
        """Whether it is a button: it went to its end at once."""
        if self.kind == "osc":
            return self.x == 1
        return self.source.startswith(("note", "program")) or self.x == 127


class MidiLearn:
    """Waits for the source that moves next.

    Attributes:
        request: what is being learned, or None.
    """

    def __init__(self) -> None:
        self.request: LearnRequest | None = None
        self._moved: MovedSource | None = None
        self._since = 0.0
        self._rest: dict[str, tuple[Any, ...]] = {}  # the first arguments of each OSC address

    def begin(self, request: LearnRequest | None) -> None:
        """Wait for a source; None stops waiting."""
        self.request, self._moved, self._rest = request, None, {}

    def midi(self, source: str, x: float, t: float) -> None:
        """A control moved to x at time t in seconds; `source` is its name, a space, its device."""
        control, _, device = source.partition(" ")
        if control.startswith(("note", "program")) and x == 0:
            return  # let go
        fine = f"cc14{control[2:]}" if control.startswith("cc/") else ""
        before = self._moved
        if before is None:
            self._take(MovedSource("midi", control, device, x), t)
        elif f"cc14{before.source[2:]}" == control and before.device == device:
            self._moved = MovedSource("midi", control, device, x)
        elif fine and before.source == fine:
            return

    def osc(self, address: str, args: tuple[Any, ...], t: float) -> None:
        """A message arrived at time t in seconds; of several numbers, the one that moves counts."""
        numbers = {i: float(a) for i, a in enumerate(args) if isinstance(a, (int, float))}
        if self._moved is not None or not numbers or address.endswith("/z"):
            return
        rest = self._rest.setdefault(address, args)
        far = {i: abs(x - rest[i]) for i, x in numbers.items() if i < len(rest)} or numbers
        arg = max(far, key=lambda i: far[i])
        if len(numbers) == 1 or far[arg] > 0:
            self._take(MovedSource("osc", address, x=numbers[arg], arg=arg), t)

    def found(self, t: float) -> MovedSource | None:
        """The source that moved, once it is chosen."""
        return self._moved if self._moved and t - self._since >= SETTLE else None

    def _take(self, moved: MovedSource, t: float) -> None:
        self._moved, self._since = moved, t


@dataclass(frozen=True)
class LearnRequest:
    """What to learn.

    Args:
        target: "owner.name", or an action such as "cue/next".
        mode: "absolute", "relative" or "toggle".
    """

    target: str
    mode: str = "absolute"

    def entry(self, moved: MovedSource) -> str:
        """The entry of a mapping file that binds a source to it."""
        is_action = "/" in self.target
        lines = ["[[map]]", f"{moved.kind} = {_quoted(moved.source)}"]
        if moved.device:
            lines.append(f"device = {_quoted(plain_name(moved.device))}")
        if moved.arg:
            lines.append(f"arg = {moved.arg + 1}")
        if moved.ends and self.mode != "relative":
            lines.append(f"from = [{moved.ends[0]}, {moved.ends[1]}]")
        lines.append(f"{'do' if is_action else 'to'} = {_quoted(self.target)}")
        if self.mode != "absolute" and not is_action:
            lines.append(f"mode = {_quoted(self.mode)}")
        return "\n".join(lines) + "\n"


def plain_name(device: str) -> str:
    """A device's name without the port numbers, which change between starts.

    ALSA writes "client:port 20:0", Windows "name 1".
    """
    plain = _NUMBERS.sub("", device)
    client, colon, port = plain.partition(":")
    return (client if colon and port.startswith(client) else plain).strip() or device


def with_entry(text: str, entry: str) -> str:
    """A mapping file's text with one more entry; the rest stays as it is."""
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{entry}"


def without_entries(text: str, unwanted: Callable[[dict[str, Any]], bool]) -> tuple[str, int]:
    """A mapping file's text without some entries, and how many were removed; comments stay.

    Args:
        text: valid TOML.
        unwanted: returns whether to remove the entry of a table.
    """
    tables = tomllib.loads(text).get("map", [])
    lines = text.splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if _HEADER.match(line)]
    if not starts or len(starts) != len(tables):
        return text, 0  # inline entries are not edited
    kept, removed = lines[: starts[0]], 0
    for start, end, table in zip(starts, [*starts[1:], len(lines)], tables, strict=True):
        block = lines[start:end]
        if unwanted(table):
            removed += 1
            block = [line for line in block if line.lstrip().startswith("#")]
        kept += block
    return "".join(kept).rstrip("\n") + "\n" if "".join(kept).strip() else "", removed


def _quoted(text: str) -> str:
    return json.dumps("".join(c for c in text if c.isprintable()), ensure_ascii=False)
