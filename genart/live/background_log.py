"""BackgroundLog: passes lines on from its own thread, so that a blocked terminal blocks nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread

_MOST = 1000  # lines that may wait; further ones are left out


class BackgroundLog:
    """Calls `tell` with each line: in its own thread between `start` and `close`, else at once.

    Whatever `tell` raises is ignored: the program that read the lines may have ended.

    Args:
        tell: called with one line.
    """

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._lines: deque[str] = deque()
        self._change = Condition()
        self._running = False
        self._thread = Thread(target=self._work, name="genart-log", daemon=True)

    def __call__(self, line: str) -> None:
        """Take one line."""
        with self._change:
            if self._running:
                if len(self._lines) < _MOST:
                    self._lines.append(line)
                self._change.notify_all()
                return
        self._pass_on(line)

    def start(self) -> None:
        """Start the thread."""
        self._running = True
        self._thread.start()

    def close(self, seconds: float = 0.5) -> None:
        """Pass on what waits, if that is possible in so many seconds."""
        with self._change:
            self._running = False
            self._change.notify_all()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._lines or not self._running)
                if not self._lines:
                    return
                line = self._lines.popleft()
            self._pass_on(line)

    def _pass_on(self, line: str) -> None:
        with suppress(BaseException):
            self._tell(line)
