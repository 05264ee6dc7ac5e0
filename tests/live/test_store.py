"""The store: what is put from any thread, and what a tick takes."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from genart.errors import ParamError, UnknownName
from genart.live.complaints import Complaints
from genart.live.store import Store, Trigger
from genart.params import Param, ParamTree
from genart.playback.timeline import Change


class Owner:
    level = Param(0.5, 0.0, 1.0)
    zoom = Param(1.0, 0.01, 100.0, curve="log")
    count = Param(3, 0, 9)
    look = Param("calm", choices=("calm", "wild"))
    on = Param(False)
    phase = Param(0.0, 0.0, 1.0, smooth=None)


class Time:
    """A clock that moves only on request."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def store(**options: Any) -> tuple[Store, Time]:
    time = Time()
    return Store(ParamTree({"sketch": Owner()}), clock=time, **options), time


def test_the_newest_value_wins() -> None:
    held, _ = store()
    held.put("sketch.level", 0.1)
    held.put("sketch.level", 0.9)
    assert [(change.path, change.value) for change in held.take().changes] == [
        ("sketch.level", 0.9)
    ]
    assert held.take().changes == []
    assert held.current("sketch.level") == 0.9


def test_values_out_of_range_are_clamped_and_counted() -> None:
    held, _ = store()
    assert held.put("sketch.level", 7) == 1.0
    assert held.put("sketch.count", -3) == 0
    assert held.put("sketch.level", 0.4) == 0.4
    assert (held.received, held.clamped, held.rejected) == (3, 2, 0)


def test_wrong_types_and_names_raise_and_are_counted() -> None:
    held, _ = store()
    with pytest.raises(ParamError):
        held.put("sketch.level", "loud")
    with pytest.raises(ParamError):
        held.put("sketch.look", "tame")
    with pytest.raises(ParamError):
        held.put("sketch.level", 0.2, fade=-1.0)
    with pytest.raises(UnknownName):
        held.put("sketch.lvel", 0.5)
    assert (held.received, held.rejected) == (4, 4)
    assert held.take().changes == []


def test_positions_go_through_the_curve() -> None:
    held, _ = store()
    assert held.put("sketch.zoom", 0.5, norm=True) == pytest.approx(1.0)
    assert held.put("sketch.look", 1.0, norm=True) == "wild"


def test_changes_are_dated_between_two_ticks() -> None:
    held, time = store()
    time.now = 0.99
    held.put("sketch.level", 0.1)
    early = held.take(1.0).changes[0].at
    time.now = 1.0
    held.put("sketch.level", 0.2)
    time.now = 1.4
    held.put("sketch.count", 5)
    taken = {change.path: change for change in held.take(1.1).changes}
    assert early == 0.99
    assert 1.0 < taken["sketch.level"].at < 1.0000001, "after the tick before"
    assert taken["sketch.count"].at == 1.1, "not after this tick"


def test_the_oldest_change_is_taken_first() -> None:
    held, _ = store()
    for path in ("sketch.level", "sketch.count", "sketch.level"):
        held.put(path, held.current(path) + 0.1 if path == "sketch.level" else 4)
    assert [change.path for change in held.take().changes] == ["sketch.count", "sketch.level"]


def test_an_equal_value_changes_nothing_unless_it_moves_by_itself() -> None:
    held, _ = store()
    held.put("sketch.level", 0.5)
    held.put("sketch.phase", 0.0)
    assert [change.path for change in held.take().changes] == ["sketch.phase"]


def test_what_moved_by_itself_is_seen_and_not_reported() -> None:
    held, _ = store()
    told: list[Any] = []
    held.subscribe(lambda *args: told.append(args))
    held.observe("sketch.phase", 0.7)
    assert held.current("sketch.phase") == 0.7
    assert told == []
    assert held.take().changes == []


def test_subscribers_are_told_after_the_commit_until_they_leave() -> None:
    held, _ = store()
    told: list[Any] = []
    leave = held.subscribe(lambda path, value, source: told.append((held.current(path), source)))
    held.put("sketch.level", 0.25, "web")
    leave()
    held.put("sketch.level", 0.5, "web")
    assert told == [(0.25, "web")]


def test_a_subscriber_that_fails_keeps_nobody_else_from_hearing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    held, _ = store()
    told: list[Any] = []
    held.subscribe(lambda *args: 1 / 0)  # type: ignore[arg-type, return-value]
    held.subscribe(lambda *args: told.append(args))
    held.put("sketch.level", 0.25)
    assert told == [("sketch.level", 0.25, "")]
    assert "failed" in caplog.text


def test_several_values_are_taken_together_or_not_at_all() -> None:
    held, _ = store()
    pairs = [(i / 1000, i % 10) for i in range(1, 1000)]
    seen: list[tuple[float, int]] = []
    done = threading.Event()

    def put() -> None:
        for level, count in pairs:
            held.commit([Change("sketch.level", level), Change("sketch.count", count)])
        done.set()

    thread = threading.Thread(target=put)
    thread.start()
    while not done.is_set() or not seen:
        values = held.values()
        seen.append((values["sketch.level"], values["sketch.count"]))
    thread.join()
    assert set(seen) <= {(0.5, 3), *pairs}


def test_triggers_keep_their_order_and_their_number_is_bounded() -> None:
    held, _ = store(triggers=3)
    for i in range(5):
        held.trigger("cue.recall", i, source="osc")
    triggers = held.take().triggers
    assert triggers == [Trigger("cue.recall", (i,), "osc") for i in range(3)]
    assert held.rejected == 2
    assert held.take().triggers == []


def test_a_refusal_is_logged_once_for_each_thing_whoever_sends_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    held, _ = store()
    with caplog.at_level(logging.WARNING):
        for port in range(50):
            held.refuse("/x", "There is no /x.", f"osc 127.0.0.1:{port}")
        held.refuse("/x", "There is no /x.", "osc 10.0.0.1:1")
        held.refuse("/y", lambda: "There is no /y.", "osc 10.0.0.1:1")
    assert [record.message.partition(" (")[0] for record in caplog.records] == [
        "There is no /x.", "There is no /y.",
    ]  # fmt: skip
    assert held.rejected == 52


def test_a_flood_of_things_is_logged_in_part_and_the_rest_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    seen: list[str] = []
    complaints = Complaints(lambda line, source: seen.append(line), lambda: now[0])
    for k in range(100_000):
        complaints.add(f"/{k}", f"There is no /{k}.", "osc 10.0.0.1:1")
    assert len(seen) == len(caplog.records) == 50
    assert len(complaints._known) <= 1000
    now[0] += 10
    complaints.add("/late", "There is no /late.")
    assert seen[-1] == "There is no /late.", "a flood does not silence the rest of the night"
    assert "99950 others were not logged" in caplog.records[-1].message


def test_another_sketch_keeps_the_values_that_fit() -> None:
    class Other:
        level = Param(0.1, 0.0, 1.0)
        count = Param(3, 0, 4)
        fresh = Param(1.0)

    held, _ = store()
    held.put("sketch.level", 0.75)
    held.put("sketch.count", 8)
    held.set_tree(ParamTree({"sketch": Other()}))
    assert held.values() == {"sketch.level": 0.75, "sketch.count": 3, "sketch.fresh": 1.0}
    assert [change.path for change in held.take().changes] == ["sketch.level"]


def test_a_change_resolved_before_a_reload_is_fitted_to_the_new_range() -> None:
    class Narrow:
        level = Param(0.1, 0.0, 0.5)

    held, time = store()
    before = [held.resolve("sketch.level", 0.9), held.resolve("sketch.count", 4)]
    held.take(1.0)
    held.set_tree(ParamTree({"sketch": Narrow()}))
    held.commit(before)  # by a thread that had not heard of the reload
    time.now = 1.1
    assert [(c.path, c.value) for c in held.take(1.1).changes] == [("sketch.level", 0.5)]
    assert held.current("sketch.level") == 0.5
