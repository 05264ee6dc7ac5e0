"""Mapping files: any source onto any Param."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genart.errors import ParamError
from genart.live.leads import Mappings
from genart.live.mapping import MappingError, parse_mapping, read_mapping
from genart.params import Param, ParamTree
from genart.stage import Stage


class Owner:
    level = Param(0.5, 0.0, 1.0)
    zoom = Param(1.0, 0.01, 100.0, curve="log")
    count = Param(3, 0, 9)
    on = Param(False)
    look = Param("calm", choices=("calm", "wild"))
    text = Param("hello")


TREE = ParamTree({"sketch": Owner()})


def read(tmp_path: Path, text: str) -> Mappings:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path, TREE)


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
    mappings = read(tmp_path, f'[[map]]\nosc = "/1/fader"\n{entry}\n')
    ((path, got),) = mappings.osc("/1/fader", (x,)) or ()
    assert path in entry
    assert got == pytest.approx(value) if isinstance(value, float) else got == value


def test_one_source_moves_several_params_and_others_none(tmp_path: Path) -> None:
    mappings = read(
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
    assert mappings.osc("/xy", (0.25, 1.0)) == [("sketch.level", 0.25), ("sketch.count", 9)]
    assert mappings.osc("/other", (1.0,)) is None
    with pytest.raises(ParamError, match="argument 2"):
        mappings.osc("/xy", (0.25,))
    with pytest.raises(ParamError, match="number"):
        mappings.osc("/xy", ("__import__('os')", 1.0))


def test_midi_and_audio_are_fed_by_name(tmp_path: Path) -> None:
    mappings = read(
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
    assert mappings.feed("midi", "cc/1/74", 127) == [("sketch.level", 1.0)]
    assert mappings.feed("midi", "pitch/2", -8192) == [("sketch.level", 0.0)]
    assert mappings.feed("audio", "bass", 1.0) == [("sketch.zoom", 100.0)]
    assert mappings.feed("audio", "treble", 1.0) == []


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
    assert [seconds.swing(t, 0.0)[0][1] for t in range(4)] == pytest.approx(values)
    assert [beats.swing(0.0, 8 + b)[0][1] for b in range(4)] == pytest.approx(values)


def test_the_documentations_example_is_one() -> None:
    docs = Path(__file__).parents[1] / "docs" / "osc.md"
    example = re.search(r"```toml\n(.*?)```", docs.read_text(encoding="utf-8"), re.S)
    assert example
    path = Path("docs/osc.md")
    assert len(parse_mapping(example[1], Stage().tree(), path).leads) == 2


HEAD = '# by hand\n[[map]]\nosc = "/a"\nto = "sketch.level"\n\n'


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('[[map]]\nosc = "/b"\nto = "sketch.levl"', 8, 'Did you mean "sketch.level"'),
        ('[[map]]\nosc = "/b"', 6, "to ="),
        ('[[map]]\nto = "sketch.level"', 6, "one source"),
        ('[[map]]\nosc = "/b"\nmidi = "cc/1/2"\nto = "sketch.level"', 6, "one source"),
        ('[[map]]\nosc = "b"\nto = "sketch.level"', 7, "starts with a /"),
        ('[[map]]\nmidi = "cc/17/1"\nto = "sketch.level"', 7, "no MIDI"),
        ('[[map]]\nlfo = "wobble"\nto = "sketch.level"', 7, "sine, triangle"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\nfrom = [1, 1]', 9, "different"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\nfrom = [0, nan]', 9, "two numbers"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\nrange = 3', 9, "two numbers"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\ncurve = "x*x"', 9, "linear, square"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\narg = 0', 9, "above 0"),
        ('[[map]]\nosc = "/b"\nto = "sketch.level"\neval = "1"', 9, '"eval" is none'),
        ('[[map]]\nosc = "/b"\nto = "sketch.text"', 8, "no range"),
        ('[[map]]\nosc = "/b"\nto = ', 8, "Invalid value"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    with pytest.raises(MappingError) as caught:
        read(tmp_path, HEAD + text + "\n")
    assert f"line {line}" in str(caught.value)
    assert why in str(caught.value)


@pytest.mark.parametrize("text", ["map = 3", "map = [1]", "[other]\na = 1\n[[map]]"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MappingError, match=r"map\.toml, line 1"):
        read(tmp_path, text)
    with pytest.raises(MappingError, match="cannot be read"):
        read_mapping(tmp_path / "none.toml", TREE)
