"""Complaints: refused messages are logged once for each thing, in a bounded number of lines."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from threading import Lock

log = logging.getLogger("genart.live")

_REMEMBERED = 1000  # things; then the oldest ones are forgotten
_BURST, _EVERY = 50, 2.0  # lines at once, and seconds until one more may follow
_LONGEST_LINE = 300  # characters; a message from the network may have 64 kB
_NUMBER = re.compile(r"\d[\d.]*")

#: What is wrong, or a function that returns it, called only if it is logged.
Why = str | Callable[[], str]


class Complaints:
    """Logs what is refused, once for each thing.

    A thing is a text such as "/genart/model/truncaton", whoever sends it. A flood of new things is
    logged in part; the rest is counted, and the count is logged when there is room again.

    Args:
        logged: called with each line that is logged and its source.
        now: seconds on a monotonic clock.
    """

    def __init__(
        self,
        logged: Callable[[str, str], None] = lambda line, source: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.logged, self._now = logged, now
        self._lock = Lock()
        self._known: dict[str, None] = {}
        self._room, self._since, self._left_out = float(_BURST), now(), 0

    def add(self, thing: str, why: Why, source: str = "") -> None:
        """Log a warning, unless the thing was logged before or too many are logged now."""
        key = thing[:_LONGEST_LINE]
        with self._lock:
            if key in self._known:
                return
            if not self._has_room():
                self._left_out += 1
                return
            if len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[key] = None
            left_out, self._left_out = self._left_out, 0
        line = _shortened(why if isinstance(why, str) else why())
        more = f"; {left_out} others were not logged" if left_out else ""
        log.warning("%s (%s; logged once%s)", line, source or "unknown sender", more)
        self.logged(line, source)

    def _has_room(self) -> bool:
        now = self._now()
        self._room = min(self._room + (now - self._since) / _EVERY, _BURST)
        self._since = now
        if self._room < 1:
            return False
        self._room -= 1
        return True


def without_numbers(text: str) -> str:
    """A text in which all numbers are equal: values that differ only in them are one thing."""
    return _NUMBER.sub("#", text)


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} ..."
