"""Sketches are found, blamed for their own mistakes, and share one tree of Params."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from support.films import Drift, plasma

import genart
from genart.playback.settings import Settings
from genart.playback.sketch import load_sketch, sketches
from genart.playback.transport import Transport

GOOD = '''
import genart

class Mine(genart.Sketch):
    """One idea."""
    defaults = {"walk.kind": "linear"}
    zoom = genart.Param(1.0, 0, 2)

    def draw(self, t, dt):
        return self.paint(self.keys[0])
'''


def written(folder: Path, source: str) -> Path:
    file = folder / "mine.py"
    file.write_text(source)
    return file


def test_a_sketch_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    assert load_sketch("drift").__name__ == "Drift"
    assert load_sketch(written(tmp_path, GOOD)).__name__ == "Mine"


def test_a_name_nearly_right_is_answered_with_the_right_one() -> None:
    with pytest.raises(genart.errors.UnknownName, match='Did you mean "drift"'):
        load_sketch("drfit")
    with pytest.raises(genart.errors.UnknownName, match=r"nowhere\.py"):
        load_sketch("nowhere.py")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import genart\nclass Mine(genart.Sketch:\n", r"mine\.py, line 2: "),
        ("import genart\n\nx = 1 / 0\n", r"mine\.py, line 3: ZeroDivisionError: division by zero"),
        ("import genart\n", "must hold one subclass of genart.Sketch, it holds none"),
        (GOOD + "class Other(Mine): pass\n", "it holds Mine, Other"),
    ],
)
def test_a_broken_file_names_its_line(tmp_path: Path, source: str, says: str) -> None:
    with pytest.raises(genart.errors.SketchError, match=says):
        load_sketch(written(tmp_path, source))


def test_an_error_while_drawing_names_its_line_and_frame(tmp_path: Path) -> None:
    source = GOOD.replace("return self", "1 / (t < 0.1)\n        return self")
    with pytest.raises(
        genart.errors.RenderError, match=r"mine\.py, line 10: ZeroDivision.*frame 3 of 5"
    ):
        genart.render(
            written(tmp_path, source),
            tmp_path / "a.gif",
            model=plasma(),
            size=32,
            fps=25,
            seconds=0.2,
        )
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".gif"] == []


def test_what_draw_returns_must_be_an_image(tmp_path: Path) -> None:
    source = GOOD.replace("self.paint(self.keys[0])", "3")
    with pytest.raises(
        genart.errors.SketchError, match=r"an image .* a frame or a PIL image, not int"
    ):
        genart.render(written(tmp_path, source), genart.MemorySink(), model=plasma(), seconds=0.1)


def test_every_shipped_sketch_loads() -> None:
    assert sketches()
    for name in sketches():
        assert load_sketch(name).__doc__


def test_the_tree_joins_stage_and_sketch(tmp_path: Path) -> None:
    sketch = load_sketch(written(tmp_path, GOOD))()
    tree = Settings({"walk.seeds": "4,5"}).tree(sketch)
    tree.set("sketch.zoom", "1.5")
    assert tree.value("sketch.zoom") == 1.5
    assert tree.value("walk.seeds") == "4,5"
    assert {path.split(".")[0] for path in tree} == {
        "sketch", "walk", "model", "style", "output", "transport", "tempo",
    }  # fmt: skip


def test_two_stages_share_no_values() -> None:
    first, second = Settings({"walk.kind": "circle"}), Settings()
    assert (first.walk.kind, second.walk.kind) == ("circle", "slerp")


def phases(transport: Transport, ticks: range, fps: int) -> list[float]:
    found = []
    for index in ticks:
        transport.advance(Fraction(index, fps))
        found.append(transport.phase)
    return found


@pytest.mark.parametrize(("frames", "fps"), [(240, 30), (100, 30), (7, 3), (86400, 24)])
def test_frame_i_of_n_has_phase_i_over_n_exactly(frames: int, fps: int) -> None:
    transport = Transport()
    transport.seconds = frames / fps
    some = range(0, frames, max(frames // 100, 1))
    assert phases(transport, some, fps) == [index / frames for index in some]


def test_a_new_speed_does_not_make_the_phase_jump() -> None:
    transport = Transport()
    transport.seconds = 10
    before = phases(transport, range(0, 11), 10)[-1]
    transport.speed = 3.0
    after = phases(transport, range(11, 13), 10)
    assert before == 0.1
    assert after == pytest.approx([0.11, 0.14])  # the new speed holds from the tick that reads it


def test_a_paused_phase_stays_and_a_set_phase_moves_on_from_there() -> None:
    transport = Transport()
    transport.seconds = 10
    phases(transport, range(0, 11), 10)
    transport.play = False
    assert phases(transport, range(11, 20), 10)[1:] == [pytest.approx(0.11)] * 8
    transport.play, transport.phase = True, 0.5
    assert phases(transport, range(20, 22), 10) == pytest.approx([0.5, 0.51])


def test_an_open_walk_stops_at_its_end() -> None:
    transport = Transport()
    transport.seconds = 1
    transport.advance(Fraction(0), loop=False)
    transport.advance(Fraction(5), loop=False)
    assert transport.phase == 1.0
    transport.speed = -1.0
    transport.advance(Fraction(6), loop=False)
    transport.advance(Fraction(13, 2), loop=False)
    assert transport.phase == 0.5, "it turns back at once"


def test_a_sketch_paints_with_the_stages_settings() -> None:
    settings = {"model.truncation": 0.0}
    first, second = genart.MemorySink(), genart.MemorySink()
    genart.render(Drift, first, model=plasma(), seconds=0.1, size=32, seeds="1,2", params=settings)
    genart.render(Drift, second, model=plasma(), seconds=0.1, size=32, seeds="8,9", params=settings)
    assert (first.frames[0] == second.frames[0]).all(), "truncation 0 is the average for any seed"


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_sketch_may_return_a_pil_image(tmp_path: Path, mode: str) -> None:
    body = f'__import__("PIL.Image").Image.new("{mode}", (16, 16), "red")'
    sink = genart.MemorySink()
    source = written(tmp_path, GOOD.replace("self.paint(self.keys[0])", body))
    genart.render(source, sink, model="plasma", seconds=0.1, size=16)
    assert sink.frames[0][8, 8, :3].tolist() == [255, 0, 0]
    source = written(tmp_path, GOOD.replace("self.paint(self.keys[0])", body.replace(mode, "L")))
    with pytest.raises(genart.UsageError, match="A frame must be uint8"):
        genart.render(source, genart.MemorySink(), model="plasma", seconds=0.1, size=16)
