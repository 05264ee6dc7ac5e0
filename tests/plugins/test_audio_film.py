"""Films that move to their sound track, and mappings in films."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from support.sounds import RATE, band, clicks, save, tone

import genart
from genart.mapping.mapping_file import MappingError
from genart.playback.show import Header, Show
from genart.playback.timeline import Change
from genart_audio.analysis import Analyser
from genart_audio.film_track import SoundTrack


class Lamp(genart.Sketch):
    """Frames of one grey: red tells `light` and green `glow`, which glides; blue the beat."""

    light = genart.Param(0.0, 0.0, 1.0, smooth=0.0)
    glow = genart.Param(0.0, 0.0, 1.0)

    def draw(self, t: float, dt: float) -> Any:
        frame = np.zeros((*self.size, 3), np.uint8)
        frame[:] = [round(255 * self.light), round(255 * self.glow), round(10 * self.beat)]
        return frame


def film(mapping: Path, *, sketch: Any = Lamp, tell: Any = print, **words: Any) -> np.ndarray:
    """The colours of each frame, (n, 3)."""
    sink = genart.MemorySink()
    words = {"seconds": 2, "fps": 30, "model": "plasma", "size": 8, "loop": False, **words}
    genart.render(sketch, sink, mapping=mapping, tell=tell, **words)
    return np.array([frame[0, 0] for frame in sink.frames], int)


def write(folder: Path, *leads: str) -> Path:
    path = folder / "stage.toml"
    path.write_text("".join(f"[[map]]\n{lead}\n" for lead in leads))
    return path


HIT = 'audio = "onset"\nto = "sketch.light"'
GLOW = 'audio = "level"\nto = "sketch.glow"'


def test_a_film_flashes_in_the_frame_of_each_click(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", clicks(120, 2, start=0.5))
    light = film(write(tmp_path, HIT), audio=sound)[:, 0]
    flashes = np.flatnonzero(np.diff(light, prepend=0) > 100)
    assert flashes.tolist() == [15, 30, 45], "frames at 0.5, 1 and 1.5 s"
    assert (light[flashes] > 200).all()
    assert (light[[14, 29, 44]] < 60).all()


def test_the_frames_of_other_rates_are_the_same_where_they_meet(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", band(120, 1.5))
    slow = 'lfo = "triangle"\nevery = 2\nunit = "beats"\nto = "transport.speed"\nrange = [0.5, 2]'
    tempo = 'audio = "level"\nto = "tempo.bpm"\nrange = [60, 180]'
    mapping = write(tmp_path, HIT, GLOW, tempo, slow)
    fast, slower = (film(mapping, audio=sound, fps=fps) for fps in (40, 10))
    assert np.array_equal(fast[::4], slower)
    assert len(np.unique(fast[:, 1])) > 10


def test_the_sound_is_repeated_and_fades_with_the_film(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", np.concatenate([tone(440, 0.5), np.zeros(RATE // 2)]))
    glow = film(write(tmp_path, GLOW), audio=sound, seconds=6)[:, 1]
    on, off = glow[[13, 43, 73]], glow[[28, 58, 88]]
    assert on.min() > 200
    assert off.max() < 20
    assert np.ptp(on) <= 2, "each repeat is as loud"
    assert glow[178] < 0.2 * 255


@pytest.mark.parametrize(("late", "suffix"), [(False, "mp4"), (True, "mov")])
def test_what_moves_a_film_is_what_is_heard_in_it(tmp_path: Path, late: bool, suffix: str) -> None:
    stereo = np.stack([band(120, 1.3), band(120, 1.3, seed=1)], axis=1)
    sound, path = save(tmp_path / "a.wav", stereo, 44_100), tmp_path / f"film.{suffix}"
    sound = beginning_late(sound) if late else sound
    genart.render(Lamp, path, audio=sound, seconds=4, fps=5, size=16, model="plasma")
    track = SoundTrack(sound, seconds=4.0)
    told = [each for each in track.heard(4.0) if each[1] == "level"]
    track.close()
    final = {t: x for t, _, x in told if t < 3.9}
    differences = [abs(final[t] - x) for t, _, x in levels(path) if t in final]
    assert len(differences) > 300
    assert max(differences) < 0.03


def beginning_late(sound: Path) -> Path:
    """A film of 2 s whose sound begins after 0.4 s and ends before its images do."""
    path = sound.with_suffix(".mp4")
    pictures = ["-f", "lavfi", "-i", "testsrc=d=2:s=32x32:r=10"]
    subprocess.run(
        [get_ffmpeg_exe(), "-v", "error", *pictures, "-itsoffset", "0.4", "-i", sound, path],
        check=True,
    )
    return path


def levels(path: Path) -> list[tuple[float, str, float]]:
    """The levels of a film's own sound."""
    raw = subprocess.run(
        [get_ffmpeg_exe(), "-v", "error", "-i", path, "-ac", "1", "-ar", str(RATE),
         "-f", "f32le", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    return [each for each in Analyser().feed(np.frombuffer(raw, np.float32)) if each[1] == "level"]


def test_a_title_moves_the_sound_with_it(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", clicks(60, 6, start=0.5))
    mapping = write(tmp_path, HIT)
    light = film(mapping, audio=sound, titles=["Clicks", "End"], seconds=3, size=32)[:, 0]
    flashes = np.flatnonzero(np.diff(light, prepend=0) > 100)
    # the card is there for 2.5 s, and blended for the last: the sketch begins at 1.5 s
    assert [flash for flash in flashes if 75 <= flash <= 106] == [60 + 15, 90 + 15]
    assert len(light) == 30 * (3 + 1.5 + 1.5)


def test_oscillators_swing_without_any_sound(tmp_path: Path) -> None:
    saw = 'lfo = "saw"\nevery = 1\nto = "sketch.light"'
    beats = 'lfo = "saw"\nevery = 1\nunit = "beats"\nto = "sketch.light"'
    by_second = film(write(tmp_path, saw), fps=16)[:, 0]
    assert by_second[:16] == pytest.approx(255 * np.arange(16) / 16, abs=1)
    assert np.array_equal(by_second[:16], by_second[16:])
    by_beat = film(write(tmp_path, beats), fps=16, bpm=120)[:, 0]
    assert np.array_equal(by_beat, np.tile(by_second[:16:2], 4))


def test_the_beat_of_a_sound_leads_the_tempo_of_a_film(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", clicks(100, 9, start=0.25))
    mapping = write(tmp_path, 'audio = "beat"\ndo = "tempo/tap"')
    fast, slow = (film(mapping, audio=sound, seconds=8, fps=fps)[:, 2] / 10 for fps in (20, 10))
    assert np.array_equal(fast[::2], slow)
    late = np.arange(6.5, 8, 1 / 20)
    place = (fast[130:] - (late - 0.25) / 0.6) % 1
    assert np.minimum(place, 1 - place).max() < 0.15, "0.1 of it from rounding to a colour"


def test_a_film_begins_where_its_sources_are(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", tone(440, 1, level=1.0))
    glow = film(write(tmp_path, GLOW), audio=sound, seconds=0.5)[:, 1]
    assert glow[0] > 200, "and does not glide there"


def test_what_nobody_plays_in_a_film_rests_and_is_reported(tmp_path: Path) -> None:
    told: list[str] = []
    mapping = write(
        tmp_path, HIT, 'midi = "cc/1/74"\nto = "sketch.glow"',
        'osc = "/1/fader"\nto = "sketch.glow"', 'lfo = "sine"\ndo = "cue/next"',
        'lfo = "sine"\nto = "sketch.other"',
    )  # fmt: skip
    frames = film(mapping, tell=told.append, seconds=0.2)
    assert frames[:, :2].max() == 0
    lines = "\n".join(told)
    assert len(told) == 5
    assert all(
        word in lines
        for word in ("--audio", "MIDI", "OSC", "only in a performance", "sketch.other")
    )


def test_mistakes_are_named_before_anything_is_made(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", tone(440, 0.1))
    wrong = write(tmp_path, 'audio = "bas"\nto = "sketch.light"')
    with pytest.raises(MappingError, match='Did you mean "bass"'):
        film(wrong, audio=sound)
    with pytest.raises(genart.UsageError, match="no sound"):
        film(write(tmp_path, HIT), audio=wrong)
    with pytest.raises(MappingError, match="cannot be read"):
        film(tmp_path / "none.toml")


def test_a_show_has_what_its_sound_moved_and_moves_more_only_if_asked(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", clicks(120, 1, start=0.5))
    header = Header("lamp", "plasma", values={"sketch.light": 0.0})
    show = Show(header, [Change("sketch.light", 1.0, 0.2)], 1.0)
    sink = genart.MemorySink()
    words: dict[str, Any] = {"sketch": Lamp, "seconds": 1, "fps": 10, "size": 8, "model": "plasma"}
    genart.render(output=sink, show=show, audio=sound, **words)
    assert [frame[0, 0, 0] for frame in sink.frames] == [0, 0] + [255] * 8
    again = film(write(tmp_path, HIT), show=show, audio=sound, seconds=1, fps=10)[:, 0]
    assert again[2] == 255
    assert again[4] == 255
    assert 60 < again[6] < 200


def test_the_recipe_holds_the_mapping(tmp_path: Path, genart_command: Any) -> None:
    sound, output = save(tmp_path / "a.wav", clicks(120, 1)), tmp_path / "film.mp4"
    mapping = write(tmp_path, 'audio = "onset"\nto = "sketch.punch"')
    made = genart_command(
        "render", "beat_cut", "--model", "plasma", "--seconds", 0.2, "--size", 16, "--json",
        "--audio", sound, "--map", mapping, "-o", output,
    )  # fmt: skip
    assert made.code == 0, made.err
    recipe = genart.media.read_recipe(output)
    assert recipe is not None
    assert recipe["mapping"] == mapping.read_text()
    assert f"--map {mapping}" in recipe["command"]
    assert made.json["recipe"] == recipe


def test_a_sound_is_read_no_further_than_the_film_is(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.wav", tone(440, 0.2))
    track = SoundTrack(sound, seconds=3600.0)
    first = [t for t, _, _ in track.heard(0.1)]
    assert first[-1] <= 0.1
    track.close()
    assert list(track.heard(10.0)) == []
