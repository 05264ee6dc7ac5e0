"""Faults of a performance: what is wrong, where, since when, and what to do about it.

::

    faults.add("cues", "The disk is full.")   # it stays until its cause is gone
    faults.settle("cues")                     # it is gone
    faults.event("record.start", error)       # it happened, and nothing remains wrong
    faults.refused("style.chain", "fst:wave", error)  # a value that was set back
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from genart.errors import GenartError

_LOG = logging.getLogger("genart.live")
_KINDS = 200  # different faults remembered; then the oldest one that is over is forgotten
_NUMBER = re.compile(
    r"(?<!line )(?<!\d)\d[\d.]*"
)  # faults that differ only in these are one kind; line numbers count as text
_SAME = 10.0  # seconds after its end within which a fault that returns is the same occurrence
_SHOWN = 30.0  # seconds for which the page receives a fault that is over
_LISTED = 20  # faults in the history that is sent as a status

#: What to do, by the part that failed, where the message itself does not say it.
ADVICE = {
    "controls": "Nothing: the image plays on. Report the error to the author of the control.",
    "cues": "Free space on the disk, or allow writing; the next change of a cue is written.",
    "device": "Nothing: another device is used.",
    "engine": "Wait, or save a simpler sketch.",
    "learning": "Allow writing to the mapping file, then learn again.",
    "mapping": "Correct the mapping file and save it; it is loaded again.",
    "mdns": "Enter the address by hand in the other program.",
    "memory": "Reduce the size, the quality or the style, or use a smaller model.",
    "model": "Choose another model.",
    "params": "Enter another value.",
    "record": "Free space on the disk or choose another folder, then start the recording again.",
    "reload": "Correct the sketch and save it; it is loaded again.",
    "show": "Free space on the disk.",
    "sketch": "Correct the sketch and save it; it is loaded again.",
    "style": "Enter another style.",
    "walk": "Enter another value.",
    "watch": "Report the error with its log; the show goes on.",
    "web": "Use OSC or MIDI; start genart live again to get the page back.",
}
_CHECK = "Check the device or program; if this stays, start genart live again."


@dataclass
class Fault:
    """Something that went wrong, with a count.

    Attributes:
        where: which part: "sketch", "model", "web", a sink's name.
        message: what happened, in one line.
        count: how often.
        open: whether it is still wrong.
        at: when it happened last, in seconds on a monotonic clock.
        advice: what to do about it; "" for what was logged elsewhere, where the message says it.
        param: the Param whose value was refused, "owner.name", or "".
        value: the value that was refused, as text.
        since: when it began, in seconds since 1970.
        began: when it began, in seconds on the monotonic clock.
        over: when it ended, in seconds on the monotonic clock; None while it is open.
        number: its number; another one each time it begins again.
    """

    where: str
    message: str
    count: int = 1
    open: bool = True
    at: float = 0.0
    advice: str = ""
    param: str = ""
    value: str = ""
    since: float = 0.0
    began: float = 0.0
    over: float | None = None
    number: int = 0


class Faults:
    """Collects faults from every thread; each kind is reported once, however often it happens.

    Messages that differ only in numbers are one kind, except for line numbers.

    Args:
        tell: called with "where: message" when a fault of a new kind happens.
        now: seconds on a monotonic clock.
    """

    def __init__(
        self, tell: Callable[[str], None] | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell, self._now = tell or _LOG.warning, now
        self._lock = Lock()
        self._all: dict[tuple[str, str], Fault] = {}
        self._logged: set[tuple[str, str]] = set()  # those that were logged elsewhere
        self._count = self.total = 0

    def add(self, where: str, what: BaseException | str, advice: str = "") -> None:
        """Count a fault that lasts until `settle`; the first of its kind is reported.

        Args:
            where: which part failed; `settle` ends all faults of that part.
            what: what happened.
            advice: what to do; by default what `ADVICE` has for that part.
        """
        self._report(Fault(where, _one_line(what), advice=advice))

    def event(self, where: str, what: BaseException | str, advice: str = "") -> None:
        """Count a fault that is over at once, such as an action that failed."""
        self._report(Fault(where, _one_line(what), open=False, advice=advice))

    def refused(self, path: str, value: object, what: BaseException | str) -> None:
        """Count a value of a Param that was refused and set back; the page shows it beside it."""
        owner = path.partition(".")[0]
        self._report(Fault(owner, _one_line(what), open=False, param=path, value=str(value)[:200]))

    def logged(self, where: str, message: str) -> None:
        """Keep what was logged elsewhere for the history, such as a refused OSC message."""
        self._take(Fault(where, message, open=False), logged=True)

    def note(self, where: str, message: str) -> None:
        """Report something that is not a fault, such as that an output is back."""
        self._tell(f"{where}: {message}")

    def settle(self, where: str) -> None:
        """That part works again."""
        with self._lock:
            for fault in self._all.values():
                if fault.where == where and fault.open:
                    fault.open, fault.over = False, self._now()

    def now(self) -> list[str]:
        """The faults that are open."""
        with self._lock:
            return [f"{each.where}: {each.message}" for each in self._all.values() if each.open]

    def lately(self, seconds: float = 6.0) -> list[str]:
        """The faults that are open, or were until a moment ago: for people to read."""
        return [f"{each.where}: {each.message}" for each in self._recent(seconds)]

    def history(self, *, logged: bool = False) -> list[str]:
        """The newest faults, the last one first, whether they are over or not: with their time.

        Args:
            logged: return what was logged elsewhere, and nothing else.
        """
        with self._lock:
            found = [each for key, each in self._all.items() if (key in self._logged) == logged]
        newest = sorted(found, key=lambda each: -each.number)[:_LISTED]
        if logged:
            return [f"{_clock(each.since)} {each.message}" for each in newest]
        return [
            f"{_clock(each.since)} {each.where}: {each.message}" + ("" if each.open else " (over)")
            for each in newest
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The faults for the page, oldest first: open, or over for at most 30 s."""
        now = self._now()
        return [_row(each, now) for each in self._recent(_SHOWN)]

    def all(self) -> list[Fault]:
        """Every kind of fault so far, without what was logged elsewhere."""
        with self._lock:
            found = [each for key, each in self._all.items() if key not in self._logged]
            return [Fault(**asdict(each)) for each in found]

    def _recent(self, seconds: float) -> list[Fault]:
        since = self._now() - seconds
        with self._lock:
            recent = [each for each in self._all.values() if each.open or each.at > since
                      or (each.over is not None and each.over > since)]  # fmt: skip
        return sorted(recent, key=lambda each: each.number)

    def _report(self, fault: Fault) -> None:
        if self._take(fault):
            self._tell(f"{fault.where}: {fault.message}")

    def _take(self, new: Fault, *, logged: bool = False) -> bool:
        """Remember a fault; returns whether it is the first of its kind."""
        key = new.where, _NUMBER.sub("#", new.message)
        with self._lock:
            self.total += not logged
            known, now = self._all.get(key), self._now()
            fault = new if known is None else known
            if known is None:
                self._make_room()
                self._all[key] = new
                self._logged |= {key} if logged else set()
            else:
                known.count, known.message = known.count + 1, new.message
                known.param, known.value = new.param, new.value
            if known is None or not (known.open or now - known.at < _SAME):
                self._count += 1
                fault.number, fault.since, fault.began = self._count, time.time(), now
            fault.at, fault.open, fault.over = now, new.open, None if new.open else now
            owner = new.where.partition(".")[0]
            fault.advice = "" if logged else new.advice or ADVICE.get(owner, _CHECK)
            return known is None

    def _make_room(self) -> None:
        """Forget the oldest fault that is over, or else the oldest, if there are too many."""
        if len(self._all) >= _KINDS:
            oldest = min(self._all, key=lambda key: (self._all[key].open, self._all[key].at))
            del self._all[oldest]
            self._logged.discard(oldest)


def _row(fault: Fault, now: float) -> dict[str, Any]:
    return {
        "id": fault.number,
        "where": fault.where,
        "what": fault.message,
        "do": fault.advice,
        "param": fault.param,
        "value": fault.value,
        "count": fault.count,
        "since": _clock(fault.since),
        "age": int(now - fault.began),
        "over": None if fault.over is None else int(now - fault.over),
    }


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def _one_line(what: BaseException | str) -> str:
    if isinstance(what, str):
        return what
    text = str(what) if isinstance(what, GenartError) else f"{type(what).__name__}: {what}"
    return " ".join(text.split())
