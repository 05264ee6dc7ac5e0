"""Sound as a control: what is heard, and how it gets into a performance."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.sounds import RATE, Samples, band, clicks, save, tone

import genart
from genart.live.console import LiveConsole
from genart.live.factories import make_controls
from genart.live.store import Store
from genart.mapping.mapping_file import parse_mapping
from genart.params import Param, ParamTree
from genart.playback.faults import Faults
from genart.playback.settings import Settings
from genart.plugins import registry
from genart_audio import input_device, live_control
from genart_audio.analysis import FEATURES, Analyser, Heard
from genart_audio.decoder import Sound
from genart_audio.live_control import AudioControl

Features = dict[str, np.ndarray]


def heard(sound: Samples, rate: int = RATE) -> Features:
    """Feature to rows of (time, value)."""
    analyser, found = Analyser(rate), dict[str, list[tuple[float, float]]]()
    for each in [*analyser.feed(sound), *analyser.flush()]:
        found.setdefault(each.name, []).append((each.t, each.value))
    return {name: np.array(rows) for name, rows in found.items()}


def strikes(rows: np.ndarray, after: float = 0.0) -> np.ndarray:
    """When an envelope was struck."""
    return rows[(rows[:, 1] == 1.0) & (rows[:, 0] >= after), 0]


def at(rows: np.ndarray, t: float) -> float:
    return float(rows[np.searchsorted(rows[:, 0], t), 1])


@pytest.mark.parametrize("sizes", [(1, 480, 511), (512,), (4096, 7), (100_000,)])
def test_blocks_of_any_size_give_the_same_features(sizes: tuple[int, ...]) -> None:
    sound = np.stack([band(120, 1.0), band(120, 1.0, seed=1)], axis=1).astype(np.float32)
    whole = list(Analyser().feed(sound))
    analyser, parts, start = Analyser(), list[Heard](), 0
    while start < len(sound):
        for size in sizes:
            parts += analyser.feed(sound[start : start + size])
            start += size
    assert parts == whole
    assert {each.name for each in whole} == {*FEATURES} - {"bpm"}


def test_features_depend_on_nothing_that_comes_later() -> None:
    sound = band(120, 2.0)
    quiet = sound.copy()
    quiet[RATE:] = 0
    until = 1 - 1024 / RATE
    both = (list(Analyser().feed(each)) for each in (sound, quiet))
    first, second = ([each for each in part if each.t < until] for part in both)
    assert first == second


@pytest.mark.parametrize(
    ("level", "expected"), [(1.0, 1.0), (0.1, 1 - 20 / 60), (0.01, 1 - 40 / 60), (0.0, 0.0)]
)
def test_level_is_decibels_below_full_scale(level: float, expected: float) -> None:
    assert at(heard(tone(1000, 0.5, level))["level"], 0.25) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("band_name", "hertz"),
    [("sub", 40), ("bass", 120), ("lowmid", 350), ("mid", 1000), ("high", 3500), ("air", 10_000)],
)
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_a_tone_moves_its_band(band_name: str, hertz: float, rate: int) -> None:
    sound = 0.3 * np.sin(2 * np.pi * hertz * np.arange(rate // 2) / rate)
    found = {name: at(rows, 0.3) for name, rows in heard(sound, rate).items()}
    names = ("sub", "bass", "lowmid", "mid", "high", "air")
    assert found[band_name] > 0.95
    assert max(names, key=lambda name: found[name]) == band_name


def test_bands_follow_quiet_music_as_they_follow_loud_music() -> None:
    loud, quiet = (heard(level * band(120, 3.0))["bass"] for level in (1.0, 0.05))
    late = loud[:, 0] > 1
    assert np.abs(loud[late, 1] - quiet[late, 1]).max() < 0.1
    assert np.ptp(loud[late, 1]) > 0.5


def test_centroid_rises_with_the_sound_and_stays_in_silence() -> None:
    low, high = (at(heard(tone(hertz))["centroid"], 0.5) for hertz in (200, 5000))
    assert low == pytest.approx(np.log(2) / np.log(100), abs=0.02)
    assert high == pytest.approx(np.log(50) / np.log(100), abs=0.02)
    after = heard(np.concatenate([tone(5000, 0.5), np.zeros(RATE)]))["centroid"]
    assert at(after, 1.4) > 0.5


@pytest.mark.parametrize("level", [0.5, 0.01])
def test_every_click_is_an_onset_and_nothing_else_is(level: float) -> None:
    found = strikes(heard(clicks(150, 4, level=level))["onset"])
    real = np.arange(0.3, 4, 0.4)
    assert len(found) == len(real)
    assert np.abs(found - real).max() < 0.022


def test_an_onset_falls_to_a_third_in_150_ms() -> None:
    onset = heard(clicks(30, 1.5))["onset"]
    struck = strikes(onset)[0]
    assert at(onset, struck + 0.15) == pytest.approx(np.exp(-1), abs=0.03)
    assert at(onset, 1.45) < 0.001


@pytest.mark.parametrize("kind", ["sine", "noise", "hum"])
def test_what_goes_on_has_one_onset_and_no_beat(kind: str) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 4 * RATE)
    sound = {"sine": tone(440, 4), "noise": noise, "hum": tone(50, 4) + 0.001 * noise}[kind]
    found = heard(sound)
    begun = strikes(found["onset"])
    assert all(t < 0.1 or t > 3.95 for t in begun), "where it was switched on and off"
    assert len(strikes(found["beat"])) == 0
    assert "bpm" not in found


@pytest.mark.parametrize("bpm", [60, 90, 128, 180])
def test_the_tempo_of_clicks_is_found_and_beats_are_on_them(bpm: float) -> None:
    found = heard(clicks(bpm, 10))
    told = 20 + 380 * found["bpm"][found["bpm"][:, 0] > 6, 1]
    assert np.abs(told - bpm).max() < 0.2
    late = strikes(found["beat"], after=6)
    error = (late - 0.3) % (60 / bpm)
    error = np.minimum(error, 60 / bpm - error)
    assert error.max() < 0.032
    assert abs(len(late) - 4 * bpm / 60) <= 1
    assert at(found["confidence"], 9) > 0.7


@pytest.mark.parametrize("bpm", [100, 128])
def test_the_tempo_of_a_band_is_found(bpm: float) -> None:
    found = heard(band(bpm, 9))
    assert 20 + 380 * at(found["bpm"], 8) == pytest.approx(bpm, abs=0.3)
    late = strikes(found["beat"], after=6)
    error = late % (60 / bpm)
    assert np.minimum(error, 60 / bpm - error).max() < 0.035
    phase = found["phase"]
    assert all(at(phase, t) < 0.1 for t in late)


def test_the_tempo_follows_and_beats_end_with_the_music() -> None:
    found = heard(np.concatenate([clicks(100, 6), clicks(140, 10), np.zeros(3 * RATE)]))
    assert 20 + 380 * at(found["bpm"], 5.5) == pytest.approx(100, abs=0.3)
    assert 20 + 380 * at(found["bpm"], 15.5) == pytest.approx(140, abs=0.3)
    assert len(strikes(found["beat"], after=18.2)) == 0
    assert at(found["confidence"], 18.8) == 0


def test_what_a_broken_driver_sends_does_no_harm() -> None:
    sound = band(120, 1.0)
    sound[:100] = [np.nan, np.inf, -np.inf, 1e300, 1e30] * 20
    for rows in heard(sound).values():
        assert np.isfinite(rows).all()
        assert (rows[:, 1] >= 0).all()
        assert (rows[:, 1] <= 1).all()


def test_a_file_is_read_as_it_is_over_and_over(tmp_path: Path) -> None:
    sound = band(120, 0.5)
    with Sound(save(tmp_path / "a.wav", sound)) as file:
        read = np.concatenate([file.read(10_000) for _ in range(6)])
    exact = (sound * 32767).astype("<i2") / 32768
    assert np.array_equal(read, np.resize(exact, 60_000).astype(np.float32))


def test_what_holds_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.wav").write_text("la la la")
    for name in ("words.wav", "none.wav"):
        with pytest.raises(genart.UsageError, match=name):
            registry("control").create("audio", source=str(tmp_path / name))


class Owner:
    level = Param(0.0, 0.0, 1.0)
    hit = Param(0.0, 0.0, 1.0)


def stage(text: str) -> LiveConsole:
    """A console with a mapping, and nobody who plays."""
    tree = ParamTree({**Settings().tree().owners, "sketch": Owner()})
    console = LiveConsole(Store(tree), Faults(lambda line: None))
    console.mapping.bindings = parse_mapping(text, tree, Path("stage.toml"))
    return console


LEVEL = '[[map]]\naudio = "level"\nto = "sketch.level"\n'


@pytest.fixture
def begun() -> Iterator[Callable[[AudioControl, LiveConsole], None]]:
    """Starts controls, and closes them after the test."""
    controls: list[AudioControl] = []

    def start(control: AudioControl, console: LiveConsole) -> None:
        controls.append(control)
        control.start(console)

    yield start
    for control in controls:
        control.close()
    assert "genart-audio" not in {thread.name for thread in threading.enumerate()}


def waiting(console: LiveConsole, path: str, enough: Callable[[Any], bool]) -> threading.Event:
    """An event that is set when a Param has changed enough."""
    event = threading.Event()
    console.subscribe(lambda at, value, _: event.set() if at == path and enough(value) else None)
    return event


def test_a_file_plays_live_in_its_own_time(
    tmp_path: Path, begun: Callable[[AudioControl, LiveConsole], None]
) -> None:
    console = stage(LEVEL)
    loud = waiting(console, "sketch.level", lambda value: value > 0.85)
    quiet_again = waiting(console, "sketch.level", lambda value: loud.is_set() and value < 0.1)
    sound = np.concatenate([tone(440, 0.1), np.zeros(RATE // 10)])
    begun(AudioControl(str(save(tmp_path / "a.wav", sound))), console)
    assert loud.wait(10)
    assert quiet_again.wait(10)
    assert console.faults.now() == []
    assert "audio/level" in console.said


def test_the_mapping_of_a_feature_that_there_is_not_is_reported(
    tmp_path: Path, begun: Callable[[AudioControl, LiveConsole], None]
) -> None:
    told, event = list[str](), threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        event.set() if "bas" in line else None

    console = stage(LEVEL.replace("level", "bas", 1))
    console.faults = Faults(tell)
    begun(AudioControl(str(save(tmp_path / "a.wav", tone(440)))), console)
    assert event.wait(10)
    assert 'Did you mean "bass"?' in " ".join(told)


def test_a_device_that_goes_is_reported_once_and_tried_again(
    tmp_path: Path,
    begun: Callable[[AudioControl, LiveConsole], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_control, "_FIRST", 0.001)
    path = save(tmp_path / "a.wav", tone(440, 0.2))

    class Loose(AudioControl):
        """An input whose plug falls out twice, the first time while it plays."""

        opened = 0

        def _opened(self) -> Any:
            self.opened += 1
            if self.opened == 2:
                raise genart.GenartError("There is no input at all.")
            played = live_control.Played(path)
            if self.opened == 1:
                played.blocks = self._falling(played.blocks)  # type: ignore[method-assign]
            return played

        def _falling(self, blocks: Any) -> Any:
            def falling(stopped: threading.Event) -> Iterator[Any]:
                for count, block in enumerate(blocks(stopped)):
                    if count == 10:
                        raise genart.GenartError("It has gone.")
                    yield block

            return falling

    console = stage(LEVEL)
    feed, fed = console.feed, list[tuple[str, str, float]]()
    console.feed = lambda *x: (fed.append(x), feed(*x))[1]  # type: ignore[method-assign]
    dropped = waiting(console, "sketch.level", lambda value: value == 0.0)
    back = waiting(console, "sketch.level", lambda value: dropped.is_set() and value > 0.8)
    begun(Loose(str(path)), console)
    assert back.wait(10), "and nothing was left as loud as it was"
    assert fed.count(("audio", "level", 0.0)) == 1, "so that a hand may turn it meanwhile"
    assert [fault.count for fault in console.faults.all()] == [1, 1]
    assert console.faults.now() == []


def test_the_tempo_keeps_to_the_beat_that_is_heard(
    tmp_path: Path, begun: Callable[[AudioControl, LiveConsole], None]
) -> None:
    sound, followed, over = clicks(100, 7, start=0.3), list[tuple[float, ...]](), threading.Event()

    class Tape(live_control.Played):
        """A file that is heard as fast as it can be, with its own time on the clock."""

        at = 0

        def blocks(self, stopped: threading.Event) -> Iterator[Any]:
            while self.at < len(sound):
                self.at += 480
                yield sound[self.at - 480 : self.at]
            over.set()
            stopped.wait()

    tape = Tape(save(tmp_path / "a.wav", sound))
    console = stage("")
    console.store.clock = lambda: tape.at / RATE
    console.tempo.follow = lambda *args: followed.append(args)  # type: ignore[method-assign]
    control = registry("control").create("beat", source=str(tmp_path / "a.wav"))
    control._opened = lambda: tape
    begun(control, console)
    assert over.wait(20)
    times, beats, tempi, _ = zip(*followed, strict=True)
    assert np.diff(beats).tolist() == [1] * (len(beats) - 1)
    assert tempi[-1] == pytest.approx(100, abs=0.2)
    late = np.array([t for t in times if t > 4]) - 0.3
    error = (late + 0.3) % 0.6 - 0.3
    assert len(late) >= 4
    assert np.abs(error).max() < 0.02


def test_without_an_input_the_performance_goes_on() -> None:
    if isinstance(device_trouble(), genart.errors.MissingExtra):
        pytest.skip("sounddevice is not installed")
    told: list[str] = []
    live = genart.live.Live("drift", model="plasma", size=16, seconds=0.3, tell=told.append)
    report = live.run([], make_controls(["audio:no such input here"], live.faults))
    assert report.frames > 0
    assert [fault.where for fault in report.faults] == ["audio"]
    assert sum(line.startswith("audio: ") for line in told) == 1


def device_trouble() -> Exception | None:
    try:
        input_device.check()
    except genart.GenartError as error:
        return error
    return None


def test_a_missing_package_is_reported_before_anything_plays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(genart.errors.MissingExtra, match=r"pip install 'genart\[audio\]'"):
        registry("control").create("audio", source="USB")


def test_nothing_heavy_is_imported_by_the_plug_in_itself() -> None:
    code = "import sys, genart_audio; print({'numpy', 'torch', 'sounddevice'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
