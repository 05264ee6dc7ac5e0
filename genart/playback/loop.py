"""The one loop: clock -> player -> sinks. It keeps no frames."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from operator import itemgetter
from typing import Any, Protocol, runtime_checkable

from genart.contracts import Control, Frame, Sink
from genart.media.frames import PendingFrame, in_order
from genart.playback.clock import Tick
from genart.playback.player import Player, SketchPlayer
from genart.profiling import count_frame, span


@runtime_checkable
class Timed(Protocol):
    """A Control that knows the time of each of its changes."""

    def moments(self, t: float) -> Iterator[tuple[float, Iterable[tuple[str, Any]]]]:
        """Each time up to t with the pairs due then, oldest first; t itself is the last."""
        ...


def frames(
    player: Player, clock: Iterable[Tick], controls: Sequence[Control] = ()
) -> Iterator[Frame]:
    """The frames of a clock's ticks, one by one, with the changes of controls."""

    def begun() -> Iterator[PendingFrame]:
        for tick in clock:
            with span("controls"):
                turn(player, controls, tick.t)
            if isinstance(player, SketchPlayer):
                yield player.begin(tick)
            else:
                yield PendingFrame(player.frame(tick))

    return in_order(begun())


def turn(player: Player, controls: Sequence[Control], t: Fraction) -> None:
    """Apply the changes of controls that are due up to time t in seconds.

    The changes of a control with `moments(t)`, such as a show or the live store, are set at their
    own times, so that what is summed up over time, such as the phase, is the same at any frame
    rate.
    """
    moments = [_moments(control, float(t)) for control in controls]
    for at, changes in heapq.merge(*moments, key=itemgetter(0)):
        due = list(changes)
        now = t if at >= float(t) else Fraction(at)
        if due:
            player.advance(now)
        for path, value in due:
            player.set(path, value)
        if due:
            player.advance(now)


def _moments(control: Control, t: float) -> Iterator[tuple[float, Iterable[tuple[str, Any]]]]:
    if isinstance(control, Timed):
        yield from control.moments(t)
    else:
        yield t, control.changes(t)


def run(frames: Iterable[Frame], sinks: Sequence[Sink]) -> int:
    """Write every frame to every sink; returns how many there were."""
    count = 0
    for count, frame in enumerate(frames, 1):  # noqa: B007
        for sink in sinks:
            with span(step_name(sink)):
                sink.write(frame)
        count_frame()
    return count


def step_name(sink: Sink) -> str:
    """The name of writing to a sink in a profile: its name, or "film" of a FilmSink."""
    name = getattr(sink, "name", None)
    return name if isinstance(name, str) else type(sink).__name__.lower().removesuffix("sink")
