"""Every row of the published table of addresses, in each of its forms, at a playing performance."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from support.performing import Performance

from genart.osc.codec import BANG

TRUNCATION = "/genart/model/truncation"  # a float of -2..2


@pytest.fixture
def live(playing: Performance) -> Performance:
    """One whose sliders stand where every test expects them."""
    playing.send(TRUNCATION, 0.5)
    playing.send("/genart/tempo/bpm", 120.0)
    playing.send("/genart/transport/play", 1)
    return playing


@pytest.mark.parametrize(
    ("address", "args", "stands"),
    [
        ("/genart/model/truncation", (0.25,), 0.25),
        ("/genart/model/truncation", (1,), 1.0),  # a whole number for a float
        ("/genart/model/truncation", (2**40,), 2.0),  # out of range: the nearest end
        ("/genart/model/truncation", (-1e9,), -2.0),
        ("/genart/model/truncation", (0.25, 3.0), 0.25),  # faded there
        ("/genart/model/truncation", ("a", 0.25), 0.25),
        ("/genart/model/truncation", ("+", 0.25), 0.75),
        ("/genart/model/truncation", ("-", 0.25), 0.25),
        ("/genart/model/truncation", ("text",), 0.5),  # a wrong type
        ("/genart/model/truncation", (BANG,), 0.5),
        ("/genart/model/truncation", (True,), 1.0),
        ("/genart/walk/pulses", (3.0,), 3),  # a float for a whole number
        ("/genart/walk/kind", ("linear",), "linear"),
        ("/genart/walk/kind", ("no such walk",), "linear"),
        ("/genart/model/truncation/norm", (0.75,), 0.75),
        ("/genart/model/truncation/norm", (7.0,), 1.0),
        ("/genart/transport/play", (0,), 0),
        ("/genart/transport/play", (1,), 1),
        ("/genart/transport/play", (False,), 0),
        ("/genart/transport/play", (True,), 1),
        ("/genart/tempo/bpm", (90,), 90.0),
        ("/genart/output/blackout", (1,), 1),
        ("/genart/output/blackout", (0,), 0),
        ("/genart/output/freeze", (True,), 1),
        ("/genart/output/freeze", (False,), 0),
    ],
    ids=lambda value: str(value),
)
def test_a_message_turns_and_a_question_is_answered(
    live: Performance, address: str, args: tuple[Any, ...], stands: Any
) -> None:
    live.send(address, *args)
    assert live.ask(address) == stands
    assert live.ask(address, "?") == stands


def test_norm_goes_through_the_range(live: Performance) -> None:
    live.send(f"{TRUNCATION}/norm", 0.75)
    assert live.ask(TRUNCATION) == 1.0


def test_the_phase_stands_where_it_is_put(live: Performance) -> None:
    live.send("/genart/transport/play", 0)
    live.send("/genart/transport/phase", 0.5)
    assert live.ask("/genart/transport/phase") == 0.5


def test_taps_set_the_tempo(live: Performance) -> None:
    for _ in range(100_000):  # taps within a tenth of a second are one
        live.send("/genart/tempo/tap")
        if live.ask("/genart/tempo/bpm") != 120.0:
            return
    raise AssertionError("The tempo did not follow the taps.")


@pytest.mark.parametrize("name", ["opening", 7])
@pytest.mark.parametrize("fade", [(), (2.0,), (2,)])
def test_cues_are_kept_and_gone_back_to(
    live: Performance, name: str | int, fade: tuple[float, ...]
) -> None:
    live.send(TRUNCATION, 0.75)
    live.send("/genart/cue/save", name)
    live.send(TRUNCATION, -1.0)
    live.send("/genart/cue/recall", name, *fade)
    assert live.ask(TRUNCATION) == 0.75
    live.send("/genart/cue/next")
    assert live.until("/genart/status/cue", bool)  # one of those that were saved here


@pytest.mark.parametrize("name", [("night.mkv",), ()], ids=["named", "unnamed"])
def test_recordings_stay_in_their_folder(live: Performance, name: tuple[str, ...]) -> None:
    folder = live.folder
    before = {*folder.glob("recordings/*")}
    live.send("/genart/record/start", *name)
    live.until("/genart/status/recording", bool)
    made = live.ask("/genart/status/made")
    live.until("/genart/status/made", lambda count: count > made + 2)
    live.send("/genart/record/stop")
    live.until("/genart/status/recording", lambda going: not going)
    films = f"recordings/{name[0] if name else '*.m*'}"
    live.until("/genart/status/fps", lambda _: {*folder.glob(films)} - before)
    live.send("/genart/record/start", "../outside.mkv")
    live.ask("/genart/status/recording")
    assert not (folder / "outside.mkv").exists()


def test_the_status_is_reported(live: Performance) -> None:
    live.until("/genart/status/fps", lambda fps: fps > 0)
    assert 0 <= live.ask("/genart/status/phase") <= 1
    before = live.ask("/genart/status/beat")
    live.until("/genart/status/beat", lambda beat: beat > before)
    assert live.ask("/genart/status/errors") is None


def test_what_cannot_be_is_counted(live: Performance) -> None:
    before = live.ask("/genart/status/osc/rejected")
    live.send("/genart/no/such")
    live.send(TRUNCATION, "text")
    live.until("/genart/status/osc/rejected", lambda count: count >= before + 2)
    assert live.ask(TRUNCATION) == 0.5


def test_oscquery_serves_the_whole_tree(live: Performance) -> None:
    def leaves(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from [node] if node.get("ACCESS") == 3 else []
        for inner in node.get("CONTENTS", {}).values():
            yield from leaves(inner)

    with urllib.request.urlopen(live.web, timeout=30) as answer:
        params = list(leaves(json.load(answer)))
    assert {param["FULL_PATH"].split("/")[2] for param in params} >= {
        "walk", "model", "output", "transport", "tempo",
    }  # fmt: skip
    for param in params:
        live.ask(param["FULL_PATH"])
