"""A performance: played while it runs, and reported."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.films import decode
from support.live_parts import SAVED, Flat

import genart
from genart.live.store import Store
from genart.live.store_control import StoreControl
from genart.playback.clock import Tick
from genart.playback.faults import Faults
from genart.playback.supervisor import Supervisor


def test_a_performance_ends_by_itself_and_reports(genart_command: Callable[..., Any]) -> None:
    done = genart_command(
        "live", "drift", "--no-window", "--seconds", 0.4, "--fps", 30, "--model", "plasma",
        "--size", 32, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    report = done.json
    assert report["frames"] >= 5
    assert report["frames"] + report["skipped"] == 12
    assert 5 < report["fps"] < 40
    assert set(report["interval_ms"]) >= {"p50", "p99", "max"}
    assert 0 < report["interval_ms"]["p50"] <= report["interval_ms"]["max"]
    assert set(report["osc"]) >= {"received", "rejected"}
    assert (report["errors"], report["dropped"]) == (0, 0)
    assert report["made"] > 0


def test_what_arrives_in_the_store_turns_the_image_and_is_timed() -> None:
    live = genart.live.Live(
        Flat, model="plasma", size=32, fps=100, seconds=10, params={"sketch.level": -1.0}
    )
    white, puts = threading.Event(), 0

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            nonlocal puts
            if frame.max() == 0:
                puts += 1
                live.store.put("sketch.level", 1.0, "test")
            elif frame.min() == 255:
                white.set()
                live.stop()

        def close(self) -> None: ...

    report = live.run([Eye()])
    assert white.is_set()
    assert report.latency_ms["param_to_frame"]["max"] > 0
    assert report.osc == {"received": puts, "rejected": 0}


def test_blackout_is_black_even_while_the_sketch_fails() -> None:
    live = genart.live.Live(
        Flat, model="plasma", size=32, fps=100, seconds=10, tell=lambda line: None
    )
    live.store.put("sketch.level", 1.0)
    steps: Iterator[Callable[[], Any]] = iter(
        [
            lambda: live.store.put("sketch.fail", "raise"),
            lambda: live.store.put("output.blackout", True),
        ]
    )
    seen: list[int] = []

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            seen.append(int(frame.max()))
            if seen[-1] == 255 and (not live.faults.total or len(seen) % 5 == 0):
                next(steps, lambda: None)()
            if seen[-1] == 0 and 255 in seen:
                live.stop()

        def close(self) -> None: ...

    live.run([Eye()])
    assert seen[-1] == 0
    assert 255 in seen


def test_record_start_and_stop_come_through_the_store(tmp_path: Path) -> None:
    live = genart.live.Live(
        Flat, model="plasma", size=32, fps=50, seconds=10, recordings=tmp_path / "kept"
    )
    live.store.trigger("record.start", "set")
    live.store.trigger("what.ever")
    count = 0

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            nonlocal count
            count += live.recorder.recording
            if count == 5:
                live.store.trigger("record.stop")
            if count >= 5 and not live.recorder.recording:
                live.stop()

        def close(self) -> None: ...

    report = live.run([Eye()])
    assert report.recorded == str(tmp_path / "kept" / "set.mp4")
    assert len(decode(tmp_path / "kept" / "set.mp4").frames) >= 4
    assert report.osc["rejected"] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_even_while_the_display_is_about_to_wait(number: int) -> None:
    live = genart.live.Live(Flat, model="plasma", size=32, fps=50, seconds=60)

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            with live.stopped._cond:  # held as in Event.wait, where a signal may come
                signal.raise_signal(number)

        def close(self) -> None: ...

    assert live.run([Eye()]).seconds < 30


def test_an_action_that_fails_is_reported_and_the_changes_of_its_tick_are_made() -> None:
    store = Store({"sketch.level": Flat.level})  # type: ignore[dict-item]
    faults = Faults(lambda line: None)

    def broken(trigger: Any) -> None:
        raise OSError("no cue")

    desk = StoreControl(store, Supervisor(faults), {"cue.recall": broken})
    store.trigger("cue.recall", "a")
    store.put("sketch.level", 0.5)
    desk.changes(1.0)
    assert store.changes(1.0) == [("sketch.level", 0.5)]
    assert faults.lately() == ["cue.recall: OSError: no cue"]


def test_a_recorded_show_renders_again_to_the_frames_that_were_made(tmp_path: Path) -> None:
    from genart.live.show_recorder import start_show_recorder

    file = tmp_path / "flat.py"
    file.write_text(SAVED.format(default=0.1, extra="", value="self.level * self.phase"))
    live = genart.live.Live(file, model="plasma", size=32, fps=40, seconds=20)
    live.frame_blend._blend = False
    writer = start_show_recorder(live, tmp_path / "night.jsonl")
    made: dict[int, np.ndarray] = {}
    player_frame = live.player.frame

    def watched(at: Tick) -> np.ndarray:
        frame = player_frame(at)
        made[at.index] = frame
        if len(made) == 5:
            live.store.put("sketch.level", 0.9, fade=0.2)
        if len(made) == 10:
            live.store.put("transport.speed", -3.0)
        if len(made) == 25:
            live.stop()
        return frame

    live.player.frame = watched  # type: ignore[method-assign]
    live.run()
    writer.close(live.engine_clock.seconds())
    again = genart.MemorySink()
    genart.render(output=again, show=tmp_path / "night.jsonl")
    assert len({frame.tobytes() for frame in made.values()}) > 8
    for index, frame in made.items():
        if index < len(again.frames):
            assert np.array_equal(again.frames[index], frame), index
    assert len(again.frames) >= max(made) - 1


def test_a_full_disk_interrupts_the_show_and_not_the_image() -> None:
    store, said = Store({"sketch.level": Flat.level}), list[str]()  # type: ignore[dict-item]
    desk = StoreControl(store, Supervisor(Faults(said.append)), {})

    tried: list[Any] = []

    def full(changes: Any) -> None:
        tried.append(changes)
        raise OSError("no space left")

    desk.on_changes = full
    for value in (0.1, 0.2):
        store.put("sketch.level", value)
        desk.changes(value)
        assert store.changes(value) == [("sketch.level", value)]
    assert said == ["show: OSError: no space left"]
    assert len(tried) == 2, "it is tried again"


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ({"record": "night.avi"}, "a name in .mp4"),
        ({"record": "none/night.mp4"}, "does not exist"),
        ({"record_show": "none/there.jsonl"}, "cannot be written"),
        ({"feedback": "nowhere"}, "HOST:PORT"),
        ({"web": "127.0.0.1"}, "HOST:PORT"),
        ({"fps": 0}, "frame rate"),
    ],
)
def test_what_cannot_be_is_reported_before_anything_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: dict[str, Any], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.jsonl").write_text("{}")
    free = {"web": "127.0.0.1:0", "osc": "127.0.0.1:0"}
    before = set(threading.enumerate())
    with pytest.raises(genart.UsageError, match=says):
        genart.perform(Flat, **{"model": "plasma", "size": 32, "seconds": 5, **free, **word})
    assert [each.name for each in tmp_path.iterdir()] == ["there.jsonl"]
    assert set(threading.enumerate()) <= before
