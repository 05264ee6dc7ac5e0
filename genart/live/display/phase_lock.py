"""PhaseLock: the display looks when frames are just ready, so that a turn is seen soon.

Engine and display tick at one rate, each by deadlines of its own. If the display looked just before
a frame is ready, every frame would wait a whole period. So the display's deadlines move, too little
at a time to be seen, until all but a few frames in a hundred are ready at theirs.
"""

from __future__ import annotations

from collections import deque

_MEMORY, _FEWEST = 150, 8  # frames
_LATE = 0.01  # of the frames may come after the display's look
_MARGIN = 0.001  # seconds
_STEP = 0.0003  # seconds a deadline moves at most: 1 % of a frame at 30 a second
_FIRST = 0.002  # the same until it is right for the first time
_EVERY = 5  # frames between two looks at all of them


class PhaseLock:
    """Says how much later the display's next deadlines should be.

    Args:
        period: seconds from tick to tick.
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._waits: deque[float] = deque(maxlen=_MEMORY)
        self._wanted = self._middle = 0.0
        self._count, self._right = 0, False

    def shown(self, waited: float) -> None:
        """A frame is on show for the first time, `waited` seconds after it was ready."""
        around = self._middle if self._waits else _MARGIN
        self._waits.append(around + _wrapped(waited - around, self._period))
        self._count += 1
        if len(self._waits) >= _FEWEST and (not self._right or self._count % _EVERY == 0):
            self._wanted = self._later()
            self._right = self._right or abs(self._wanted) < _STEP

    def step(self) -> float:
        """Seconds by which the next deadline, and all after it, should be later; rarely not 0."""
        most = _STEP if self._right else _FIRST
        step = min(max(self._wanted, -most), most)
        if abs(step) < _STEP:
            return 0.0
        self._wanted -= step
        self._middle += step
        for _ in range(len(self._waits)):
            self._waits.append(self._waits.popleft() + step)
        return step

    def _later(self) -> float:
        waits = sorted(self._waits)
        self._middle = waits[len(waits) // 2]
        if waits[-1 - len(waits) // 10] - waits[len(waits) // 10] > self._period / 2:
            return 0.0  # the engine does not keep up: there is nothing to be in step with
        earliest = max(waits[int(_LATE * len(waits))], self._middle - self._period / 3)
        return _wrapped(_MARGIN - earliest, self._period)


def _wrapped(seconds: float, period: float) -> float:
    """The same place in a period, in -period/2..period/2."""
    return (seconds + period / 2) % period - period / 2
