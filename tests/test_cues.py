"""Cues: kept by name, gone back to, readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genart.errors import DataError, ParamError, UnknownName, UsageError
from genart.live.cues import Cues
from genart.live.store import Store
from genart.params import Param, ParamTree


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
    change = held.take().changes["sketch.level"]
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
    Cues(held, path).save("größer")
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
