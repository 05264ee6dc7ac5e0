"""A performance: paced, never black, played while it runs, and reported."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import decode

import genart
from genart.live.backstage import Backstage
from genart.live.clock import LiveClock
from genart.live.crossfade import Crossfade
from genart.live.desk import Desk
from genart.live.outputs import Outlet
from genart.live.recorder import Recorder, safe_name
from genart.live.report import Durations, Faults
from genart.live.steady import Steady
from genart.live.store import Store
from genart.rendering.cast import performer
from genart.runner import Tick

SIZE = (32, 32)


class Time:
    """A clock that moves when somebody waits on it, or when told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self._set = False

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self._set

    def is_set(self) -> bool:
        return self._set


def tick(index: int, fps: int = 10) -> Tick:
    return Tick(index, Fraction(index, fps), Fraction(1, fps))


def grey(value: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


def test_the_clock_keeps_its_deadlines_however_long_a_frame_takes() -> None:
    time = Time()
    clock = LiveClock(Fraction(10), seconds=1, stop=time, now=time)  # type: ignore[arg-type]
    starts = []
    for each in clock:
        starts.append((each.index, round(time.now, 6)))
        time.now += 0.03
    assert starts == [(i, round(i / 10, 6)) for i in range(10)]
    assert clock.skipped == 0


def test_a_late_frame_is_skipped_and_never_caught_up() -> None:
    time = Time()
    clock = LiveClock(Fraction(10), seconds=1, stop=time, now=time)  # type: ignore[arg-type]
    ticks = []
    for each in clock:
        ticks.append(each)
        time.now += 0.37 if each.index == 2 else 0.0
    assert [each.index for each in ticks] == [0, 1, 2, 5, 6, 7, 8, 9]
    assert ticks[3].dt == Fraction(3, 10)
    assert sum(each.dt for each in ticks) == 1
    assert clock.skipped == 2


def test_frames_are_shown_as_they_come_while_the_model_keeps_up() -> None:
    fade = Crossfade()
    shown = []
    for value in range(1, 6):
        fade.write(grey(value))
        shown += [int(frame[0, 0, 0]) for frame in fade.frames([tick(0)])]
    assert shown == [1, 2, 3, 4, 5]
    assert (fade.made, fade.synthesised, fade.repeated) == (5, 0, 0)


def test_a_slow_models_frames_are_blended_without_a_jump_and_counted() -> None:
    fade, shown = Crossfade(), []
    for k in range(12):
        if k % 4 == 0:
            fade.write(grey(40 * (k // 4) + 40))
        shown += [int(frame[0, 0, 0]) for frame in fade.frames([tick(k)])]
    steps = np.diff(shown)
    assert shown[0] == 40
    assert shown[-1] == 120
    assert (steps >= 0).all()
    assert steps.max() <= 20  # a jump would be 40
    assert fade.made == 3
    assert fade.synthesised >= 3
    assert fade.synthesised + fade.repeated + fade.made == 12


def test_without_blending_a_slow_models_frames_are_repeated() -> None:
    fade, shown = Crossfade(blend=False), []
    for k in range(8):
        if k % 4 == 0:
            fade.write(grey(k + 1))
        shown += [int(frame[0, 0, 0]) for frame in fade.frames([tick(k)])]
    assert shown == [1] * 4 + [5] * 4
    assert fade.synthesised == 0


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


class Flat(genart.Sketch):
    """One grey, which a Param sets; it can be told to fail."""

    level = genart.Param(0.0, -1.0, 1.0, smooth=0)
    fail = genart.Param("", choices=("", "raise", "nan", "memory", "exit"))

    def draw(self, t: float, dt: float) -> genart.Image:
        import torch

        if self.fail == "raise":
            raise RuntimeError("no such colour")
        if self.fail == "memory":
            raise torch.OutOfMemoryError("CUDA out of memory")
        if self.fail == "exit":
            raise SystemExit(3)
        value = float("nan") if self.fail == "nan" else self.level
        return torch.full((1, 3, *self.size), value)


def steady(
    kind: type[genart.Sketch] = Flat, file: Path | None = None, **hooks: Any
) -> tuple[Steady, Backstage, Faults]:
    said: list[str] = []
    faults = Faults(said.append)
    backstage = Backstage(lambda name: genart.load(name, "cpu"), faults, file)
    settings = {"model.name": "plasma"}
    first = performer(kind, settings, load=backstage.get, size=SIZE, strict=True)
    return Steady(first, backstage, faults, size=SIZE, **hooks), backstage, faults


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("raise", "no such colour"),
        ("nan", "not finite"),
        ("memory", "out of memory"),
        ("exit", "SystemExit"),
    ],
)
def test_whatever_a_sketch_does_the_last_good_frame_is_held_and_the_fault_told_once(
    how: str, says: str
) -> None:
    player, _, faults = steady()
    player.set("sketch.level", 1.0)
    good = player.frame(tick(0))
    player.set("sketch.fail", how)
    for k in range(1, 40):
        assert player.frame(tick(k)) is good
    assert [says in each.message for each in faults.all()] == [True]
    assert 2 <= faults.all()[0].count < 20  # tried again, at longer and longer waits
    player.set("sketch.fail", "")
    player.set("sketch.level", -1.0)
    later = [player.frame(tick(k)) for k in range(40, 62)]
    assert later[-1].max() == 0
    assert faults.now() == []


def test_one_bad_frame_costs_one_frame() -> None:
    player, _, _ = steady()
    shown = []
    for k in range(6):
        player.set("sketch.level", k / 10)
        player.set("sketch.fail", "raise" if k == 2 else "")
        shown.append(int(player.frame(tick(k))[0, 0, 0]))
    assert shown[2] == shown[1]
    assert sorted(set(shown)) == [shown[0], shown[1], shown[3], shown[4], shown[5]]


def test_text_that_a_walk_refuses_is_set_back() -> None:
    back: list[tuple[str, Any]] = []
    player, _, faults = steady(restored=lambda path, value: back.append((path, value)))
    player.set("walk.seeds", "3-5")
    player.frame(tick(0))
    player.set("walk.seeds", "one,two")
    player.frame(tick(1))
    assert back == [("walk.seeds", "3-5")]
    assert player.tree.value("walk.seeds") == "3-5"
    player.frame(tick(2))
    assert faults.total == 1
    assert faults.now() == []


SAVED = """
import genart, torch
class Saved(genart.Sketch):
    level = genart.Param({default}, 0.0, 1.0, smooth=0)
    {extra}
    def draw(self, t, dt):
        return torch.full((1, 3, *self.size), {value})
"""


def test_a_saved_sketch_takes_over_with_its_values_and_a_broken_one_does_not(
    tmp_path: Path,
) -> None:
    file = tmp_path / "saved.py"
    file.write_text(SAVED.format(default=0.1, extra="", value="self.level"))
    from genart.sketch import load_sketch

    changed: list[str] = []
    player, backstage, faults = steady(
        load_sketch(file), file, changed=lambda: changed.append("new")
    )
    player.set("sketch.level", 1.0)
    assert player.frame(tick(0))[0, 0, 0] == 255

    file.write_text("class Saved(genart.Sketch:\n")
    backstage.look()
    assert player.frame(tick(1))[0, 0, 0] == 255
    assert "line 1" in faults.now()[0]

    file.write_text(SAVED.format(default=0.1, extra="", value="self.levle"))
    backstage.look()
    assert player.frame(tick(2))[0, 0, 0] == 255
    assert "levle" in faults.now()[-1]
    assert changed == []

    more = "more = genart.Param(0.5)"
    file.write_text(SAVED.format(default=0.1, extra=more, value="-self.level"))
    backstage.look()
    assert player.frame(tick(3))[0, 0, 0] == 0
    assert player.tree.value("sketch.level") == 1.0
    assert player.tree.value("sketch.more") == 0.5
    assert changed == ["new"]
    assert faults.now() == []


def test_a_file_saved_twice_in_a_second_is_read_twice(tmp_path: Path) -> None:
    from genart.sketch import load_sketch

    file = tmp_path / "quick.py"
    for value in ("0.25", "0.75"):
        file.write_text(SAVED.format(default=value, extra="", value="self.level"))
        assert load_sketch(file).level.default == float(value)  # type: ignore[attr-defined]
    assert not (tmp_path / "__pycache__").exists()


def test_a_model_is_loaded_while_the_old_one_plays() -> None:
    player, backstage, faults = steady()
    player.frame(tick(0))
    loading, go = threading.Event(), threading.Event()

    def slowly(name: str) -> genart.Generator:
        loading.set()
        assert go.wait(10)
        model = genart.load("plasma", "cpu")
        model.name = name
        return model

    backstage._load = slowly
    backstage.start()
    player.set("model.name", "other")
    assert loading.wait(10)
    player.frame(tick(1))
    assert player.tree.value("model.name") == "plasma"
    go.set()
    backstage.close()
    backstage._thread.join(10)
    player.frame(tick(2))
    assert player.performer.sketch.model.name == "other"
    assert faults.total == 0


def test_a_model_that_cannot_be_had_is_told_and_the_name_set_back() -> None:
    back: list[tuple[str, Any]] = []
    player, backstage, faults = steady(restored=lambda path, value: back.append((path, value)))
    player.frame(tick(0))
    player.set("model.name", "plasme")
    backstage.start()
    backstage.close()
    backstage._thread.join(10)
    player.frame(tick(1))
    assert back == [("model.name", "plasma")]
    assert 'Did you mean "plasma"' in faults.now()[0]


class Gate:
    """A sink that writes when it is let."""

    def __init__(self, error: Exception | None = None) -> None:
        self.frames: list[np.ndarray] = []
        self.entered, self.open = threading.Event(), threading.Event()
        self.error, self.closed = error, False

    def write(self, frame: np.ndarray) -> None:
        self.entered.set()
        assert self.open.wait(10)
        if self.error:
            raise self.error
        self.frames.append(frame)

    def close(self) -> None:
        self.closed = True


def test_a_slow_sink_gets_the_newest_frame_and_its_drops_are_counted() -> None:
    gate, faults = Gate(), Faults()
    outlet = Outlet("slow", gate, faults)
    outlet.write(grey(0))
    assert gate.entered.wait(10)
    for value in range(1, 6):
        outlet.write(grey(value))
    gate.open.set()
    outlet.close()
    assert [int(frame[0, 0, 0]) for frame in gate.frames] == [0, 5]
    assert outlet.dropped == 4
    assert gate.closed


def test_a_recording_that_falls_behind_keeps_its_rate() -> None:
    gate, faults = Gate(), Faults()
    outlet = Outlet("record", gate, faults, depth=2)
    outlet.write(grey(0))
    assert gate.entered.wait(10)
    for value in range(1, 6):
        outlet.write(grey(value))
    gate.open.set()
    assert outlet.drained()
    outlet.write(grey(6))
    outlet.close()
    assert [int(frame[0, 0, 0]) for frame in gate.frames] == [0, 1, 2, 6, 6, 6, 6]
    assert outlet.dropped == 3


def test_a_broken_sink_is_told_once_and_others_go_on() -> None:
    said: list[str] = []
    faults = Faults(said.append)
    broken, whole = Gate(OSError("no space left")), genart.MemorySink()
    broken.open.set()
    outlets = [Outlet("broken", broken, faults), Outlet("whole", whole, faults)]
    for value in range(3):
        for outlet in outlets:
            outlet.write(grey(value))
            assert outlet.drained()
    for outlet in outlets:
        outlet.close()
    assert len(whole.frames) == 3
    assert broken.closed
    assert said == ["broken: OSError: no space left"]


def test_a_recording_becomes_the_film_asked_for(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Fraction(25), SIZE, Faults())
    path = recorder.start("../../etc/set one")
    assert path == tmp_path / "set one.mp4"
    assert recorder.recording
    for value in range(10):
        recorder.write(grey(20 * value))
    recorder.close()
    film = decode(path)
    assert (len(film.frames), film.fps) == (10, 25)
    assert recorder.finished == [path]
    assert [each.name for each in tmp_path.iterdir()] == ["set one.mp4"]


def test_a_recording_keeps_its_rate_though_frames_were_skipped(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Fraction(25), SIZE, Faults())
    path = recorder.start("gaps.mkv")
    for value in (0, 40, 80):
        recorder.write(grey(value))
        recorder.missed(3)
    recorder.close()
    shades = [int(frame[0, 0, 0]) for frame in decode(path).frames]
    assert len(shades) == 9
    assert np.abs(np.array(shades) - ([0] + [40] * 4 + [80] * 4)).max() <= 3


def test_a_second_recording_never_replaces_the_first(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Fraction(25), SIZE, Faults())
    for _ in range(2):
        recorder.start("same")
        recorder.write(grey(1))
        recorder.stop()
    recorder.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["same-2.mp4", "same.mp4"]


def test_recording_ends_before_the_disk_is_full(tmp_path: Path) -> None:
    said: list[str] = []
    room = iter([1e12, 1.0])
    recorder = Recorder(
        tmp_path, Fraction(2), SIZE, Faults(said.append), free=lambda path: next(room)
    )
    path = recorder.start("night.mkv")
    for value in range(6):
        recorder.write(grey(value))
    recorder.close()
    assert "nearly full" in said[0]
    assert len(decode(path).frames) == 2


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../x", "x.mp4"),
        ("C:\\films\\a.mkv", "a.mkv"),
        ("a\x00b;rm -rf", "a_b_rm -rf.mp4"),
        ("...", None),
        (None, None),
    ],
)
def test_names_from_the_network_stay_in_the_folder(name: str | None, safe: str | None) -> None:
    made = safe_name(name)
    assert "/" not in made
    assert "\\" not in made
    assert made == safe or (safe is None and made[0].isdigit())


def test_the_report_remembers_a_night_in_the_room_of_a_second() -> None:
    durations = Durations()
    for k in range(1000):
        durations.add(0.033 if k % 100 else 0.25)
    found = durations.summary()
    assert found["p50"] == pytest.approx(33.1, abs=0.11)
    assert found["p99"] == pytest.approx(33.1, abs=0.11)
    assert found["max"] == 250.0


def test_what_arrives_in_the_store_turns_the_picture_and_is_timed() -> None:
    live = genart.Live(
        Flat, model="plasma", size=32, fps=100, seconds=10, params={"sketch.level": -1.0}
    )
    white = threading.Event()

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            if frame.max() == 0:
                live.store.put("sketch.level", 1.0, "test")
            elif frame.min() == 255:
                white.set()
                live.stop()

        def close(self) -> None: ...

    report = live.run([Eye()])
    assert white.is_set()
    assert report.latency_ms["param_to_frame"]["max"] > 0
    assert report.osc == {"received": report.frames - 1, "rejected": 0}


def test_blackout_is_black_even_while_the_sketch_fails() -> None:
    live = genart.Live(Flat, model="plasma", size=32, fps=100, seconds=10, tell=lambda line: None)
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
    live = genart.Live(
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


def test_a_desk_without_an_action_refuses_and_goes_on() -> None:
    store = Store({"sketch.level": Flat.level})  # type: ignore[dict-item]
    faults = Faults(lambda line: None)

    def broken(trigger: Any) -> None:
        raise OSError("no cue")

    desk = Desk(store, faults, {"cue.recall": broken})
    store.trigger("cue.recall", "a")
    store.put("sketch.level", 0.5)
    assert desk.changes(1.0) == [("sketch.level", 0.5)]
    assert faults.now() == ["cue.recall: OSError: no cue"]


def test_a_recorded_show_renders_again_to_the_frames_that_were_made(tmp_path: Path) -> None:
    from genart.live.keeping import keep_show

    file = tmp_path / "flat.py"
    file.write_text(SAVED.format(default=0.1, extra="", value="self.level * self.phase"))
    live = genart.Live(file, model="plasma", size=32, fps=40, seconds=20)
    live.crossfade._blend = False
    writer = keep_show(live, tmp_path / "night.jsonl")
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


def test_a_full_disk_ends_the_show_and_not_the_picture() -> None:
    store, said = Store({"sketch.level": Flat.level}), list[str]()  # type: ignore[dict-item]
    desk = Desk(store, Faults(said.append), {})

    tried: list[Any] = []

    def full(changes: Any) -> None:
        tried.append(changes)
        raise OSError("no space left")

    desk.kept = full
    for value in (0.1, 0.2):
        store.put("sketch.level", value)
        assert desk.changes(value) == [("sketch.level", value)]
    assert said == ["show: OSError: no space left"]
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ({"record": "night.avi"}, "ends in .mp4"),
        ({"record": "none/night.mp4"}, "does not exist"),
        ({"record_show": "there.jsonl"}, "exists"),
        ({"feedback": "nowhere"}, "HOST:PORT"),
        ({"web": "127.0.0.1"}, "HOST:PORT"),
        ({"fps": 0}, "frame rate"),
    ],
)
def test_what_cannot_be_is_said_before_anything_plays(
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
