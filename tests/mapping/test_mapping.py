"""Mapping files: any source onto any Param."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from genart.errors import ParamError
from genart.live.osc.service import OscService
from genart.live.store import Store
from genart.mapping.bindings import Action, Bindings, Outcome
from genart.mapping.mapping_file import MappingError, parse_mapping, read_text
from genart.params import Param, ParamTree
from genart.playback.settings import Settings
from genart.playback.timeline import Change


class Owner:
    level = Param(0.5, 0.0, 1.0)
    zoom = Param(1.0, 0.01, 100.0, curve="log")
    count = Param(3, 0, 9)
    on = Param(False)
    look = Param("calm", choices=("calm", "wild"))
    text = Param("hello")


TREE = ParamTree({"sketch": Owner()})


def pairs(outcomes: list[Outcome] | None) -> list[tuple[str, Any]]:
    """The changes among what a source asks for, as (path, value)."""
    return [(each.path, each.value) for each in outcomes or [] if isinstance(each, Change)]


def read(tmp_path: Path, text: str) -> Bindings:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    return parse_mapping(read_text(path), TREE, path)


@pytest.mark.parametrize(
    ("entry", "x", "value"),
    [
        ('to = "sketch.level"', 0.25, 0.25),
        ('to = "sketch.level"', 7.0, 1.0),
        ('to = "sketch.level"\nfrom = [0, 127]', 127, 1.0),
        ('to = "sketch.level"\nfrom = [1, -1]', 0.5, 0.25),
        ('to = "sketch.level"\nrange = [0.2, 0.4]', 0.5, 0.3),
        ('to = "sketch.level"\nrange = [1, 0]', 0.25, 0.75),
        ('to = "sketch.level"\ncurve = "square"', 0.5, 0.25),
        ('to = "sketch.level"\ncurve = "root"', 0.25, 0.5),
        ('to = "sketch.level"\ncurve = "smooth"', 0.25, 0.15625),
        ('to = "sketch.zoom"', 0.5, 1.0),
        ('to = "sketch.count"', 0.5, 4),
        ('to = "sketch.on"', 0.7, True),
        ('to = "sketch.look"', 1.0, "wild"),
    ],
)
def test_a_lead_turns_what_it_leads_to(tmp_path: Path, entry: str, x: float, value: object) -> None:
    bindings = read(tmp_path, f'[[map]]\nosc = "/1/fader"\n{entry}\n')
    (change,) = bindings.osc("/1/fader", (x,)) or ()
    assert isinstance(change, Change)
    got = change.value
    assert change.path in entry
    assert got == pytest.approx(value) if isinstance(value, float) else got == value


def test_one_source_moves_several_params_and_others_none(tmp_path: Path) -> None:
    bindings = read(
        tmp_path,
        """
        [[map]]
        osc = "/xy"
        to = "sketch.level"
        [[map]]
        osc = "/xy"
        arg = 2
        to = "sketch.count"
        """,
    )
    assert pairs(bindings.osc("/xy", (0.25, 1.0))) == [("sketch.level", 0.25), ("sketch.count", 9)]
    assert bindings.osc("/other", (1.0,)) is None
    with pytest.raises(ParamError, match="argument 2"):
        bindings.osc("/xy", (0.25,))
    with pytest.raises(ParamError, match="number"):
        bindings.osc("/xy", ("__import__('os')", 1.0))


def test_midi_and_audio_are_fed_by_name(tmp_path: Path) -> None:
    bindings = read(
        tmp_path,
        """
        [[map]]
        midi = "cc/1/74"
        to = "sketch.level"
        [[map]]
        midi = "pitch/2"
        to = "sketch.level"
        [[map]]
        audio = "bass"
        to = "sketch.zoom"
        """,
    )
    assert pairs(bindings.feed("midi", "cc/1/74", 127)) == [("sketch.level", 1.0)]
    assert pairs(bindings.feed("midi", "pitch/2", -8192)) == [("sketch.level", 0.0)]
    assert pairs(bindings.feed("audio", "bass", 1.0)) == [("sketch.zoom", 100.0)]
    assert bindings.feed("audio", "treble", 1.0) == []


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        ("sine", [0.0, 0.5, 1.0, 0.5]),
        ("triangle", [0.0, 0.5, 1.0, 0.5]),
        ("saw", [0.0, 0.25, 0.5, 0.75]),
        ("square", [0.0, 0.0, 1.0, 1.0]),
    ],
)
def test_lfos_swing_in_seconds_or_beats(tmp_path: Path, shape: str, values: list[float]) -> None:
    text = f'[[map]]\nlfo = "{shape}"\nevery = 4\nto = "sketch.level"\n'
    seconds, beats = read(tmp_path, text), read(tmp_path, text + 'unit = "beats"\n')
    assert [pairs(seconds.run_lfos(t, 0.0))[0][1] for t in range(4)] == pytest.approx(values)
    assert [pairs(beats.run_lfos(0.0, 8 + b))[0][1] for b in range(4)] == pytest.approx(values)


@pytest.mark.parametrize(("page", "count"), [("osc.md", 2), ("midi.md", 7)])
def test_the_examples_of_the_documentation_can_be_used(page: str, count: int) -> None:
    path = Path(__file__).parents[2] / "docs" / page
    examples = re.findall(r"```toml\n(.*?)```", path.read_text(encoding="utf-8"), re.S)
    control = OscService(Store(Settings().tree()), port=0)
    control.close()
    read = [parse_mapping(e, Settings().tree(), path, actions=control.actions) for e in examples]
    assert sum(len(bindings.entries) for bindings in read) == count


HEAD = '# by hand\n[[map]]\nosc = "/a"\nto = "sketch.level"\n\n'


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('[[map]]\nosc = "/b"\nto = "sketch.levl"', 8, 'Did you mean "sketch.level"'),
        ('[[map]]\nosc = "/b"', 6, "to ="),
        ('[[map]]\nto = "sketch.level"', 6, "exactly one source"),
        ('[[map]]\nosc = "/b"\nmidi = "cc/1/2"\nto = "sketch.level"', 6, "exactly one source"),
        ('[[map]]\nosc = "b"\nto = "sketch.level"', 7, "must start with /"),
        ('[[map]]\nmidi = "cc/17/1"\nto = "sketch.level"', 7, "not a MIDI"),
        ('[[map]]\nlfo = "wobble"\nto = "sketch.level"', 7, "sine, triangle"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\nfrom = [1, 1]', 9, "different"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\nfrom = [0, nan]', 9, "two numbers"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\nrange = 3', 9, "two numbers"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\ncurve = "x*x"', 9, "linear, square"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\narg = 0', 9, "above 0"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\neval = "1"', 9, '"eval" is not one'),
        ('[[map]]\nosc = "/b"\nto = "sketch.text"', 8, "no range"),
        ('[[map]]\nosc = "/b"\nto = ', 8, "Invalid value"),
        ('[[map]]\nosc = "/b"\nto = "sketch.on"\ndo = "cue/next"', 6, "needs either a Param"),
        ('[[map]]\nosc = "/b"\ndo = "cue/nxt"', 8, 'Did you mean "cue/next"'),
        ('[[map]]\nosc = "/b"\ndo = "__import__(1)"', 8, "not an action"),
        ('[[map]]\nosc = "/b"\ndo = "sketch/level"', 8, "takes one value"),
        ('[[map]]\nosc = "/b"\ndo = "sketch/level"\nargs = [7]', 8, "outside 0..1"),
        ('[[map]]\nosc = "/b"\ndo = "cue/next"\nargs = 3', 9, "texts and numbers"),
        ('[[map]]\nosc = "/b"\nto = "sketch.on"\nargs = [3]', 9, "args needs do"),
        ('[[map]]\nosc = "/b"\nto = "sketch.on"\nmode = "latch"', 9, "absolute, relative"),
        ('[[map]]\nosc = "/b"\nto = "sketch.on"\nencoding = "twos"', 9, "relative"),
        ('[[map]]\nosc = "/b"\nto = "sketch.on"\npickup = 1', 9, "true or false"),
        ('[[map]]\nosc = "/b"\nto = "sketch.on"\ndevice = "x"', 9, "midi"),
        ('[[map]]\nmidi = "cc/1/128"\nto = "sketch.on"', 7, "not a MIDI"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    path = tmp_path / "map.toml"
    with pytest.raises(MappingError) as caught:
        parse_mapping(HEAD + text + "\n", TREE, path, actions=["cue/next", "tempo/tap"])
    assert f"line {line}" in str(caught.value)
    assert why in str(caught.value)


@pytest.mark.parametrize("text", ["map = 3", "map = [1]", "[other]\na = 1\n[[map]]"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MappingError, match=r"map\.toml, line 1"):
        read(tmp_path, text)
    with pytest.raises(MappingError, match="cannot be read"):
        read_text(tmp_path / "none.toml")


class Values:
    """A stand-in for `Store.current`; the bindings change it."""

    def __init__(self, text: str) -> None:
        self.values = {path: param.default for path, param in TREE.items()}
        parsed = parse_mapping(text, TREE, Path("map.toml"))
        self.bindings = Bindings(parsed.entries, self.values.__getitem__)

    def send(self, *numbers: float, source: str = "cc/1/16") -> list[Any]:
        """Feed numbers; the Param's value after each."""
        (path,) = {entry.path for entry in self.bindings.entries}
        told = []
        for x in numbers:
            for turn in self.bindings.feed("midi", source, x):
                assert isinstance(turn, Change)
                self.values[turn.path] = turn.value
            told.append(self.values[path])
        return told


RELATIVE = '[[map]]\nmidi = "cc/1/16"\nmode = "relative"\nencoding = "{}"\nto = "sketch.level"\n'


@pytest.mark.parametrize(
    ("encoding", "numbers"),
    [
        ("twos", (1, 3, 127, 125)),
        ("offset", (65, 67, 63, 61)),
        ("sign", (1, 3, 65, 67)),
        ("plain", (1, 3, -1, -3)),
    ],
)
def test_encoders_count_from_where_the_param_is(encoding: str, numbers: tuple[int, ...]) -> None:
    told = Values(RELATIVE.format(encoding) + "step = 0.01\n").send(*numbers)
    assert told == pytest.approx([0.51, 0.54, 0.53, 0.5])


def test_an_encoder_goes_on_from_what_somebody_else_turned_and_stops_at_the_ends() -> None:
    values = Values(RELATIVE.format("twos") + "step = 0.1\n")
    assert values.send(1) == pytest.approx([0.6])
    values.values["sketch.level"] = 0.95
    assert values.send(1, 1, 127) == pytest.approx([1.0, 1.0, 0.9])


def test_an_encoder_goes_from_one_value_to_the_next_where_there_are_few() -> None:
    entry = '[[map]]\nmidi = "cc/1/16"\nmode = "relative"\nto = "sketch.{}"\n'
    assert Values(entry.format("count")).send(1, 1, 126) == [4, 5, 3]
    assert Values(entry.format("look")).send(1, 1, 127) == ["wild", "wild", "calm"]
    assert Values(entry.format("on")).send(1, 127) == [True, False]
    slow = Values(entry.format("count") + "step = 0.05\n")
    assert slow.send(1, 1, 1) == [3, 4, 4], "small steps add up"


def test_a_button_toggles_each_time_it_is_hit() -> None:
    entry = '[[map]]\nmidi = "note/1/36"\nmode = "toggle"\nto = "sketch.{}"\n'
    hits = (1, 0, 90, 80, 0, 127)  # softly, let go, hit, pressed on, let go, hit
    assert Values(entry.format("on")).send(*hits, source="note/1/36") == [
        True, True, False, False, False, True,
    ]  # fmt: skip
    ends = Values(entry.format("level") + "range = [0.2, 0.9]\n")
    assert ends.send(9, 0, 9, source="note/1/36") == pytest.approx([0.9, 0.9, 0.2])


def test_a_fader_picks_its_param_up_where_it_is() -> None:
    values = Values('[[map]]\nmidi = "cc/1/16"\npickup = true\nto = "sketch.level"\n')
    assert values.send(0, 20, 50) == [0.5] * 3, "it waits"
    assert values.send(70, 100) == pytest.approx([70 / 127, 100 / 127]), "it came past, and leads"
    values.values["sketch.level"] = 0.1
    assert values.send(90, 80, 40) == [0.1] * 3, "another source changed it"
    assert values.send(14, 30) == pytest.approx([14 / 127, 30 / 127]), "near enough"
    steps = Values('[[map]]\nmidi = "cc/1/16"\npickup = true\nto = "sketch.count"\n')
    assert steps.send(0, 50, 52, 60) == [3, 4, 4, 4], "in hand, though 4 is not where the fader is"
    assert steps.send(127) == [9]


def test_something_is_done_once_each_time_the_source_rises_past_its_middle() -> None:
    text = '[[map]]\nmidi = "cc/1/16"\ndo = "/genart/cue/recall"\nargs = ["drop", 2.0]\n'
    bindings = parse_mapping(text, TREE, Path("map.toml"))
    done = [bindings.feed("midi", "cc/1/16", x) for x in (20, 64, 60, 70, 127, 45, 64)]
    action = [Action("cue/recall", ("drop", 2.0))]
    assert done == [[], action, [], [], [], [], action]


def test_a_soft_pad_counts_when_something_is_done() -> None:
    pad = '[[map]]\nmidi = "note/10/36"\ndo = "sketch/text"\nargs = ["drop"]\n'
    bindings = parse_mapping(pad, TREE, Path("map.toml"))
    assert bindings.feed("midi", "note/10/36", 3) == [Action("sketch/text", ("drop",))]


def test_two_equal_controllers_are_distinguished_by_name() -> None:
    text = '[[map]]\nmidi = "cc/1/1"\ndevice = "Left"\nto = "sketch.level"\n'
    bindings = parse_mapping(text, TREE, Path("map.toml"))
    assert pairs(bindings.feed("midi", "cc/1/1 My left Hand 20:0", 127)) == [("sketch.level", 1.0)]
    assert bindings.feed("midi", "cc/1/1 right", 127) == []
    assert bindings.feed("midi", "cc/1/1", 127) == []


@pytest.mark.parametrize(
    ("source", "x", "value"),
    [("cc14/1/7", 8191.5, 0.5), ("pitch/1", 8191, 1.0), ("pressure/16/127", 127, 1.0)],
)
def test_midi_controls_send_over_their_own_range(source: str, x: float, value: float) -> None:
    text = f'[[map]]\nmidi = "{source}"\nto = "sketch.level"\n'
    bindings = parse_mapping(text, TREE, Path("map.toml"))
    assert pairs(bindings.feed("midi", source, x)) == [("sketch.level", pytest.approx(value))]
    assert bindings.feed("midi", source, float("nan")) == []


@pytest.mark.parametrize("curve", ["linear", "square", "root", "smooth"])
@pytest.mark.parametrize("ends", ["", "range = [0.9, 0.1]"])
def test_a_light_shows_the_position_that_gives_the_value(curve: str, ends: str) -> None:
    text = f'[[map]]\nmidi = "cc/1/1"\nto = "sketch.level"\ncurve = "{curve}"\n{ends}\n'
    (entry,) = parse_mapping(text, TREE, Path("map.toml")).entries
    for x in (0, 1, 37, 64, 126, 127):
        assert entry.light_of(entry.value(x)) == pytest.approx(x, abs=1e-6)


def test_what_a_source_did_is_remembered_when_the_file_is_read_again() -> None:
    text = '[[map]]\nmidi = "cc/1/1"\ndo = "cue/next"\n'
    first = parse_mapping(text, TREE, Path("map.toml"))
    assert first.feed("midi", "cc/1/1", 127)
    more = text + '[[map]]\nmidi = "cc/1/2"\nto = "sketch.level"\n'
    second = Bindings(parse_mapping(more, TREE, Path("map.toml")).entries, before=first)
    assert second.feed("midi", "cc/1/1", 127) == [], "it is pressed still"
    assert second.feed("midi", "cc/1/2", 127)


def test_an_entry_for_another_sketch_waits() -> None:
    text = HEAD + '[[map]]\nosc = "/b"\nto = "sketch.of_another"\n'
    waiting: list[str] = []
    bindings = parse_mapping(text, TREE, Path("map.toml"), waiting=waiting.append)
    assert [entry.path for entry in bindings.entries] == ["sketch.level"]
    assert "line 8" in waiting[0]
    with pytest.raises(MappingError, match="modle"):
        parse_mapping('[[map]]\nosc = "/b"\nto = "modle.x"', TREE, Path("m"), waiting=print)
