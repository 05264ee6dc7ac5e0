"""ImageLimits: how long an image may take, and which values of Params make it take too long."""

from __future__ import annotations

from dataclasses import dataclass
from types import FrameType
from typing import Any

from genart.playback.player import SketchPlayer
from genart.playback.sketch import Sketch

#: Seconds that an image may take, or four times as long as they take by themselves.
LONGEST = 1.0
#: Seconds that the first image of a sketch, model or style may take.
LONGEST_FIRST = 10.0
_TIMES = 4
#: The parts of a frame that take long because of the model or a style, not because of the sketch.
_NETWORKS = {Sketch.paint.__code__, SketchPlayer._stylized.__code__, SketchPlayer.refresh.__code__}
_FREE = ("transport", "tempo", "output")  # owners whose Params make no image slower


@dataclass(frozen=True)
class LateImage:
    """An image that was given up.

    Attributes:
        line: where the sketch stood.
        in_model: whether it stood in a network or a walk, not in lines of the sketch.
        limit: seconds it was allowed to take.
    """

    line: str
    in_model: bool
    limit: float


class ImageLimits:
    """How long an image may take, measured on this machine.

    An image may take one second, or four times as long as the fastest image since the sketch,
    model or a text changed. Values of Params for which an image was given up are remembered: from
    then on the nearest good value is taken, so the range of a Param follows what was measured.
    """

    def __init__(self) -> None:
        self._late: LateImage | None = None
        self._changed: dict[str, Any] = {}
        self._ends: dict[str, tuple[float, float]] = {}  # good and bad value
        self._given_up = 0
        self.renew()

    def renew(self) -> None:
        """Measure again, because another sketch, model or quality plays."""
        self._fastest: float | None = None
        self._ends.clear()

    @property
    def limit(self) -> float:
        """Seconds that the next image may take."""
        texts = any(isinstance(value, str) for value in self._changed.values())
        if self._fastest is None or texts:
            base = LONGEST_FIRST
        else:
            base = max(LONGEST, _TIMES * self._fastest)
        return base * float(2 ** min(self._given_up, 4))  # it may need that long, once

    def changed(self, path: str, before: Any) -> None:
        """A Param is being changed; `before` is the value of the last good image."""
        if not path.startswith(_FREE):
            self._changed.setdefault(path, before)

    def made(self, seconds: float) -> None:
        """An image was made in so many seconds."""
        self._fastest = min(seconds, self._fastest if self._fastest is not None else seconds)
        self._changed.clear()
        self._given_up = 0

    def take_changed(self) -> dict[str, Any]:
        """The Params changed since the last good image, with the values of then: texts, numbers."""
        changed, self._changed = self._changed, {}
        return changed

    def forgive(self) -> None:
        """The cause is gone: the next image may take no longer than usual."""
        self._given_up = 0

    def refuse(self, path: str, good: Any, bad: Any) -> None:
        """Remember that a value made an image too slow."""
        if isinstance(bad, (int, float)) and not isinstance(bad, bool):
            self._ends[path] = good, bad

    def nearest(self, path: str, value: Any) -> Any:
        """The value, or the good one if it lies beyond one for which an image was given up."""
        good, bad = self._ends.get(path, (None, None))
        if good is None or bad is None or isinstance(value, str):
            return value
        return good if (value >= bad if bad > good else value <= bad) else value

    def note_late(self, stack: list[FrameType], line: str) -> None:
        """An image is given up; called by the watching thread."""
        in_model = any(frame.f_code in _NETWORKS for frame in stack)
        self._late = LateImage(line, in_model, self.limit)
        self._given_up += 1

    def take_late(self) -> LateImage | None:
        """The image that was given up since the last call, if any."""
        late, self._late = self._late, None
        return late
