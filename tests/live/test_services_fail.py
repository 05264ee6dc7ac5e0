"""Whatever runs beside the loops raises, hangs or vanishes: an image is shown at every tick.

The members are those of the performance's own lists, as `genart.perform` fills them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.live_parts import Flat, Time

import genart
from genart.interrupts import GivenUp
from genart.live.display.clock import LiveClock
from genart.live.outputs.worker import OutputWorker
from genart.live.performance import Live
from genart.live.services import owner_name
from genart.playback.supervisor import LIMIT

Install = Callable[[Callable[..., Any]], Any]


class Own(BaseException):
    """Neither an Exception nor known to anybody."""


ERRORS = [
    OSError("the disk is gone"), asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(3),
    GeneratorExit(), Own(), AttributeError("'NoneType' object has no attribute 'write'"),
    ReferenceError("weakly-referenced object no longer exists"), MemoryError(), RecursionError(),
]  # fmt: skip


class Eye:
    """A sink that sees every frame."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def write(self, frame: np.ndarray) -> None:
        self.seen.append(int(frame.max()))

    def close(self) -> None: ...


class Fader:
    """A control that is asked, and that has a thread of its own."""

    name = "fader"

    def changes(self, t: float) -> tuple[()]:
        return ()

    def start(self, console: genart.live.Console) -> None: ...

    def close(self) -> None: ...


class Night:
    """A performance with everything that `perform` puts around it, on clocks moved by waiting."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(Live, "run", lambda *given: self._taken(*given))
        self.eye, self.said = Eye(), list[str]()
        genart.perform(
            Flat, model="plasma", size=16, fps=50, params={"sketch.level": 1.0},
            osc="127.0.0.1:0", web="127.0.0.1:0", tell=self.said.append, controls=[Fader()],
            record_show="night.jsonl", sinks=[genart.MemorySink()],
            engine_clock=self.clock(),
        )  # fmt: skip
        self.live.display_clock = self.clock()

    def clock(self) -> LiveClock:
        time = Time()
        return LiveClock(Fraction(50), now=time, wait=lambda s: time.wait(max(s, 1e-6)))

    def _taken(self, live: Live, sinks: Any, controls: Any) -> Any:
        self.live = live
        live.store_control.controls = controls
        live._sinks = {owner_name(sink): sink for sink in [*sinks, live.recorder, self.eye]}
        return live.report()

    def members(self) -> Iterator[tuple[str, Install]]:
        """What the loops call, with a function that puts another function in its place."""
        live = self.live
        for name, sink in live._sinks.items():
            if sink is not self.eye and not isinstance(sink, OutputWorker):
                yield f"sink {name}", attribute(sink, "write")
        for control in live.store_control.controls:
            yield f"control {owner_name(control)}", attribute(control, "changes")
        for what, callbacks in (("tick", live.on_tick), ("new sketch", live.on_new_sketch)):
            for k, each in enumerate(callbacks):
                yield f"{what} {each}", item(callbacks, k)
        for name in live.store_control.actions:
            yield f"action {name}", item(live.store_control.actions, name)
        yield "show", attribute(live.store_control, "on_changes")
        yield "log", attribute(live._log, "_tell")
        for k in range(len(live.store._subscribers)):
            yield f"subscriber {k}", self.subscriber(k)
        for name in ("restored", "changed", "swapped", "played"):
            if name != "played":  # calls the followers, one by one
                yield f"hook {name}", attribute(live.player, f"_{name}")

    def subscriber(self, k: int) -> Install:
        def install(replaced: Callable[..., Any]) -> Callable[[], None]:
            before = self.live.store._subscribers
            self.live.store._subscribers = (*before[:k], replaced, *before[k + 1 :])
            return lambda: setattr(self.live.store, "_subscribers", before)

        return install

    def stir(self, k: int) -> None:
        """Give every member something to do."""
        live = self.live
        live.store.put("sketch.level", 1.0 - k % 2 / 10, "web")
        live.store.put("walk.seeds", "none" if k % 2 else "1-3", "web")  # refused, and reset
        for name in live.store_control.actions:
            if not name.startswith("record"):
                live.store.trigger(name)
        if k == 1:
            live.loader._sketches_ready.append(Flat)  # as if it had been saved

    def tick(self) -> None:
        """One tick of the engine and one of the display; this thread runs both."""
        for loop, clock in (
            (self.live._make_frames, self.live.engine_clock),
            (self.live._show_frames, self.live.display_clock),
        ):
            clock._end = (clock.tick.index if clock.tick else -1) + 2
            loop()

    def pass_time(self, thread: int) -> None:
        """Let the limit of what a thread does pass, and no time for the others."""
        self.live.supervisor._calls[thread][-1].waited = 10 * LIMIT
        self.live.supervisor.look(0.0)

    def close(self) -> None:
        self.live.close()
        for sink in self.live._sinks.values():
            sink.close()


def attribute(owner: Any, name: str) -> Install:
    def install(replaced: Callable[..., Any]) -> Callable[[], None]:
        before = getattr(owner, name)
        setattr(owner, name, replaced)
        return lambda: setattr(owner, name, before)

    return install


def item(items: Any, key: Any) -> Install:
    def install(replaced: Callable[..., Any]) -> Callable[[], None]:
        before = items[key]
        items[key] = replaced
        return lambda: items.__setitem__(key, before)

    return install


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    made = Night(tmp_path, monkeypatch)
    yield made
    made.close()


def test_whatever_a_service_raises_there_is_an_image_at_every_tick(night: Night) -> None:
    night.tick()
    members = list(night.members())
    assert len(members) > 14
    for name, install in members:
        for error in ERRORS:

            def fail(*_: Any, error: BaseException = error, **__: Any) -> Any:
                raise error

            undo = install(fail)
            for k in range(2):
                night.stir(k)
                before = len(night.eye.seen)
                night.tick()
                assert night.eye.seen[before:], (name, error)
            undo()
    assert min(night.eye.seen) > 200, "never black"
    night.tick()
    assert night.eye.seen[-1] > 200


def test_a_service_that_hangs_is_named_with_its_line_and_the_loops_go_on(night: Night) -> None:
    live, forever = night.live, threading.Event()
    live.engine_clock._wait = live.display_clock._wait = lambda seconds: live.stopped.wait(0.001)
    for clock in (live.engine_clock, live.display_clock):
        clock.now = Pace()
    night.tick()
    for clock in (live.engine_clock, live.display_clock):
        clock._end = None
    live._engine.start()
    live._display.start()
    hung = 0
    for name, install in night.members():
        if name.startswith(("log", "subscriber", "hook")):
            continue  # called inside others, which are given up
        entered, threads = threading.Event(), list[int]()

        def hang(
            *_: Any,
            entered: threading.Event = entered,
            threads: list[int] = threads,
            **__: Any,
        ) -> None:
            threads.append(threading.get_ident())
            entered.set()
            forever.wait()  # this line is named

        hang.__name__ = name
        undo = install(hang)
        action = name.removeprefix("action ")
        if action != name:
            live.store.trigger(action)
        live.store.put("sketch.level", 0.9 if live.store.current("sketch.level") == 1 else 1.0)
        if name.startswith("new sketch"):
            live.loader._sketches_ready.append(Flat)
        assert entered.wait(10), name
        night.pass_time(threads[0])
        hung += 1
        made, shown = live.frame_blend.made, len(night.eye.seen)
        until(lambda made=made: live.frame_blend.made > made, name)  # type: ignore[misc]
        until(lambda shown=shown: len(night.eye.seen) > shown, name)  # type: ignore[misc]
        undo()
    lines = [line for line in live.faults.now() if "this line is named" in line]
    assert hung > 8
    assert len(lines) >= hung - 3, live.faults.now()  # some share a name
    assert live.supervisor.left_behind >= hung - 3
    forever.set()
    until(lambda: live.supervisor.left_behind == 0, "threads that come back end")
    for clock in (live.engine_clock, live.display_clock):
        clock.stop.set()
    live._engine.close(5)
    live._display.close(5)
    assert not any(loop.thread and loop.thread.is_alive() for loop in (live._engine, live._display))
    assert min(night.eye.seen) > 200


class Pace:
    """A clock that is never late: each look is a little later."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 0.004
        return self.at


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds, at most 10 s."""
    bell = threading.Event()
    for _ in range(10_000):
        if holds():
            return
        bell.wait(0.001)
    raise AssertionError(what)


def test_a_loop_whose_body_fails_or_whose_thread_ends_goes_on() -> None:
    from genart.playback.faults import Faults
    from genart.playback.loop_thread import LoopThread
    from genart.playback.supervisor import Supervisor

    said: list[str] = []
    supervisor = Supervisor(Faults(said.append))
    turns: Iterator[BaseException | None] = iter([Own(), SystemExit(), None])
    done = threading.Event()

    def body() -> None:
        error = next(turns)
        if error is not None:
            raise error
        done.set()

    loop = LoopThread(supervisor, "engine", body)
    loop.start()
    assert done.wait(10)
    loop.close(5)
    assert loop.done
    assert said == ["engine: Own:", "engine: SystemExit:"]


def test_an_interrupt_does_not_outlive_the_call_it_was_meant_for() -> None:
    from genart.playback.faults import Faults
    from genart.playback.supervisor import Supervisor

    supervisor = Supervisor(Faults(lambda line: None))
    with supervisor.watch("alone", 0.1):
        for _ in range(5):
            supervisor.look()
    assert supervisor.faults.now() == []  # no loop runs here: reported, and settled
    with pytest.raises(GivenUp):
        raise GivenUp
