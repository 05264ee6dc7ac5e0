"""MIDI messages as sources of the mapping, and back.

| source           | is                                              | sends        |
|------------------|-------------------------------------------------|--------------|
| `cc/1/74`        | a controller of a channel, 1..16                | 0..127       |
| `cc14/1/7`       | controllers 7 and 39 as one of 14 bits          | 0..16383     |
| `note/10/36`     | the velocity of a key or pad, 0 when released   | 0..127       |
| `pitch/1`        | the pitch wheel                                 | -8192..8191  |
| `pressure/1`     | channel pressure                                | 0..127       |
| `pressure/1/36`  | the pressure of one key                         | 0..127       |
| `program/1`      | the program selected                            | 0..127       |
| `program/1/5`    | whether program 5 is selected                   | 127, or 0    |
| `start` ...      | `start`, `stop` and `continue` of a sequencer   | 127, then 0  |

The standard is "MIDI 1.0 Detailed Specification" (MIDI Manufacturers Association, 1996); programs
and notes count from 0 there and here, channels from 1 here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import mido

_REAL_TIME = ("start", "stop", "continue")
#: Controllers below this number are the upper 7 bits of the one 32 above.
_HALF = 32


class Reader:
    """Reads one port's messages; it remembers upper halves of 14-bit controllers and programs."""

    def __init__(self) -> None:
        self._upper: dict[tuple[int, int], int] = {}
        self._program: dict[int, int] = {}
        self._read: dict[str, Callable[[Any, int], Iterator[tuple[str, float]]]] = {
            "control_change": self._controller,
            "note_on": lambda m, ch: iter([(f"note/{ch}/{m.note}", m.velocity)]),
            "note_off": lambda m, ch: iter([(f"note/{ch}/{m.note}", 0)]),
            "pitchwheel": lambda m, ch: iter([(f"pitch/{ch}", m.pitch)]),
            "aftertouch": lambda m, ch: iter([(f"pressure/{ch}", m.value)]),
            "polytouch": lambda m, ch: iter([(f"pressure/{ch}/{m.note}", m.value)]),
            "program_change": self._programs,
        }

    def sources(self, message: Any) -> Iterator[tuple[str, float]]:
        """The (source, value) pairs of a message, in order; none for other messages."""
        if message.type in _REAL_TIME:
            yield from ((message.type, 127), (message.type, 0))
        elif message.type in self._read:
            yield from self._read[message.type](message, message.channel + 1)

    def _controller(self, message: Any, channel: int) -> Iterator[tuple[str, float]]:
        number, value = message.control, message.value
        yield f"cc/{channel}/{number}", value
        if number < _HALF:
            self._upper[channel, number] = value
        elif (upper := self._upper.get((channel, number - _HALF))) is not None and number < 64:
            yield f"cc14/{channel}/{number - _HALF}", upper << 7 | value

    def _programs(self, message: Any, channel: int) -> Iterator[tuple[str, float]]:
        before = self._program.get(channel)
        self._program[channel] = message.program
        yield f"program/{channel}", message.program
        if before is not None:
            yield f"program/{channel}/{before}", 0
        yield f"program/{channel}/{message.program}", 127


def messages(source: str, x: float) -> list[Any]:
    """The messages that make a control's light or motor show x; none for a control without one."""
    kind, *numbers = source.split("/")
    if kind not in ("cc", "cc14", "note", "pitch"):
        return []
    channel, whole = int(numbers[0]) - 1, round(x)
    if kind == "pitch":
        pitch = min(max(whole, -8192), 8191)
        return [mido.Message("pitchwheel", channel=channel, pitch=pitch)]
    number, value = int(numbers[1]), min(max(whole, 0), 16383 if kind == "cc14" else 127)
    if kind == "note":
        return [mido.Message("note_on", channel=channel, note=number, velocity=value)]
    halves = [(number, value >> 7), (number + _HALF, value & 127)]
    if kind == "cc":
        halves = [(number, value)]
    return [
        mido.Message("control_change", channel=channel, control=control, value=part)
        for control, part in halves
    ]
