"""Cues: kept by name, gone back to, readable."""

from __future__ import annotations

import json
import logging
import threading
from fractions import Fraction
from pathlib import Path

import pytest

import genart
from genart.errors import DataError, ParamError, UnknownName, UsageError
from genart.live.background_file import BackgroundFile
from genart.live.cues import Cues, merged
from genart.live.store import Store
from genart.params import Param, ParamTree
from genart.playback.faults import Faults
from genart.playback.loop import turn


class Owner:
    level = Param(0.5, 0.0, 1.0)
    look = Param("calm", choices=("calm", "wild"))


class Phase:
    phase = Param(0.0, 0.0, 1.0, smooth=None)


def store() -> Store:
    return Store(ParamTree({"sketch": Owner(), "transport": Phase()}))


def test_a_cue_brings_back_every_value_but_the_phase() -> None:
    held = store()
    cues = Cues(held)
    held.put("sketch.level", 0.25)
    held.put("sketch.look", "wild")
    cues.save("a")
    held.put("sketch.level", 1.0)
    held.put("sketch.look", "calm")
    held.put("transport.phase", 0.75)
    cues.recall("a")
    assert held.values() == {
        "sketch.level": 0.25, "sketch.look": "wild", "transport.phase": 0.75,
    }  # fmt: skip


def test_a_recall_with_a_fade_says_so_to_each_change() -> None:
    held = store()
    cues = Cues(held)
    cues.save("a")
    held.put("sketch.level", 1.0)
    held.take()
    cues.recall("a", fade=4.0, source="web")
    (change,) = (c for c in held.take().changes if c.path == "sketch.level")
    assert (change.value, change.fade, change.source) == (0.5, 4.0, "web")
    with pytest.raises(ParamError, match="fade"):
        cues.recall("a", fade=-1.0)


def test_next_goes_round_in_the_order_they_were_saved() -> None:
    cues = Cues(store())
    with pytest.raises(UsageError, match="no cues yet"):
        cues.next()
    for name in ("one", "two", "three"):
        cues.save(name)
    cues.save("one")
    assert cues.names == ["one", "two", "three"]
    assert [cues.next() for _ in range(3)] == ["two", "three", "one"]
    cues.delete("two")
    assert cues.next() == "three"


def test_an_unknown_cue_is_answered_with_the_nearest() -> None:
    cues = Cues(store())
    cues.save("opening")
    with pytest.raises(UnknownName, match='Did you mean "opening"'):
        cues.recall("opning")


def test_the_file_is_readable_and_read_again(tmp_path: Path) -> None:
    held, path = store(), tmp_path / "cues.json"
    held.put("sketch.level", 0.25)
    kept = Cues(held, path)
    kept.save("größer")
    kept.close()
    assert "größer" in path.read_text(encoding="utf-8")
    assert json.loads(path.read_text())["cues"]["größer"]["sketch.level"] == 0.25
    fresh = store()
    Cues(fresh, path).recall("größer")
    assert fresh.current("sketch.level") == 0.25
    assert [file.name for file in tmp_path.iterdir()] == ["cues.json"]


def test_values_that_no_longer_fit_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cues.json"
    cue = {"sketch.level": 7.0, "sketch.look": "wild", "sketch.gone": 1}
    path.write_text(json.dumps({"cues": {"old": cue}}))
    held = store()
    Cues(held, path).recall("old")
    assert held.values()["sketch.level"] == 0.5
    assert held.values()["sketch.look"] == "wild"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cues": {"a": 1}}', "[" * 100_000, "\xff"])
def test_a_file_without_cues_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cues.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"cues\.json"):
        Cues(store(), path)


def test_a_save_that_fails_leaves_file_and_cues_as_they_were(tmp_path: Path) -> None:
    cues = Cues(store(), tmp_path / "gone" / "cues.json")
    with pytest.raises(UsageError, match="does not exist"):
        cues.save("a")
    assert cues.names == []


def test_what_another_sketch_has_is_left_out_reported_once_and_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cues.json"
    path.write_text(json.dumps({"cues": {"old": {"sketch.level": 0.25, "sketch.gone": 1}}}))
    held = store()
    cues = Cues(held, path)
    with caplog.at_level(logging.WARNING):
        cues.recall("old")
        cues.recall("old")
    assert held.current("sketch.level") == 0.25
    assert ["does not take: sketch.gone." in record.message for record in caplog.records] == [True]
    cues.save("old")
    cues.close()
    assert json.loads(path.read_text())["cues"]["old"]["sketch.gone"] == 1


def test_a_cue_that_brings_another_bend_has_its_amounts(caplog: pytest.LogCaptureFixture) -> None:
    live = genart.live.Live(model="plasma", size=16, seconds=1)
    cues = Cues(live.store)
    live.on_new_sketch.append(cues.tree_changed)
    times = iter(range(0, 4000, 100))  # so that every fade is over at the next

    def play() -> None:
        for _ in range(3):
            turn(live.player, [live.store_control, live.store], Fraction(next(times)))

    both = "8:flip_v@0.2 + 8:flip_h@0.1"
    live.store.put("model.bend", both)
    play()
    live.store.put("bend.flip_v_8", 0.7)
    live.store.put("bend.flip_h_8", 0.6)
    play()
    cues.save("bent")
    for other in ("", "8:flip_v@0.4", both.replace("0.2", "0.3")):
        live.store.put("model.bend", other)
        play()
        cues.recall("bent", fade=2.0)
        play()
        for path, value in {"bend.flip_v_8": 0.7, "bend.flip_h_8": 0.6}.items():
            assert live.player.tree.value(path) == live.store.current(path) == value
    assert not caplog.records
    live.close()


def test_cues_are_moved_and_renamed_where_they_stand(tmp_path: Path) -> None:
    cues = Cues(store(), tmp_path / "cues.json")
    for name in ("one", "two", "three"):
        cues.save(name)
    cues.move("three", 1)
    assert cues.names == ["three", "one", "two"]
    cues.move("three", 9)
    cues.rename("one", "first")
    assert cues.names == ["first", "two", "three"]
    assert (cues.last, cues.next()) == ("three", "first")
    cues.rename("first", "first")
    cues.rename("first", "1st")
    assert cues.last == "1st"
    with pytest.raises(UsageError, match="already"):
        cues.rename("two", "three")
    with pytest.raises(UnknownName):
        cues.rename("four", "five")
    with pytest.raises(UnknownName):
        cues.move("four", 1)
    with pytest.raises(ParamError, match="from 1"):
        cues.move("two", 0)
    cues.close()
    assert Cues(store(), tmp_path / "cues.json").names == ["1st", "two", "three"]


def test_a_disk_that_takes_no_cues_is_reported_once_and_they_play_on(tmp_path: Path) -> None:
    said: list[str] = []
    faults = Faults(said.append)
    held, path = store(), tmp_path / "cues.json"
    path.mkdir()  # what a file cannot replace
    (path / "full").touch()
    cues = Cues(held, path, faults)
    for name in ("a", "b"):
        cues.save(name)
        cues.close()
    assert len(said) == 1
    assert said[0].startswith(f"cues: {path} cannot be written")
    assert cues.names == ["a", "b"]
    (path / "full").unlink()
    path.rmdir()
    cues.save("c")
    cues.close()
    assert faults.now() == []
    assert Cues(held, path).names == ["a", "b", "c"]


def test_two_instances_on_one_file_keep_the_cues_of_both(tmp_path: Path) -> None:
    path, said = tmp_path / "cues.json", list[str]()
    first = Cues(store(), path, Faults(said.append))
    first.save("opening")
    first.close()
    second = Cues(store(), path, Faults(said.append))
    held = [first, second]

    def play(cues: Cues, names: str) -> None:
        for name in names:
            cues.save(name)
        cues.close()

    threads = [
        threading.Thread(target=play, args=each)
        for each in zip(held, ("abcdefgh", "pqrstuvw"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Cues(store(), path).names) == sorted(["opening", *"abcdefghpqrstuvw"])
    first.delete("opening")
    first.close()
    second.save("z")
    second.close()
    names = Cues(store(), path).names
    assert "opening" not in names, "what the other deleted is deleted"
    assert names == second.names
    assert any("another genart" in line for line in said)


@pytest.mark.parametrize(
    ("ours", "theirs", "wanted"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}),  # added here
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),  # added there
        ({"a": 5}, {"a": 1}, {"a": 5}),  # changed here
        ({"a": 1}, {"a": 5}, {"a": 5}),  # changed there
        ({"a": 5}, {"a": 6}, {"a": 5, "a-2": 6}),  # changed by both
        ({"a": 5}, {"a": 6, "a-2": 7}, {"a": 5, "a-3": 6, "a-2": 7}),
        ({"k": 1}, {"a": 1, "k": 2}, {"k": 2}),  # deleted here
        ({}, {"a": 6}, {"a": 6}),  # deleted here and changed there
        ({"a": 1, "k": 1}, {"k": 1}, {"k": 1}),  # deleted there
        ({"a": 1, "k": 1}, {"n": 1}, {"a": 1, "k": 1, "n": 1}),  # another file
        ({"b": 1}, {"a": 1}, {"b": 1}),  # renamed here
    ],
)
def test_of_two_changed_files_nothing_is_lost(
    ours: dict[str, int], theirs: dict[str, int], wanted: dict[str, int]
) -> None:
    def cue(numbers: dict[str, int]) -> dict[str, dict[str, int]]:
        return {name: {"sketch.level": number} for name, number in numbers.items()}

    base = {"a": 1} | ({"k": 1} if "k" in {**ours, **theirs} else {})
    assert merged(cue(base), cue(ours), cue(theirs))[0] == cue(wanted)


def test_a_file_with_a_typing_error_is_not_overwritten(tmp_path: Path) -> None:
    path, faults = tmp_path / "cues.json", Faults(lambda line: None)
    cues = Cues(store(), path, faults)
    cues.save("a")
    cues.close()
    whole = path.read_text()
    path.write_text(whole[:-4])  # somebody edits it
    cues.save("b")
    cues.close()
    assert path.read_text() == whole[:-4]
    assert "not a file of cues" in faults.now()[0]
    path.write_text(whole)
    cues.save("c")
    cues.close()
    assert Cues(store(), path).names == ["a", "b", "c"]
    assert faults.now() == []


def test_of_several_texts_the_newest_is_written_and_nobody_waits(tmp_path: Path) -> None:
    begun, go, written = threading.Event(), threading.Event(), list[str]()
    path = tmp_path / "a.txt"

    def done() -> None:
        written.append(path.read_text())
        begun.set()
        assert go.wait(10)

    scribe = BackgroundFile(path, failed=lambda error: None, went_well=done)
    scribe.write("one")
    assert begun.wait(10)
    for text in ("two", "three", "four"):
        scribe.write(text)
    go.set()
    assert scribe.flush()
    assert written == ["one", "four"]
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
