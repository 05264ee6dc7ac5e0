"""PhaseLock: aligns the display's deadlines with the engine's, so that changes are visible soon.

Engine and display tick at one rate, each with its own deadlines. If the display looked just before
a frame is ready, every frame would wait a whole period. So the display's deadlines are moved, too
little at a time to be visible, until nearly all frames are ready at their deadline.
"""

from __future__ import annotations

from collections import deque

_MEMORY, _FEWEST = 150, 8  # frames
_LATE = 0.01  # the share of frames that may come after the display's deadline
_MARGIN = 0.001  # seconds
_STEP = 0.0003  # seconds a deadline moves at most: 1 % of a frame at 30 a second
_FIRST = 0.002  # the same until the first alignment
_EVERY = 5  # frames between two adjustments


class PhaseLock:
    """Computes how much later the display's next deadlines should be.

    Args:
        period: seconds from tick to tick.
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._waits: deque[float] = deque(maxlen=_MEMORY)
        self._wanted = self._middle = 0.0
        self._count, self._right = 0, False

    def shown(self, waited: float) -> None:
        """A frame is shown for the first time, `waited` seconds after it was ready."""
        around = self._middle if self._waits else _MARGIN
        self._waits.append(around + _wrapped(waited - around, self._period))
        self._count += 1
        if len(self._waits) >= _FEWEST and (not self._right or self._count % _EVERY == 0):
            self._wanted = self._later()
            self._right = self._right or abs(self._wanted) < _STEP

    def step(self) -> float:
        """Seconds by which the next deadline, and all after it, should be later; mostly 0."""
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
            return 0.0  # the engine is slower than the display: there is nothing to align with
        earliest = max(waits[int(_LATE * len(waits))], self._middle - self._period / 3)
        return _wrapped(_MARGIN - earliest, self._period)


def _wrapped(seconds: float, period: float) -> float:
    """The same position in a period, in -period/2..period/2."""
    return (seconds + period / 2) % period - period / 2
