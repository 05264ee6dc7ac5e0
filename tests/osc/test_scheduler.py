"""The scheduler: time tags with a clock that moves only on request."""

from __future__ import annotations

import pytest

from genart.live.osc.router import Router
from genart.live.store import Store
from genart.osc.codec import (
    IMMEDIATE,
    Bundle,
    Message,
    TimeTag,
    encode,
)
from genart.osc.peers import Sender
from genart.osc.scheduler import Scheduler
from genart.playback.settings import Settings


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def later(seconds: float) -> TimeTag:
    return TimeTag.at(1000.0 + seconds)


def test_jobs_run_when_they_are_due_in_the_order_of_their_time_tags() -> None:
    time, done = Time(), list[str]()
    scheduler = Scheduler(time)
    for name, ahead in (("c", 2.0), ("a", 1.0), ("b", 1.0)):
        scheduler.submit(later(ahead), lambda name=name: done.append(name))  # type: ignore[misc]
    assert scheduler.wait() == pytest.approx(1.0, abs=1e-6)
    assert scheduler.run_due() == 0
    time.now += 1.001
    assert scheduler.run_due() == 2
    time.now += 5
    assert scheduler.wait() == 0.0
    assert scheduler.run_due() == 1
    assert done == ["a", "b", "c"]
    assert (scheduler.wait(), len(scheduler)) == (None, 0)


def test_past_and_immediate_jobs_run_now() -> None:
    scheduler, done = Scheduler(Time()), list[int]()
    for tag in (IMMEDIATE, TimeTag(0), later(-5)):
        assert scheduler.submit(tag, lambda: done.append(1)) == ""
    assert (len(done), scheduler.past) == (3, 1)


def test_what_is_too_far_or_too_much_runs_now_and_says_so() -> None:
    scheduler, done = Scheduler(Time(), most=2), list[int]()
    assert "60.0 s ahead" in scheduler.submit(later(60), lambda: done.append(1))
    for _ in range(2):
        assert scheduler.submit(later(1), lambda: done.append(2)) == ""
    assert "2 other" in scheduler.submit(later(1), lambda: done.append(3))
    assert (done, scheduler.refused, len(scheduler)) == ([1, 3], 2, 2)


def test_a_job_waits_5_seconds_at_most() -> None:
    scheduler, done = Scheduler(Time()), list[int]()
    assert scheduler.submit(later(4.999), lambda: done.append(1)) == ""
    assert (done, len(scheduler)) == ([], 1)
    why = scheduler.submit(later(5.001), lambda: done.append(2))
    assert why == "a time tag 5.0 s ahead, above 5 s; it was applied at once"
    assert (done, scheduler.refused, len(scheduler)) == ([2], 1, 1)


def test_whoever_waits_is_told_of_a_job_that_comes_first() -> None:
    scheduler, told = Scheduler(Time()), list[int]()
    scheduler.sooner = lambda: told.append(1)
    for ahead, count in ((2.0, 1), (3.0, 1), (1.0, 2)):
        scheduler.submit(later(ahead), lambda: None)
        assert len(told) == count


def test_a_job_that_fails_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    time, done = Time(), list[int]()
    scheduler = Scheduler(time)
    scheduler.submit(later(1), lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    scheduler.submit(later(1), lambda: done.append(1))
    time.now += 2
    assert scheduler.run_due() == 2
    assert done == [1]
    assert "ZeroDivisionError" in caplog.text


def test_an_inner_bundle_is_never_before_its_outer() -> None:
    time = Time()
    store, scheduler = Store(Settings().tree()), Scheduler(time)
    router = Router(store, scheduler)
    turns = [Message("/genart/tempo/bpm", (bpm,)) for bpm in (100, 110, 130)]
    inner = Bundle(later(0.5), (turns[1],)), Bundle(later(2.0), (turns[2],))
    packet = encode(Bundle(later(1.0), (turns[0], *inner)))
    router.receive(packet, Sender("127.0.0.1", 1, lambda _: None))
    heard = []
    for _ in range(5):
        scheduler.run_due()
        heard.append(store.current("tempo.bpm"))
        time.now += 0.6
    assert heard == [120.0, 120.0, 110.0, 110.0, 130.0]
