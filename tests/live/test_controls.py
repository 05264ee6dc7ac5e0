"""Controls in a performance: what they turn goes the way of every fader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import genart
from genart.live.factories import make_controls, make_outputs, split_name
from genart.live.show_recorder import start_show_recorder
from genart.playback.faults import Faults
from genart.playback.show import Header, Show, read_show
from genart.playback.timeline import Change
from genart.plugins import plugins

QUIET = {"model": "plasma", "size": 16, "fps": 100, "seconds": 20}


class Level(genart.Sketch):
    level = genart.Param(0.0, 0.0, 1.0, smooth=0.0)

    def draw(self, t: float, dt: float) -> np.ndarray:
        return np.full((*self.size, 3), round(255 * self.level), np.uint8)


class Until:
    """A sink that ends the performance when a frame is this bright."""

    def __init__(self, live: genart.live.Live, level: int) -> None:
        self.live, self.level, self.seen = live, level, False

    def write(self, frame: np.ndarray) -> None:
        if frame.max() == self.level:
            self.seen = True
            self.live.stop()

    def close(self) -> None: ...


class Fader:
    """A control that is asked."""

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        return [("sketch.level", 0.6)]


class Port:
    """A control that plays by itself, and of which one may fail."""

    name = "port"

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.open = error, False

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        return ()

    def start(self, console: genart.live.Console) -> None:
        if self.error:
            raise self.error
        self.open = True
        console.put("sketch.level", 1.0, self.name)
        console.put("sketch.level", "loud", self.name)
        console.put("sketch.nothing", 1.0, self.name)
        console.act("tempo/none")
        console.say("port/peers", 3)

    def close(self) -> None:
        self.open = False


def test_what_a_control_turns_is_followed_and_kept(tmp_path: Path) -> None:
    live = genart.live.Live(Level, **QUIET)  # type: ignore[arg-type]
    told: list[tuple[str, Any, str]] = []
    live.store.subscribe(lambda *turn: told.append(turn))
    writer = start_show_recorder(live, tmp_path / "night.jsonl")
    eye = Until(live, 153)
    live.run([eye], [Fader()])
    writer.close()
    assert eye.seen
    assert told == [("sketch.level", 0.6, "fader")]
    assert [(e.path, e.value) for e in read_show(writer.path).events] == [("sketch.level", 0.6)]


def test_a_control_that_plays_by_itself_has_a_console_and_is_closed() -> None:
    live, port, faults = genart.live.Live(Level, tell=print, **QUIET), Port(), []  # type: ignore[arg-type]
    broken = Port(genart.GenartError("The port is gone."))
    live.faults._tell = faults.append
    eye = Until(live, 255)
    report = live.run([eye], [broken, port])
    assert eye.seen
    assert faults == ["port: The port is gone."]
    assert live.status()["port/peers"] == 3
    assert report.osc["rejected"] == 3  # a text, an unknown Param, an unknown action
    assert not port.open


def test_a_control_that_raises_does_not_stop_the_others() -> None:
    class Wrong:
        def changes(self, t: float) -> Iterable[tuple[str, Any]]:
            raise ValueError("a bug")

    said: list[str] = []
    live = genart.live.Live(Level, tell=said.append, **QUIET)  # type: ignore[arg-type]
    eye = Until(live, 153)
    live.run([eye], [Wrong(), Fader()])
    assert eye.seen
    assert said == ["wrong: ValueError: a bug"]


def test_sliders_follow_a_replayed_show_and_it_can_be_kept_again(tmp_path: Path) -> None:
    file = tmp_path / "night.jsonl"
    live = genart.live.Live(Level, **QUIET)  # type: ignore[arg-type]
    first = start_show_recorder(live, file)
    first.write([Change("sketch.level", 0.6, 0.05)])
    first.close(0.1)

    again = genart.live.Live(Level, **QUIET)  # type: ignore[arg-type]
    told: list[tuple[str, Any]] = []
    again.store.subscribe(lambda path, value, source: told.append((path, value)))
    second = start_show_recorder(again, tmp_path / "again.jsonl")
    eye = Until(again, 153)
    again.run([eye], [read_show(file)])
    second.close()
    assert eye.seen
    assert told == [("sketch.level", 0.6)]
    assert again.store.current("sketch.level") == 0.6
    assert [e.at for e in read_show(second.path).events] == [0.05]


def test_a_show_gives_each_change_once() -> None:
    show = read_show_of([(0.5, 0.1), (1.0, 0.2), (1.0, 0.3)])
    assert [c.value for c in show.due(0.4)] == []
    assert [c.value for c in show.due(1.0)] == [0.1, 0.2, 0.3]
    assert [c.value for c in show.due(9.0)] == []
    show.rewind()
    assert len(show.due(9.0)) == 3


def read_show_of(events: list[tuple[float, float]]) -> Any:
    changes = [Change("sketch.level", value, at) for at, value in events]
    return Show(Header("drift", "plasma"), changes, 2.0)


@pytest.fixture
def stage_plugin() -> Iterator[None]:
    """A plug-in that offers controls and a sink."""

    class Hooks:
        @genart.hookimpl
        def register_controls(self, register: Callable[..., None]) -> None:
            register("seen", _seen)
            register("unplugged", _unplugged)
            register("extra", _extra)

        @genart.hookimpl
        def register_sinks(self, register: Callable[..., None]) -> None:
            register("wall", lambda path, fps, size: Wall(path, fps, size))

    def _seen(source: str = "") -> Any:
        made = Port()
        made.name = source
        return made

    def _unplugged(source: str = "") -> Any:
        raise genart.GenartError(f"There is no {source}.")

    def _extra(source: str = "") -> Any:
        raise genart.errors.MissingExtra("mido", "midi")

    plugins().add(Hooks(), "stage-test")
    yield
    for kind, names in (("control", ("seen", "unplugged", "extra")), ("sink", ("wall",))):
        for name in names:
            del plugins().registries[kind]._entries[name]
    plugins().loaded[:] = [each for each in plugins().loaded if each.name != "stage-test"]


class Wall(genart.MemorySink):
    def __init__(self, path: str, fps: Any, size: tuple[int, int]) -> None:
        super().__init__()
        self.made = (path, fps, size)


@pytest.mark.usefixtures("stage_plugin")
def test_controls_and_outputs_come_by_name_and_a_missing_device_is_reported() -> None:
    said: list[str] = []
    faults, own = Faults(said.append), Fader()
    made = make_controls(["seen:Launch Control: 2", own, "unplugged:cable"], faults)
    assert [getattr(each, "name", each) for each in made] == ["Launch Control: 2", own]
    assert said == ["unplugged: There is no cable."]
    outlets = make_outputs(["wall://left:3"], faults, fps=30, size=(9, 16))  # type: ignore[arg-type]
    assert [outlet.name for outlet in outlets] == ["wall"]
    assert outlets[0]._sink.made == ("wall://left:3", 30, (9, 16))  # type: ignore[attr-defined]
    outlets[0].close()
    with pytest.raises(genart.UsageError, match=r"mp4.* writes films.*--record"):
        make_outputs(["mp4:film.mp4"], faults, fps=30, size=(9, 16))  # type: ignore[arg-type]
    with pytest.raises(genart.errors.MissingExtra, match=r"mido is not .* 'genart\[midi\]'"):
        make_controls(["extra"], faults)
    with pytest.raises(genart.UsageError, match='No control named "seem"'):
        make_controls(["seem:1"], faults)


def test_the_name_ends_at_the_first_colon_and_a_url_stays_whole() -> None:
    assert split_name("midi:Launch: 1") == ("midi", "Launch: 1")
    assert split_name("link") == ("link", "")
    assert split_name("srt://host:9/x") == ("srt", "srt://host:9/x")
