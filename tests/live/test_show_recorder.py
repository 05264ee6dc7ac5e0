"""A performance that is kept, with all that happens on a night, comes out again as it was seen."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.recorded_show import SKETCH, Deeds, Night

import genart
from genart.live.show_recorder import load_models
from genart.playback.show import Show, read_show
from genart.playback.timeline import Change


def test_fades_cues_taps_bundles_and_mishaps_come_out_again(tmp_path: Path) -> None:
    night = Night(tmp_path, late={20: 0.12, 46: 0.3, 60: 0.1, 89: 0.2, 117: 0.2})
    put, live = night.put, night.live
    together = {"sketch.level": 0.9, "sketch.look": "wild", "walk.kind": "cubic"}
    bundle = [Change(path, value) for path, value in together.items()]
    deeds: Deeds = {
        2: [lambda: night.cues.save("a"), put("transport.speed", 2.5)],
        6: [put("sketch.level", 1.0, 0.5), put("model.truncation", 0.2)],
        12: [lambda: night.tempo.tap(), put("sketch.turns", 2)],
        20: [lambda: night.tempo.tap(), put("sketch.flip", True)],
        27: [lambda: live.store.commit(bundle)],
        35: [lambda: night.cues.recall("a", 0.4)],
        41: [put("transport.phase", 0.25), put("tempo.offset", 0.5, 0.3)],
        46: [put("output.freeze", True)],  # the ticks after it are late
        56: [put("output.freeze", False)],
        60: [put("walk.seeds", "none at all")],  # refused, late, and set back
        70: [put("walk.seeds", "5-8"), put("sketch.look", "broken")],
        76: [put("sketch.look", "calm")],
        84: [put("walk.kind", "linear", 0.5)],
        104: [put("output.blackout", True)],
        110: [put("output.blackout", False), put("transport.play", False)],
        117: [lambda: night.cues.recall("a", 3.0), put("transport.play", True)],
    }  # fmt: skip
    night.play(deeds, 150)
    frames = night.again()
    assert len(frames) == 150
    assert len(night.made) < 140, "some ticks were skipped, some failed"
    assert len({frame.tobytes() for frame in night.made.values()}) > 90
    assert night.differ(frames) == []
    events = read_show(night.show).events
    assert [event.value for event in events if event.path == "walk.seeds"] == ["5-8", "1-3"]
    assert [frame.shape for frame in night.again(size=64, seconds=0.2)] == [(64, 64, 3)] * 6
    assert not frames[107].any()
    assert not night.made[107].any()


def test_a_model_is_kept_when_it_takes_over(tmp_path: Path) -> None:
    night = Night(tmp_path, late={12: 0.15}, model="plasma")
    deeds: Deeds = {
        3: [night.put("model.name", "plasma-classes")], 12: [night.live.loader.fetch],
    }  # fmt: skip
    night.play(deeds, 20)
    show = read_show(night.show)
    assert [(e.path, e.at) for e in show.events] == [("model.name", 16 / 30)]
    assert night.differ(night.again()) == []
    (tmp_path / "again").mkdir()
    replayed = Night(tmp_path / "again", model="plasma")
    load_models(replayed.live, [show])
    assert replayed.live.loader.has("plasma-classes"), "and so it takes over at once"
    lost = Show(show.header, [Change("model.name", "plasmo")], 1.0)
    load_models(replayed.live, [lost])
    assert "Did you mean" in replayed.live.faults.lately()[0]
    replayed.play({}, 1)


def test_a_sketch_saved_in_the_show_is_noted_and_said_and_code_is_never_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    night = Night(tmp_path)
    better = SKETCH.replace("turns = ", "more = genart.Param(0.0)\n    turns = ")

    def save() -> None:
        night.sketch.write_text(better)
        night.live.loader.look()

    night.play({4: [save], 8: [night.put("sketch.more", 1.0)]}, 15)
    (saved,) = read_show(night.show).saves
    assert (saved.at, saved.file) == (5 / 30, "night.py")
    assert saved.sha256 == hashlib.sha256(better.encode()).hexdigest()
    assert "draw" not in night.show.read_text()
    with caplog.at_level(logging.WARNING):
        assert len(night.again()) == 15
    assert "saved during the show, at 0.2 s; it plays as it was last" in caplog.text
    caplog.clear()
    night.sketch.write_text(SKETCH)
    assert len(night.again()) == 15
    assert "it plays as it is now" in caplog.text
    assert 'No parameter named "sketch.more"' in caplog.text


def test_a_sketch_changed_since_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    night = Night(tmp_path).play({}, 3)
    assert len(night.again()) == 3
    assert caplog.text == ""
    night.sketch.write_text(SKETCH + "# better\n")
    assert len(night.again()) == 3
    assert "not what it was when the show was recorded" in caplog.text


def test_a_sketch_that_fails_from_the_first_frame_is_no_film(tmp_path: Path) -> None:
    night = Night(tmp_path).play({}, 3)
    night.sketch.write_text(SKETCH.replace("self.paint", "self.pain"))
    with pytest.raises(genart.GenartError, match="pain"):
        night.again()


def test_a_show_is_made_by_as_many_threads_as_it_was_played_with(tmp_path: Path) -> None:
    night = Night(tmp_path).play({}, 3)
    show = read_show(night.show)
    assert show.header.threads == night.live.threads
    seen: list[int] = []

    class Count:
        def write(self, frame: np.ndarray) -> None: ...

        def close(self) -> None: ...

    before = torch.get_num_threads()
    for threads, wanted in ((1, 1), (10_000, before)):
        played = Show(replace(show.header, threads=threads), show.events, show.seconds)
        genart.render(
            output=Count(), show=played, device="cpu",
            progress=lambda progress: seen.append(torch.get_num_threads()),
        )  # fmt: skip
        assert set(seen) == {wanted}
        seen.clear()
    assert torch.get_num_threads() == before


class Disk:
    """A file on a disk that takes a few bytes of a write and then nothing, until it has room."""

    def __init__(self, file: Any) -> None:
        self.file, self.room, self.closed = file, 0, False

    def write(self, data: bytes) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        taken = self.file.write(data[: self.room])
        self.room -= min(self.room, taken)
        return int(taken)

    def close(self) -> None:
        self.closed = True
        self.file.close()


def test_a_disk_that_is_full_for_a_while_loses_nothing_and_is_reported_once(tmp_path: Path) -> None:
    whole = Night(tmp_path / "whole") if (tmp_path / "whole").mkdir() is None else None
    night = Night(tmp_path)
    said: list[str] = []
    night.live.faults._tell = said.append
    disk = night.keeper._writer._file = Disk(night.keeper._writer._file)  # type: ignore[assignment]
    disk.room = 30  # less than a line
    deeds: Deeds = {i: [night.put("sketch.level", i / 10)] for i in range(2, 8)}
    deeds[5].append(lambda: said.append(night.live.faults.now()[0]))
    deeds[6].append(lambda: setattr(disk, "room", 1 << 20))
    assert whole is not None
    whole.play({i: [whole.put("sketch.level", i / 10)] for i in range(2, 8)}, 10)
    night.play(deeds, 10)
    events = [(e.path, e.value) for e in read_show(night.show).events]
    assert events == [(e.path, e.value) for e in read_show(whole.show).events]
    first, still, back = said
    assert first.startswith(f"show: {night.show} cannot be written: No space left")
    assert still == first
    assert "written again" in back
    assert night.live.faults.now() == []
    assert len(night.made) == 10


def test_a_show_of_the_same_name_is_kept(tmp_path: Path) -> None:
    night = Night(tmp_path).play({}, 2)
    before = night.show.read_bytes()
    again = Night(tmp_path).play({}, 3)
    assert night.show.read_bytes() == before
    assert again.keeper.path == tmp_path / "night-2.jsonl"
    assert read_show(again.keeper.path).seconds == 3 / 30


def test_the_first_line_tells_the_files_hashes(tmp_path: Path) -> None:
    night = Night(tmp_path).play({}, 2)
    header = json.loads(night.show.read_text().splitlines()[0])
    assert header["hashes"] == {"sketch": hashlib.sha256(SKETCH.encode()).hexdigest()}
