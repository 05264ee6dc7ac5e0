"""Faults of a performance: each kind once, with a count."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Lock

_LOG = logging.getLogger("genart.live")


_KINDS = 200  # different faults remembered


_NUMBER = re.compile(
    r"(?<!line )(?<!\d)\d[\d.]*"
)  # faults that differ only in these are one kind; line numbers count as text


@dataclass
class Fault:
    """Something that went wrong, with a count.

    Attributes:
        where: which part: "sketch", "model", "web", a sink's name.
        message: what happened, in one line.
        count: how often.
        open: whether it is still wrong.
        at: when it happened last, in seconds on a monotonic clock.
    """

    where: str
    message: str
    count: int = 1
    open: bool = True
    at: float = 0.0


class Faults:
    """Collects faults from every thread; each kind is reported once, however often it happens.

    Messages that differ only in numbers are one kind, except for line numbers.

    Args:
        tell: called with "where: message" when a fault of a new kind happens.
    """

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._tell = tell or _LOG.warning
        self._lock = Lock()
        self._all: dict[tuple[str, str], Fault] = {}
        self.total = 0

    def add(self, where: str, what: BaseException | str) -> None:
        """Count a fault; the first of its kind is reported."""
        message = what if isinstance(what, str) else _one_line(what)
        kind = _NUMBER.sub("#", message)
        with self._lock:
            self.total += 1
            fault = self._all.get((where, kind))
            if fault is not None:
                fault.count, fault.open, fault.at = fault.count + 1, True, time.monotonic()
                fault.message = message
                return
            if len(self._all) >= _KINDS:
                return
            self._all[where, kind] = Fault(where, message, at=time.monotonic())
        self._tell(f"{where}: {message}")

    def note(self, where: str, message: str) -> None:
        """Report something that is not a fault, such as that an output is back."""
        self._tell(f"{where}: {message}")

    def settle(self, where: str) -> None:
        """That part works again."""
        with self._lock:
            for fault in self._all.values():
                if fault.where == where:
                    fault.open = False

    def now(self) -> list[str]:
        """The faults that are open."""
        with self._lock:
            return [f"{each.where}: {each.message}" for each in self._all.values() if each.open]

    def lately(self, seconds: float = 6.0) -> list[str]:
        """The faults that are open, or were until a moment ago: for people to read."""
        since = time.monotonic() - seconds
        with self._lock:
            lately = [each for each in self._all.values() if each.open or each.at > since]
        return [f"{each.where}: {each.message}" for each in lately]

    def all(self) -> list[Fault]:
        """Every kind of fault so far."""
        with self._lock:
            return [Fault(**asdict(each)) for each in self._all.values()]


def _one_line(error: BaseException) -> str:
    from genart.errors import GenartError

    text = str(error) if isinstance(error, GenartError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())
