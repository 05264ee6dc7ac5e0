"""Learning: the next control that moves is bound to a Param, also in the mapping file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import genart
from genart.errors import UsageError
from genart.live.actions import ActionSpec
from genart.live.console import LiveConsole
from genart.live.live_mapping import LiveMapping
from genart.live.midi_learn import (
    SETTLE,
    plain_name,
    with_entry,
    without_entries,
)
from genart.live.osc.service import OscService
from genart.live.store import Store
from genart.mapping.mapping_file import MappingError
from genart.osc.codec import Message, encode
from genart.osc.peers import Sender
from genart.params import Param, ParamTree
from genart.playback.faults import Faults
from genart.playback.show import Header, Show, read_show


class Owner:
    level = Param(0.5, 0.0, 1.0)
    count = Param(3, 0, 9)
    on = Param(False)
    text = Param("hello")


class Later:
    zoom = Param(1.0, 0.0, 10.0)


class Table:
    """A console without a performance, and its clock."""

    def __init__(self, file: Path | None) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.store = Store(ParamTree({"sketch": Owner()}), clock=lambda: self.now)
        self.console = LiveConsole(self.store, Faults(self.said.append))
        self.done: list[tuple[Any, ...]] = []
        done = ActionSpec(lambda args, source: self.done.append(args))
        self.console.actions.add({"cue/next": done})
        self.mapping: LiveMapping = self.console.mapping
        if file is not None:
            self.mapping.load(file)
        self.file = file

    def midi(self, source: str, x: float) -> None:
        self.console.feed("midi", source, x)

    def settle(self) -> None:
        """Let time pass until what moved has been learned."""
        self.now += 2 * SETTLE
        self.mapping.look()

    def saved(self, text: str) -> None:
        """Save another text by hand, and let the mapping look at it."""
        assert self.file is not None
        self.file.write_text(text)
        os.utime(self.file, ns=(0, len(text)))
        self.mapping.look()
        self.mapping.look()

    def entries(self) -> list[dict[str, Any]]:
        assert self.file is not None
        found: list[dict[str, Any]] = tomllib.loads(self.file.read_text()).get("map", [])
        return found


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    made = Table(tmp_path / "mapping.toml")
    yield made
    made.mapping.close()


def test_the_control_that_moves_turns_the_param_from_then_on(table: Table) -> None:
    table.mapping.learn(("sketch.level",))
    assert table.console.said["learning"] == "sketch.level"
    table.midi("cc/1/74 nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", 10)
    table.midi("cc/1/75 nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", 99)
    table.settle()
    assert table.console.said["learning"] == ""
    assert table.entries() == [{"midi": "cc/1/74", "device": "nanoKONTROL2", "to": "sketch.level"}]
    table.midi("cc/1/74 nanoKONTROL2:nanoKONTROL2 MIDI 1 28:0", 127)
    assert table.store.current("sketch.level") == 1.0
    table.midi("cc/1/74 another", 0)
    assert table.store.current("sketch.level") == 1.0


def test_learning_survives_the_night(table: Table) -> None:
    table.mapping.learn(("/genart/sketch/count",))
    table.midi("cc/1/1 box", 64)
    table.settle()
    tomorrow = Table(table.file)
    tomorrow.midi("cc/1/1 box", 127)
    assert tomorrow.store.current("sketch.count") == 9


def test_what_is_written_keeps_every_comment(table: Table) -> None:
    hand = '# mine\n[[map]] # the fader\nosc = "/1/fader1" # left\nto = "sketch.level"\n# end'
    table.saved(hand)
    table.mapping.learn(("sketch.on",))
    table.midi("note/1/36 pads", 90)
    table.settle()
    assert table.file is not None
    text = table.file.read_text()
    assert text.startswith(hand + "\n")
    assert table.entries()[1]["mode"] == "toggle", "a pad on a switch"
    table.mapping.unlearn(("sketch.level",))
    left = table.file.read_text()
    assert "# mine" in left
    assert "# end" in left
    assert [entry["to"] for entry in table.entries()] == ["sketch.on"]
    table.mapping.unlearn(("sketch.on",))
    assert table.entries() == []
    with pytest.raises(UsageError, match=r"mapped to sketch\.on"):
        table.mapping.unlearn(("sketch.on",))


def test_unlearning_leaves_sound_and_oscillators_alone(table: Table) -> None:
    table.saved(
        '[[map]]\nlfo = "sine"\nto = "sketch.level"\n'
        '[[map]]\nosc = "/a"\nto = "sketch.level"\nrange = [\n 0.1,\n 0.2,\n]\n'
    )
    table.mapping.unlearn(("sketch.level",))
    assert [entry.get("lfo") for entry in table.entries()] == ["sine"]


def test_a_pad_let_go_and_a_moving_sound_are_not_learned(table: Table) -> None:
    table.mapping.learn(("sketch.level",))
    table.midi("note/1/36 pads", 0)
    table.console.feed("audio", "bass", 0.7)
    table.settle()
    assert table.console.said["learning"] == "sketch.level"
    table.midi("note/1/37 pads", 1)
    table.settle()
    assert table.entries()[0]["midi"] == "note/1/37"


def test_a_fine_fader_is_learned_with_both_its_halves(table: Table) -> None:
    table.mapping.learn(("sketch.level",))
    for source, x in (("cc/1/7", 64), ("cc/1/39", 1), ("cc14/1/7", 8193)):
        table.midi(f"{source} desk", x)
    table.settle()
    assert table.entries()[0]["midi"] == "cc14/1/7"


@pytest.mark.parametrize(
    ("sent", "entry"),
    [
        ([("/1/fader", (0.3,))], {"osc": "/1/fader"}),
        ([("/1/fader/z", (1.0,)), ("/2", (64,))], {"osc": "/2", "from": [0, 127]}),
        ([("/tilt", (-0.4,))], {"osc": "/tilt", "from": [-1, 1]}),
        ([("/xy", (0.2, 0.5)), ("/xy", (0.2, 0.6))], {"osc": "/xy", "arg": 2}),
        ([("/name", ("text",)), ("/named", ("x", 700.0))],
         {"osc": "/named", "arg": 2, "from": [0, 1023]}),
    ],
)  # fmt: skip
def test_an_address_is_learned_with_what_it_sends(
    table: Table, sent: list[tuple[str, tuple[Any, ...]]], entry: dict[str, Any]
) -> None:
    table.mapping.learn(("sketch.level",))
    for address, args in sent:
        assert table.mapping.osc(address, args) == []
    table.settle()
    assert table.entries() == [{**entry, "to": "sketch.level"}]
    assert table.mapping.osc("/unknown", (1.0,)) is None


def test_what_is_done_can_be_learned_and_a_mode_be_given(table: Table) -> None:
    table.mapping.learn(("cue/next",))
    table.midi("cc/1/20 box", 127)
    table.settle()
    table.mapping.learn(("sketch.count", "relative"))
    table.midi("cc/1/21 box", 1)
    table.settle()
    table.midi("cc/1/20 box", 127)
    table.midi("cc/1/21 box", 2)
    assert table.done == [()]
    assert table.store.current("sketch.count") == 5


def test_without_a_name_the_param_in_hand_is_learned(table: Table) -> None:
    with pytest.raises(UsageError, match="No Param was changed yet"):
        table.mapping.learn()
    table.mapping.start()
    table.store.put("sketch.count", 5, "web 127.0.0.1:1")
    table.store.put("sketch.level", 0.1, "lfo")
    table.console.actions.run("learn", (1.0,), "a button")
    table.console.actions.run("learn", (0.0,), "let go")
    assert table.console.said["learning"] == "sketch.count"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("sketch.levl",), 'Did you mean "sketch.level"'),
        (("cue/nxt",), 'Did you mean "cue/next"'),
        (("sketch.text",), "sketch.text cannot be learned: it has no range"),
        (("sketch.level", "latch"), "absolute, relative, toggle"),
    ],
)
def test_what_cannot_be_learned_is_reported_at_once(
    table: Table, args: tuple[str, ...], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        table.mapping.learn(args)
    assert "learning" not in table.console.said


def test_learning_can_be_given_up(table: Table) -> None:
    table.mapping.learn(("sketch.level",))
    table.mapping.cancel()
    table.midi("cc/1/1 box", 64)
    table.settle()
    assert table.file is not None
    assert not table.file.exists()


def test_a_saved_file_takes_over_and_a_mistake_leaves_the_old_one(table: Table) -> None:
    table.saved('[[map]]\nmidi = "cc/1/1"\nto = "sketch.level"\n')
    table.midi("cc/1/1 box", 127)
    assert table.store.current("sketch.level") == 1.0
    table.saved('[[map]]\nmidi = "cc/1/1"\nto = "sketch.count"\ncurve = "wavy"\n')
    table.saved('[[map]]\nmidi = "cc/1/1"\nto = "sketch.count"\ncurve = "wavy" \n')
    table.midi("cc/1/1 box", 0)
    assert table.store.current("sketch.level") == 0.0
    (told,) = table.said
    assert "line 4" in told
    assert table.console.faults.now()
    table.saved('[[map]]\nmidi = "cc/1/1"\nto = "sketch.count"\n')
    assert table.console.faults.now() == []
    table.midi("cc/1/1 box", 127)
    assert table.store.current("sketch.count") == 9


def test_what_is_learned_over_a_broken_file_is_reported_and_the_file_left_alone(
    table: Table,
) -> None:
    table.saved("[[map]\n")
    table.mapping.learn(("sketch.level",))
    table.midi("cc/1/1 box", 64)
    table.settle()
    assert table.file is not None
    assert table.file.read_text() == "[[map]\n"
    assert any(line.startswith("learning:") for line in table.said)


def test_a_mistake_at_the_start_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text('[[map]]\nmidi = "cc/0/1"\nto = "sketch.level"\n')
    with pytest.raises(MappingError, match="line 2"):
        Table(file)


def test_entries_wake_with_the_sketch_they_are_for(table: Table) -> None:
    table.saved('[[map]]\nmidi = "cc/1/1"\nto = "sketch.zoom"\n')
    assert "line 3" in table.said[0]
    assert "waits for a sketch" in table.said[0]
    assert table.console.faults.now() == [], "no fault"
    table.midi("cc/1/1 box", 64)
    table.store.set_tree(ParamTree({"sketch": Later()}))
    table.mapping.new_tree()
    table.midi("cc/1/1 box", 127)
    assert table.store.current("sketch.zoom") == 10.0
    table.store.set_tree(ParamTree({"sketch": Owner()}))
    table.midi("cc/1/1 box", 0)  # before the mapping changed
    table.mapping.new_tree()
    table.midi("cc/1/1 box", 0)
    assert table.mapping.bindings.entries == ()


def test_without_a_file_it_is_kept_in_memory() -> None:
    table = Table(None)
    table.mapping.learn(("sketch.level",))
    table.midi("cc/1/1 box", 64)
    table.settle()
    table.mapping.learn(("sketch.count",))
    table.midi("cc/1/2 box", 64)
    table.settle()
    assert [entry.path for entry in table.mapping.bindings.entries] == [
        "sketch.level",
        "sketch.count",
    ]
    table.mapping.unlearn(("sketch.level",))
    assert [entry.path for entry in table.mapping.bindings.entries] == ["sketch.count"]


def test_lfos_turn_the_store_like_anyone_else(table: Table) -> None:
    table.saved('[[map]]\nlfo = "saw"\nevery = 4\nto = "sketch.level"\n')
    table.console.run_lfos(1.0, 0.0)
    (change,) = table.store.take().changes
    assert (change.value, change.source) == (0.25, "lfo")
    table.console.lfos = False
    table.console.run_lfos(2.0, 0.0)
    assert table.store.current("sketch.level") == 0.25


def test_a_replayed_show_is_not_swung_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genart.live.perform.can_advertise", lambda: False)
    (tmp_path / "lfo.toml").write_text('[[map]]\nlfo = "saw"\nto = "model.truncation"\n')
    show = Show(Header("drift", "plasma", size=(16, 16)), [], 0.2)
    kept = tmp_path / "again.jsonl"
    genart.perform(show=show, record_show=kept, mapping=tmp_path / "lfo.toml", cues=None)
    assert read_show(kept).events == ()


def test_lights_say_where_every_control_would_be(table: Table) -> None:
    table.saved(
        '[[map]]\nmidi = "cc/1/1"\nto = "sketch.level"\n'
        '[[map]]\nmidi = "note/1/36"\nmode = "toggle"\nto = "sketch.on"\n'
        '[[map]]\nmidi = "note/1/37"\ndo = "cue/next"\n'
        '[[map]]\nosc = "/a"\nto = "sketch.level"\n'
    )
    table.store.put("sketch.on", True)
    lights = [(light.source, light.x, light.mode) for light in table.console.lights("midi")]
    assert lights == [("cc/1/1", 63.5, "absolute"), ("note/1/36", 127, "toggle")]


def test_over_osc(table: Table) -> None:
    mapping = table.mapping
    control = OscService(table.store, port=0, mapping=mapping, actions=table.console.actions)
    tablet = Sender("127.0.0.1", 9, lambda packet: None)

    def send(address: str, *args: Any) -> None:
        control.router.receive(encode(Message(address, args)), tablet)

    try:
        send("/genart/learn", "sketch.level")
        send("/1/fader1", 0.25)
        table.settle()
        send("/1/fader1", 0.75)
        assert table.store.current("sketch.level") == 0.75
        send("/genart/learn", "cue/save")
        send("/genart/learn/cancel")
        send("/genart/unlearn", "/genart/sketch/level")
        assert table.store.rejected == 0
        send("/1/fader1", 0.5)
        assert table.store.rejected == 1, "nobody knows it any more"
    finally:
        control.close()


def test_what_an_osc_address_does_goes_with_the_rest_of_its_bundle(table: Table) -> None:
    control = OscService(table.store, port=0, mapping=table.mapping, actions=table.console.actions)
    table.saved(
        '[[map]]\nosc = "/pad"\ndo = "sketch/text"\nargs = ["drop"]\n'
        '[[map]]\nosc = "/pad"\ndo = "cue/save"\nargs = ["now"]\n'
    )
    tablet = Sender("127.0.0.1", 9, lambda packet: None)
    try:
        for x in (1.0, 0.0):
            control.router.receive(encode(Message("/pad", (x,))), tablet)
        assert table.store.current("sketch.text") == "drop"
        assert control.cues.names == ["now"]
        assert table.store.rejected == 0
    finally:
        control.close()


@pytest.mark.parametrize(
    ("device", "plain"),
    [
        ("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", "nanoKONTROL2"),
        ("Launch Control XL 1", "Launch Control XL"),
        ("a2j:BCR2000 [20] (capture): BCR2000 MIDI 1", "a2j:BCR2000 [20] (capture): BCR2000 MIDI"),
        ("nanoKONTROL2 SLIDER/KNOB", "nanoKONTROL2 SLIDER/KNOB"),
        ("7", "7"),
    ],
)
def test_a_devices_name_is_kept_without_what_changes(device: str, plain: str) -> None:
    assert plain_name(device) == plain
    assert plain in device


def test_texts_of_any_kind_take_an_entry() -> None:
    entry = '[[map]]\nosc = "/a"\nto = "sketch.on"\n'
    for text in ("", "# only a comment", '[[map]]\nosc = "/b"\nto = "x"'):
        assert tomllib.loads(with_entry(text, entry))["map"][-1]["osc"] == "/a"
    inline = 'map = [{osc = "/b", to = "x"}]\n'
    assert without_entries(inline, lambda table: True) == (inline, 0)
