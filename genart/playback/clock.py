"""Clocks: the ticks of a film or a performance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Tick:
    """One tick of a clock.

    Args:
        index: which frame, from 0.
        t: seconds since the start, as an exact fraction.
        dt: seconds since the frame before.
    """

    index: int
    t: Fraction
    dt: Fraction


class OfflineClock:
    """A film's clock: a number of frames at a rate, however long each takes to make.

    Args:
        frames: how many.
        fps: frames per second.
    """

    def __init__(self, frames: int, fps: Fraction) -> None:
        self.frames, self.fps = frames, fps

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Tick]:
        for index in range(self.frames):
            yield Tick(index, index / self.fps, 1 / self.fps)
