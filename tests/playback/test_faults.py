"""Faults: what is wrong, since when, what to do; each one ends when its cause ends."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.recorded_show import Deeds, Night

from genart.playback.faults import ADVICE, Faults

ROOT = Path(__file__).parents[2]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults(clock: Clock) -> Faults:
    return Faults(lambda line: None, clock)


def test_a_fault_says_what_where_since_when_and_what_to_do(faults: Faults, clock: Clock) -> None:
    faults.add("cues", OSError("No space left"))
    clock.now += 7
    (row,) = faults.rows()
    assert (row["where"], row["what"]) == ("cues", "OSError: No space left")
    assert (row["age"], row["over"], row["count"]) == (7, None, 1)
    assert "Free space" in row["do"]
    assert len(row["since"]) == len("21:03:12")


def test_a_fault_is_gone_from_the_page_after_its_end_and_stays_in_the_history(
    faults: Faults, clock: Clock
) -> None:
    faults.add("cues", "The disk is full.")
    faults.add("sketch", "ValueError: no")
    faults.settle("cues")
    assert [row["over"] for row in faults.rows()] == [0, None]
    assert faults.now() == ["sketch: ValueError: no"]
    clock.now += 31
    assert [row["where"] for row in faults.rows()] == ["sketch"]
    assert [line.partition(" ")[2] for line in faults.history()] == [
        "sketch: ValueError: no", "cues: The disk is full. (over)",
    ]  # fmt: skip


def test_an_event_is_over_at_once(faults: Faults, clock: Clock) -> None:
    faults.event("record.start", OSError("no folder"))
    assert faults.now() == []
    assert faults.lately() == ["record.start: OSError: no folder"]
    clock.now += 7
    assert faults.lately() == []
    assert faults.total == 1


def test_a_fault_that_returns_later_begins_again_and_one_that_flickers_does_not(
    faults: Faults, clock: Clock
) -> None:
    numbers = []
    for pause in (0.0, 1.0, 60.0):
        clock.now += pause
        faults.add("sketch", "no")
        numbers.append(faults.rows()[0]["id"])
        faults.settle("sketch")
    assert numbers[0] == numbers[1] != numbers[2], "a banner that was closed shows it again"


def test_the_newest_faults_are_remembered_however_many_there_were(faults: Faults) -> None:
    faults.add("cues", "The disk is full.")
    words = [f"{chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(500)]
    for word in words:
        faults.event("sketch", word)
    assert words[-1] in faults.history()[0]
    assert faults.now() == ["cues: The disk is full."], "what is open is not forgotten"
    assert len(faults.all()) == 200


def test_what_was_logged_elsewhere_is_in_the_history_and_not_in_the_report(faults: Faults) -> None:
    faults.logged("osc", 'No address named "/x".')
    assert "/x" in faults.history(logged=True)[0]
    assert faults.history() == []
    assert (faults.all(), faults.total) == ([], 0)


@pytest.mark.parametrize("where", ["ndi", "midi 2", "record.start", "window"])
def test_parts_of_plugins_and_failed_actions_say_what_to_do_too(faults: Faults, where: str) -> None:
    faults.event(where, OSError("gone"))
    assert faults.rows()[0]["do"]


def test_every_part_that_reports_a_fault_says_what_to_do() -> None:
    """Walks over the calls in the source, so that a new part needs a line in ADVICE too."""
    parts = set()
    for path in [*(ROOT / "genart").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                parts |= _part(node, node.func)
    assert {"sketch", "cues", "web", "mapping"} <= parts
    assert parts - ADVICE.keys() == set()


def _part(node: ast.Call, func: ast.Attribute) -> set[str]:
    owner = ast.unparse(func.value).rpartition(".")[2]
    called = func.attr in ("add", "event") and owner in ("faults", "_faults")
    called = called or (func.attr == "fault" and owner in ("console", "_console"))
    advised = len(node.args) > 2 or any(each.arg == "advice" for each in node.keywords)
    named = called and not advised and isinstance(node.args[0], ast.Constant)
    return {str(node.args[0].value)} if named else set()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [("style.chain", "fst:wave"), ("walk.seeds", "none at all"), ("model.name", "plasmo"),
     ("model.other", "plasmo")],
)  # fmt: skip
def test_a_refused_value_names_its_param_and_nothing_stays_wrong(
    tmp_path: Path, path: str, wrong: str
) -> None:
    """The kind: texts that are refused after they were set, by the walk, a style or the loader."""
    night = Night(tmp_path, model="plasma")
    live, rows = night.live, []
    deeds: Deeds = {
        3: [night.put(path, wrong)],
        6: [live.loader.fetch],
        19: [lambda: rows.extend(live.faults.rows())],
    }
    before = live.store.current(path)
    night.play(deeds, 20)
    assert [(row["param"], row["value"]) for row in rows] == [(path, wrong)]
    assert rows[0]["over"] is not None
    assert rows[0]["where"] == path.partition(".")[0]
    assert live.store.current(path) == before
    assert live.faults.now() == []
    assert rows[0]["what"] in live.status()["errors"][0], "the history has it"
