"""Outputs in threads of their own, and recordings."""

from __future__ import annotations

import gc
import weakref
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.films import decode
from support.live_parts import SIZE, Gate, grey

import genart
from genart.live.outputs.video_recorder import Recorder, safe_name
from genart.live.outputs.worker import OutputWorker
from genart.playback.faults import Faults


def test_a_slow_sink_gets_the_newest_frame_and_its_drops_are_counted() -> None:
    gate, faults = Gate(), Faults()
    worker = OutputWorker("slow", gate, faults)
    worker.write(grey(0))
    assert gate.entered.wait(10)
    for value in range(1, 6):
        worker.write(grey(value))
    gate.open.set()
    worker.close()
    assert [int(frame[0, 0, 0]) for frame in gate.frames] == [0, 5]
    assert worker.dropped == 4
    assert gate.closed


def test_a_recording_that_falls_behind_keeps_its_rate() -> None:
    gate, faults = Gate(), Faults()
    worker = OutputWorker("record", gate, faults, depth=2)
    worker.write(grey(0))
    assert gate.entered.wait(10)
    for value in range(1, 6):
        worker.write(grey(value))
    gate.open.set()
    assert worker.drained()
    worker.write(grey(6))
    worker.close()
    assert [int(frame[0, 0, 0]) for frame in gate.frames] == [0, 1, 2, 6, 6, 6, 6]
    assert worker.dropped == 3


def test_a_broken_sink_is_reported_once_and_others_go_on() -> None:
    said: list[str] = []
    faults = Faults(said.append)
    broken, whole = Gate(OSError("no space left")), genart.MemorySink()
    broken.open.set()
    workers = [OutputWorker("broken", broken, faults), OutputWorker("whole", whole, faults)]
    for value in range(3):
        for worker in workers:
            worker.write(grey(value))
            assert worker.drained()
    for worker in workers:
        worker.close()
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


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
@pytest.mark.parametrize("kept", ["{0}", "{0}.recording.mkv", "both"])
def test_what_is_there_is_kept_whoever_starts_a_recording(
    tmp_path: Path, suffix: str, kept: str
) -> None:
    """The kind: finished and unfinished recordings, in each container, by path and by name."""
    said: list[str] = []
    whole, unfinished = tmp_path / f"night{suffix}", tmp_path / "night.recording.mkv"
    there = [whole] if kept == "{0}" else [unfinished] if kept != "both" else [whole, unfinished]
    if suffix == ".mkv":
        there = [whole]
    for each in there:
        each.write_bytes(b"kept")
    recorder = Recorder(tmp_path, Fraction(25), SIZE, Faults(said.append))
    for name, wanted in ((whole, f"night-2{suffix}"), (whole.name, f"night-3{suffix}")):
        assert recorder.start(name) == tmp_path / wanted
        recorder.write(grey(1))
        recorder.stop()
    recorder.close()
    assert [each.read_bytes() for each in there] == [b"kept"] * len(there)
    made = sorted(each.name for each in recorder.finished)
    assert made == [f"night-2{suffix}", f"night-3{suffix}"]
    assert there[-1].name in said[0]
    assert f"night-2{suffix}" in said[0]


def test_a_file_that_appears_while_it_records_is_kept(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Fraction(25), SIZE, Faults())
    path = recorder.start("night")
    recorder.write(grey(1))
    path.write_bytes(b"of another program")
    recorder.close()
    assert path.read_bytes() == b"of another program"
    assert recorder.finished == [tmp_path / "night-2.mp4"]


def test_two_instances_never_record_to_one_file(tmp_path: Path) -> None:
    recorders = [Recorder(tmp_path, Fraction(25), SIZE, Faults()) for _ in range(2)]
    paths = [recorder.start("night") for recorder in recorders]
    assert [path.name for path in paths] == ["night.mp4", "night-2.mp4"]
    for recorder in recorders:
        recorder.write(grey(1))
        recorder.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["night-2.mp4", "night.mp4"]


def test_recordings_that_are_finished_are_let_go(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Fraction(25), SIZE, Faults())
    workers = []
    for _ in range(3):
        recorder.start("short.mkv")
        workers.append(weakref.ref(recorder._worker))  # type: ignore[arg-type]
        recorder.write(grey(1))
        recorder.stop()
        recorder._ending[-1].close()
    gc.collect()
    assert [worker() is None for worker in workers] == [True, True, False]
    recorder.close()


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
