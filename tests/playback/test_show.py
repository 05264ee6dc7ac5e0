"""Shows: written while they are played, and rendered again frame for frame."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.films import plasma
from support.outcome import Outcome

import genart
from genart.errors import DataError, UsageError
from genart.live.store import Store
from genart.playback.clock import OfflineClock
from genart.playback.loop import turn
from genart.playback.player import SketchPlayer
from genart.playback.settings import Settings
from genart.playback.show import (
    Header,
    Show,
    ShowWriter,
    read_show,
)
from genart.playback.show_replay import prepare_show
from genart.playback.sketch import load_sketch
from genart.playback.timeline import Change, smoothing_of

SKETCH = '''
import genart
import numpy as np

class Meter(genart.Sketch):
    """An image of the values, so that the least difference shows."""

    defaults = {"model.truncation": 0.9}
    level = genart.Param(0.5, 0.0, 1.0)
    look = genart.Param("calm", choices=("calm", "wild"))

    def draw(self, t, dt):
        image = self.paint(self.walk(self.phase)) * self.level
        return image if self.look == "calm" else -image
'''
MOVES: dict[int, list[tuple[str, Any, float | None]]] = {
    3: [("sketch.level", 1.0, None), ("transport.speed", 2.5, None)],
    4: [("sketch.level", 0.25, None)],
    9: [("model.truncation", 0.1, 0.6), ("tempo.bpm", 133.0, None)],
    14: [("sketch.look", "wild", None), ("transport.phase", 0.5, None)],
    20: [("walk.seeds", "5-7", None), ("sketch.level", 0.8, 0.25)],
}


@pytest.fixture
def sketch(tmp_path: Path) -> Path:
    path = tmp_path / "meter.py"
    path.write_text(SKETCH)
    return path


def play(sketch: Path, show: Path, fps: int = 30, count: int = 30) -> list[np.ndarray]:
    """Play as the engine does, with changes that come between the ticks; returns the frames."""
    model = plasma()
    kind = load_sketch(sketch)
    stage = Settings()
    player = SketchPlayer(kind(), stage, load=lambda _: model, size=(32, 32), seed=7)
    params = {**kind.defaults, "walk.seeds": "1-3", "transport.seconds": 4.0}
    for path, value in params.items():
        player.set(path, value)
    now = 0.0
    store = Store(player.tree, clock=lambda: now)
    header = Header(
        sketch=str(sketch), model="plasma", seed=7, fps=str(fps), size=(32, 32), params=params,
        values=store.values(), smoothing=smoothing_of(store.tree),
    )  # fmt: skip
    writer, made = ShowWriter(show, header), []
    for tick in OfflineClock(count, Fraction(fps)):
        for path, value, fade in MOVES.get(tick.index, []):
            now += 0.001
            store.put(path, value, fade=fade)
        writer.write(store.take(float(tick.t)).changes)
        turn(player, [store], tick.t)
        made.append(player.frame(tick))
        now = float(tick.t) + 0.4 / fps
    writer.close(count / fps)
    return made


def again(show: Path, **words: Any) -> list[np.ndarray]:
    sink = genart.MemorySink()
    genart.render(output=sink, show=show, model=plasma(), device="cpu", **words)
    return sink.frames


def test_a_show_renders_again_bit_for_bit(sketch: Path, tmp_path: Path) -> None:
    played = play(sketch, tmp_path / "a.jsonl")
    rendered = again(tmp_path / "a.jsonl")
    assert len(rendered) == len(played) == 30
    assert all(map(np.array_equal, played, rendered))
    assert len({frame.tobytes() for frame in played}) == 30


def test_a_show_that_was_read_once_renders_any_number_of_times(
    sketch: Path, tmp_path: Path
) -> None:
    play(sketch, tmp_path / "a.jsonl", count=10)
    show = read_show(tmp_path / "a.jsonl")
    sinks = genart.MemorySink(), genart.MemorySink()
    for sink in sinks:
        genart.render(output=sink, show=show, model=plasma(), device="cpu")
    assert all(map(np.array_equal, sinks[0].frames, sinks[1].frames))


def test_what_is_given_wins_over_the_show(sketch: Path, tmp_path: Path) -> None:
    play(sketch, tmp_path / "a.jsonl")
    twice = again(tmp_path / "a.jsonl", size=64, seconds=0.2)
    assert [frame.shape for frame in twice] == [(64, 64, 3)] * 6
    plain = again(tmp_path / "a.jsonl", seconds=0.1)
    other = again(tmp_path / "a.jsonl", seconds=0.1, seeds="8,9")
    assert not np.array_equal(plain[0], other[0])


def test_another_rate_passes_through_the_same_images(sketch: Path, tmp_path: Path) -> None:
    play(sketch, tmp_path / "a.jsonl")
    thirty, ninety = again(tmp_path / "a.jsonl"), again(tmp_path / "a.jsonl", fps=90)
    assert len(ninety) == 90
    assert max(apart(a, b) for a, b in zip(thirty, ninety[::3], strict=True)) <= 1


def apart(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def test_the_command_line_plays_a_show(
    sketch: Path, tmp_path: Path, genart_command: Callable[..., Outcome]
) -> None:
    play(sketch, tmp_path / "a.jsonl")
    made = genart_command(
        "render", "--show", tmp_path / "a.jsonl", "--seconds", 0.2,
        "-o", tmp_path / "out.gif", "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert (made.json["frames"], made.json["size"]) == (6, [32, 32])
    assert made.json["recipe"]["show"] == str(tmp_path / "a.jsonl")
    assert f"--show {tmp_path / 'a.jsonl'}" in made.json["recipe"]["command"]


HEADER = Header("drift", "plasma", values={"sketch.a": 0.0}, smoothing={"sketch.a": 0.1})


def write(path: Path, *changes: Change, end: float | None = None) -> ShowWriter:
    writer = ShowWriter(path, HEADER)
    writer.write(changes)
    writer.close(end)
    return writer


def test_what_is_written_is_read(tmp_path: Path) -> None:
    changes = (
        Change("sketch.a", 1.0, 0.1 + 0.2),
        Change("walk.seeds", "1-3 é", 0.5),
        Change("output.blackout", True, 0.5),
        Change("sketch.a", 0.5, 2.0, 4.0),
    )
    write(tmp_path / "a.jsonl", *changes, end=10.0)
    show = read_show(tmp_path / "a.jsonl")
    assert show.header == HEADER
    assert [(c.path, c.value, c.at, c.fade) for c in show.events] == [
        (c.path, c.value, c.at, c.fade) for c in changes
    ]
    assert (show.seconds, show.cut) == (10.0, False)


def test_every_line_is_a_json_object_with_an_osc_address(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", Change("model.truncation", 0.4, 1.25), end=2.0)
    first, second, last = map(json.loads, (tmp_path / "a.jsonl").read_text().splitlines())
    assert (first["genart_show"], first["sketch"], first["model"]) == (1, "drift", "plasma")
    assert second == {"t": 1.25, "address": "/genart/model/truncation", "args": [0.4]}
    assert last == {"t": 2.0, "address": "/genart/end", "args": []}


def test_all_up_to_a_kill_is_there(tmp_path: Path) -> None:
    writer = ShowWriter(tmp_path / "a.jsonl", HEADER)
    writer.write([Change("sketch.a", 1.0, 0.5), Change("sketch.a", 0.2, 0.75)])
    assert len(read_show(tmp_path / "a.jsonl").events) == 2, "before it is closed"
    with (tmp_path / "a.jsonl").open("a") as file:
        file.write('{"t":1.0,"addr')
    show = read_show(tmp_path / "a.jsonl")
    assert (len(show.events), show.seconds, show.cut) == (2, 0.75, True)
    writer.close()
    writer.close()


def test_a_show_plays_once_and_again_after_rewinding(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", Change("sketch.a", 1.0, 0.5), Change("walk.kind", "cubic", 0.6))
    show = read_show(tmp_path / "a.jsonl")
    assert show.changes(0.4) == []
    once = show.changes(0.6)
    assert once == [("walk.kind", "cubic"), ("sketch.a", pytest.approx(1 - math.exp(-1)))]
    show.rewind()
    assert show.changes(0.6) == once


def test_an_older_show_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl")
    with pytest.raises(UsageError, match="exists"):
        ShowWriter(tmp_path / "a.jsonl", HEADER)
    with pytest.raises(UsageError, match="cannot be written"):
        ShowWriter(tmp_path / "none" / "a.jsonl", HEADER)


GOOD = '{"genart_show":1,"sketch":"drift","model":"plasma"}\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1"),
        ("{}\n", "not a show"),
        ('{"genart_show":1,"size":[1]}\n', "size"),
        ('{"genart_show":1,"seed":"x"}\n', "seed"),
        ('{"genart_show":1,"values":[]}\n', "values"),
        ('{"genart_show":1,"smoothing":{"a.b":-1}}\n', "smoothing"),
        (GOOD + "nonsense\n", "line 2"),
        (GOOD + "[1]\n", "line 2"),
        (GOOD + '{"t":1}\n', "line 2"),
        (GOOD + '{"t":NaN,"address":"/genart/a/b","args":[1]}\n', "line 2"),
        (GOOD + '{"t":1,"address":"/a/b","args":[1]}\n', "line 2.*/a/b"),
        (GOOD + '{"t":1,"address":"/genart/a/b","args":[]}\n', "line 2"),
        (GOOD + '{"t":1,"address":"/genart/a/b","args":[[1]]}\n', "line 2"),
        (GOOD + '{"t":1,"address":"/genart/a/b","args":[1,-2]}\n', "line 2"),
        (
            GOOD
            + '{"t":1,"address":"/genart/a/b","args":[1]}\n'
            + '{"t":0.5,"address":"/genart/a/b","args":[1]}\n',
            "line 3.*after",
        ),
    ],
)
def test_what_is_no_show_is_refused_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=why):
        read_show(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_show(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change("sketch.gone", 1.0, 0.5), "0.5 s: No parameter"),
        (Change("model.truncation", 70.0, 0.5), "0.5 s: .*outside"),
    ],
)
def test_a_show_that_does_not_fit_its_sketch_is_refused_before_rendering(
    tmp_path: Path, change: Change, why: str
) -> None:
    with pytest.raises(DataError, match=why):
        genart.render(output=genart.MemorySink(), show=Show(HEADER, [change], 1.0))


def test_what_a_text_brings_glides_goes_and_comes_back_as_it_was_played(tmp_path: Path) -> None:
    live = genart.live.Live(model="plasma", size=16, seconds=1)
    one, two = "8:flip_v@0.2 + 8:flip_h@0.1", "8:flip_h@0.1"
    moves: dict[int, tuple[str, Any, float | None]] = {
        1: ("model.bend", one, None), 3: ("bend.flip_v_8", 0.9, None),
        5: ("bend.flip_h_8", 1.0, 2.0), 6: ("bend.flip_v_8", 0.5, 1.0),
        8: ("model.bend", two, None),
        10: ("model.bend", one, None), 12: ("bend.flip_v_8", 0.8, None),
        14: ("model.bend", "8:flip_v@0.4", None), 16: ("bend.flip_v_8", 0.6, None),
        20: ("model.bend", "", None),
    }  # fmt: skip
    store, played, events = live.store, list[dict[str, Any]](), list[Change]()
    live.store_control.on_changes = events.extend
    header = Header("drift", "plasma", values=store.values(), smoothing=smoothing_of(store.tree))
    for i in range(24):
        if i in moves:
            path, value, fade = moves[i]
            store.put(path, value, fade=fade)
        turn(live.player, [live.store_control, live.store], Fraction(i, 20))
        played.append({p: x for p, x in live.player.tree.values_now().items() if "bend" in p})
    live.close()
    show = prepare_show(Show(header, events, 1.2)).show
    player = SketchPlayer(
        load_sketch("drift")(), Settings(), load=lambda _: plasma(), size=(16, 16)
    )
    for i, values in enumerate(played):
        turn(player, [show], Fraction(i, 20))
        now = player.tree.values_now()
        assert {p: x for p, x in now.items() if "bend" in p} == pytest.approx(values)
