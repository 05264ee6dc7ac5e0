"""Supervisor: calls everything beside a loop, so that nothing ends the loop or holds it up.

A performance has loops: threads that must go on, such as those of the display and of the engine.
Whatever a loop uses (outputs, controls, recorders, files, callbacks) is a service, and every
service is called in one way::

    supervisor.call("record", recorder.write, frame)

A service that raises, whatever it raises, is reported and left out for a pause, which doubles up to
2 s. One that does not return in time is reported with the line at which it stands; another thread
then continues the loop, and the service is left out until that call has returned.
"""

from __future__ import annotations

import linecache
import math
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread, get_ident
from types import FrameType
from typing import TypeVar

from genart.interrupts import GivenUp, cancel_interrupt, interrupt_thread
from genart.playback.faults import Faults
from genart.playback.loop_thread import LoopThread, Watched

T = TypeVar("T")
#: Seconds after which a call of a service is given up, unless the caller says otherwise.
LIMIT = 1.0
_PERIOD = 0.05  # seconds between two looks
_REPORT = 2.0  # seconds after which a call that is not given up is reported
_STALLED = 3.0  # seconds without a sign of life after which a thread is reported
_FIRST, _LONGEST = 0.05, 2.0  # seconds of the pauses after failures
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))


@dataclass(eq=False)
class _Call:
    name: str
    limit: float
    given_up: Callable[[list[FrameType], str], None] | None
    waited: float = 0.0
    reported: bool = False
    late: bool = False  # it was given up


@dataclass
class _Service:
    fails: int = 0
    resume: float = 0.0  # not called before
    held: bool = False  # whether a call of it has not returned from a thread that was left behind


class Supervisor:
    """Calls services, and watches the threads of a performance.

    Args:
        faults: where faults are reported.
        now: seconds on a monotonic clock.

    Attributes:
        loops: the loops that run.
        watched: other threads, which show signs of life.
        services: the state of each service by its name.
    """

    def __init__(self, faults: Faults, now: Callable[[], float] = time.monotonic) -> None:
        self.faults, self._now = faults, now
        self.loops: list[LoopThread] = []
        self.watched: list[Watched] = []
        self.services: dict[str, _Service] = {}
        self._lock = Lock()
        self._calls: dict[int, list[_Call]] = {}  # of each thread, the innermost last
        self._members: dict[int, tuple[LoopThread, int]] = {}
        self._stalled: set[str] = set()
        self._signs: dict[str, tuple[float, float]] = {}  # the last sign of life, and time since
        self._stopped = Event()
        self._thread = Thread(target=self._watch, name="genart-watch", daemon=True)

    @property
    def left_behind(self) -> int:
        """How many threads hang in calls that were given up."""
        return sum(loop.left_behind for loop in self.loops)

    def hanging(self, name: str) -> int:
        """How many blocks of that name were given up and have not returned."""
        with self._lock:
            calls = [call for each in self._calls.values() for call in each]
        return sum(call.late and call.name == name for call in calls)

    def start(self) -> None:
        """Start to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop to watch."""
        self._stopped.set()

    def call(
        self,
        name: str,
        step: Callable[..., T],
        *args: object,
        limit: float = LIMIT,
        pauses: bool = True,
    ) -> T | None:
        """Call a service.

        Args:
            name: its name in reports.
            step: what to call.
            args: its arguments.
            limit: seconds after which the call is given up.
            pauses: whether it is left out for a while after a failure, which lasts until it works
                again; not for what somebody asked for, such as a recording.

        Returns:
            What it returns; None if it failed, or is left out.
        """
        service = self.services.get(name) or self.services.setdefault(name, _Service())
        if service.held or (pauses and self._now() < service.resume):
            return None
        try:
            with self.watch(name, limit):
                found = step(*args)
        except GivenUp:
            service.held = False
            raise
        except BaseException as error:  # whatever a service raises is its own fault
            service.fails += 1
            pause = _FIRST * 2 ** min(service.fails - 2, 10) if service.fails > 1 else 0.0
            service.resume = self._now() + min(pause, _LONGEST)
            (self.faults.add if pauses else self.faults.event)(name, error)
            return None
        if service.fails:
            service.fails = 0
            self.faults.settle(name)
        return found

    def together(self, steps: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, str]:
        """Call services at the same time, each in a thread of its own.

        Args:
            steps: what to call, by the name in reports.
            seconds: how long to wait for all of them; those that need longer go on by themselves.

        Returns:
            Those that need longer, with the line at which each stands.
        """
        threads = {
            name: Thread(
                target=self.call, args=[name, step], kwargs={"limit": math.inf, "pauses": False},
                name=f"genart-{name}", daemon=True,
            )
            for name, step in steps.items()
        }  # fmt: skip
        for thread in threads.values():
            thread.start()
        end = time.monotonic() + seconds
        for thread in threads.values():
            thread.join(max(end - time.monotonic(), 0.0))
        return {
            name: _line(_stack(thread.ident or 0))
            for name, thread in threads.items()
            if thread.is_alive()
        }

    def hurry(self, name: str) -> None:
        """Give up a block of that name as soon as it has lasted for LIMIT."""
        with self._lock:
            for calls in self._calls.values():
                for call in calls:
                    if call.name == name:
                        call.limit = min(call.limit, LIMIT)

    @contextmanager
    def watch(
        self,
        name: str,
        limit: float = LIMIT,
        given_up: Callable[[list[FrameType], str], None] | None = None,
    ) -> Iterator[None]:
        """Watch a block, which is given up after so many seconds if it runs in a loop.

        Args:
            name: the block's name in reports.
            limit: seconds; a block inside this one has its own.
            given_up: called instead of a report, on the watching thread, with what the thread
                stands in, innermost first, and the line as text.

        Raises:
            GivenUp: the block was given up, and another thread runs the loop.
        """
        call = _Call(name, limit, given_up)
        self._enter(call)
        try:
            yield
        finally:
            self._leave(call)

    @contextmanager
    def member(self, loop: LoopThread, generation: int) -> Iterator[None]:
        """This thread runs a loop until the end of the block."""
        thread = get_ident()
        with self._lock:
            self._members[thread] = loop, generation
        try:
            yield
        finally:
            with self._lock:
                self._members.pop(thread, None)
                self._calls.pop(thread, None)

    def look(self, passed: float = _PERIOD) -> None:
        """Give up what takes too long, and replace threads that have ended.

        Args:
            passed: seconds since the last look. More than two periods count as two: then the whole
                program, and nothing in it, was held up.
        """
        passed = min(passed, 2 * _PERIOD)
        for thread, call in self._innermost(passed):
            if call.waited >= call.limit and self._loop_of(thread) is not None:
                self._give_up(thread, call)
            elif call.waited >= min(call.limit, _REPORT) and not call.reported:
                self._report(thread, call)
        for loop in list(self.loops):
            loop.check()
        for each in list(self.watched):
            self._check(each, passed)

    def _enter(self, call: _Call) -> None:
        thread = get_ident()
        member = self._members.get(thread)
        if member is not None and member[0].generation != member[1]:
            raise GivenUp
        with self._lock:
            self._calls.setdefault(thread, []).append(call)

    def _leave(self, call: _Call) -> None:
        thread = get_ident()
        with self._lock:
            calls = self._calls.get(thread, [])
            if call in calls:
                del calls[calls.index(call) :]
            if not calls:
                self._calls.pop(thread, None)
            member = self._members.get(thread)
            late, inside = call.late, member is not None and member[0].generation != member[1]
        if late and inside:
            cancel_interrupt(thread)
            raise GivenUp
        if call.reported:
            self.faults.settle(call.name)

    def _innermost(self, passed: float) -> list[tuple[int, _Call]]:
        """The innermost calls that were not given up yet, with their threads."""
        with self._lock:
            found = [(thread, calls[-1]) for thread, calls in self._calls.items() if calls]
            for _, call in found:
                call.waited += passed
        return [(thread, call) for thread, call in found if not call.late]

    def _report(self, thread: int, call: _Call) -> None:
        call.reported = True
        line = _line(_stack(thread))
        self.faults.add(call.name, f"Not done after {call.waited:.0f} s. It stands at {line}.")

    def _give_up(self, thread: int, late: _Call) -> None:
        stack = _stack(thread)
        with self._lock:
            calls, loop = self._calls.get(thread, []), self._loop_of(thread)
            if late not in calls or loop is None:
                return  # it has just returned
            for each in calls:
                each.late = True
            self._leave_out(late.name)
            loop.replace()
            interrupt_thread(thread)  # here, so that the call cannot return in between
        if late.given_up is not None:
            late.given_up(stack, _line(stack))
        else:
            self.faults.add(
                late.name, f"Left out after {late.limit:g} s. It stands at {_line(stack)}."
            )

    def _leave_out(self, name: str) -> None:
        service = self.services.get(name)
        if service is not None:
            service.held, service.fails = True, service.fails + 1

    def _loop_of(self, thread: int) -> LoopThread | None:
        loop, generation = self._members.get(thread, (None, 0))
        return loop if loop is not None and loop.generation == generation else None

    def _check(self, each: Watched, passed: float) -> None:
        if not each.thread.is_alive():
            if self.call(f"{each.name} thread", each.revive):
                self.faults.add(each.name, "The thread ended; another one continues.")
            return
        before, silent = self._signs.get(each.name, (0.0, 0.0))
        silent = 0.0 if each.alive_at != before else silent + passed
        self._signs[each.name] = each.alive_at, silent
        if silent > _STALLED and each.name not in self._stalled:
            line = _line(_stack(each.thread.ident or 0))
            self.faults.add(each.name, f"No answer for {_STALLED:g} s. It stands at {line}.")
            self._stalled.add(each.name)
        elif not silent and each.name in self._stalled:
            self._stalled.discard(each.name)
            self.faults.settle(each.name)

    def _watch(self) -> None:
        last = self._now()
        while not self._stopped.wait(_PERIOD):
            now = self._now()
            try:
                self.look(now - last)
            except BaseException as error:  # nothing ends the watch
                self.faults.add("watch", error)
            last = now


def _stack(thread: int) -> list[FrameType]:
    """What a thread stands in, innermost first."""
    found, frame = [], sys._current_frames().get(thread)
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _line(stack: list[FrameType]) -> str:
    """The innermost line that belongs to no library, as text."""
    if not stack:
        return "an unknown line"
    core = str(Path(__file__).parents[1])
    for outside in ((*_LIBRARIES, core, "<frozen"), (*_LIBRARIES, "<frozen"), ()):
        for frame in stack:
            file, number = frame.f_code.co_filename, frame.f_lineno
            if not file.startswith(outside):
                text = linecache.getline(file, number).strip()
                return f"{Path(file).name}, line {number}" + (f": {text}" if text else "")
    return "an unknown line"
