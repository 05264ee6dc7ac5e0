from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image
from support import films, sounds
from support.sounds import RATE
from support.stylizers import painters

import genart
from genart.cli import run
from genart.errors import DataError, RenderError, UsageError

GREY: dict[str, Any] = {
    "style": "0",
    "method": "tint",
    "strength": 1.0,
}  # what `painters` paints all over


@pytest.fixture(autouse=True)
def _painters() -> Iterator[None]:
    with painters():
        yield


def picture(path: Path, size: tuple[int, int] = (40, 24), colour: str = "red") -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def sound_of(path: Path) -> np.ndarray:
    """A film's sound, mono, -1..1."""
    done = subprocess.run(
        [get_ffmpeg_exe(), "-v", "error", "-i", path, "-ac", "1", "-ar", str(RATE), "-f", "f32le",
         "-"], capture_output=True, check=True,
    )  # fmt: skip
    return np.frombuffer(done.stdout, np.float32)


def loudness(sound: np.ndarray) -> np.ndarray:
    """Root mean squares of the tenths of a second."""
    return np.sqrt((sound[:RATE].reshape(10, -1) ** 2).mean(1))


def pitch(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(spectrum.argmax() * RATE / len(sound))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A film of 10 frames with a tone of 440 Hz."""
    tone = sounds.save(tmp_path / "tone.wav", sounds.tone(440.0))
    genart.render(
        output=tmp_path / "clip.mp4", model="plasma", seconds=1, fps=10, size="64x48", audio=tone
    )
    return tmp_path / "clip.mp4"


def test_an_image_is_painted_at_its_own_size_and_says_how(tmp_path: Path) -> None:
    source, target = picture(tmp_path / "a.png"), tmp_path / "b.png"
    painted = genart.stylize(source, target, **GREY)
    assert painted.results == [{"input": str(source), "output": str(target)}]
    assert pixels(target).shape == (24, 40, 3)
    assert set(pixels(target).flat) == {128}
    recipe = genart.media.read_recipe(target)
    assert recipe is not None
    assert "genart stylize" in recipe["command"]
    assert "--method tint" in recipe["command"]


@pytest.mark.parametrize(
    ("size", "wanted"), [(20, (12, 20)), ("20", (12, 20)), (400, (24, 40)), ("16x16", (16, 16))]
)
def test_a_size_is_the_longer_side_or_a_crop(tmp_path: Path, size: Any, wanted: Any) -> None:
    genart.stylize(picture(tmp_path / "a.png"), tmp_path / "b.png", size=size, **GREY)
    assert pixels(tmp_path / "b.png").shape[:2] == wanted


def test_a_film_keeps_length_rate_and_sound(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "painted.mp4"
    genart.stylize(clip, target, **GREY)
    film = films.decode(target)
    assert (len(film.frames), film.fps) == (10, 10.0)
    assert abs(film.frames[..., :3].astype(int) - 128).max() < 6
    heard = sound_of(target)
    assert abs(pitch(heard[: RATE // 2]) - 440.0) < 5
    assert np.allclose(loudness(heard), loudness(sound_of(clip)), atol=0.02)  # no other fade


def test_films_begin_without_the_frames_of_another(clip: Path, tmp_path: Path) -> None:
    for name in ("one.mp4", "two.mp4"):
        genart.stylize(clip, tmp_path / name, style="0.9", method="echo")
    one, two = (films.decode(tmp_path / name).frames for name in ("one.mp4", "two.mp4"))
    assert np.array_equal(one, two)


def test_a_folder_goes_on_past_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    picture(tmp_path / "in" / "a.png")
    picture(tmp_path / "in" / "deep" / "a.png")
    (tmp_path / "in" / "b.jpg").write_text("no image")
    painted = genart.stylize(tmp_path / "in", tmp_path / "out", **GREY)
    assert painted.failed == 1
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["a-2.png", "a.png"]
    assert "b.jpg: not an image but a text file" in next(
        e["error"] for e in painted.results if "error" in e
    )


def test_nothing_is_painted_over_its_own_input(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    with pytest.raises(UsageError, match="the input itself"):
        genart.stylize(source, source, **GREY)
    genart.stylize(source, tmp_path, **GREY)
    assert set(pixels(source)[..., 0].flat) == {255}
    assert set(pixels(tmp_path / "a-2.png").flat) == {128}


@pytest.mark.parametrize("suffix", [".mp4", ".png"])
def test_what_fails_leaves_nothing_behind(tmp_path: Path, suffix: str, clip: Path) -> None:
    source = clip if suffix == ".mp4" else picture(tmp_path / "a.png")
    target = tmp_path / f"out{suffix}"
    with pytest.raises(genart.GenartError, match="no paint left"):
        genart.stylize(source, target, style="raise", method="broken")
    assert not target.exists()
    assert not list(tmp_path.glob(".*partial*"))


@pytest.mark.parametrize("content", [b"", b"not a film at all"])
def test_a_film_that_cannot_be_read_says_so(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "broken.mp4"
    source.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.mp4"):
        genart.stylize(source, tmp_path / "out.mp4", **GREY)


def test_where_none_could_be_painted_that_is_an_error(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(RenderError, match="None could be repainted"):
        genart.translate([tmp_path / "a.png", tmp_path / "b.png"], tmp_path / "out",
                         model="0", method="tint")  # fmt: skip


def test_the_command_tells_each_image(tmp_path: Path, capsys: Any) -> None:
    source = picture(tmp_path / "a.png")
    code = run(["stylize", str(source), "--style", "0", "--method", "tint", "--option",
                "strength=1", "-o", str(tmp_path / "b.jpg"), "--json"])  # fmt: skip
    assert code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["results"] == [{"input": str(source), "output": str(tmp_path / "b.jpg")}]
    assert abs(pixels(tmp_path / "b.jpg").astype(int) - 128).max() < 3


def test_an_option_given_both_ways_is_bad_usage(tmp_path: Path, genart_command: Any) -> None:
    source = picture(tmp_path / "one.png")
    words = ("--style", "0", "-o", tmp_path / "two.png", "--tv-weight", 1)
    done = genart_command("stylize", source, *words, "--option", "tv-weight=2")
    assert done.code == 2
    assert "--option tv-weight=... and --tv-weight are the same" in done.err


def test_a_preview_shows_how_it_goes(clip: Path, tmp_path: Path) -> None:
    genart.stylize(clip, tmp_path / "out.mp4", preview=tmp_path / "now.png", **GREY)
    assert pixels(tmp_path / "now.png").shape == (48, 64, 3)


@pytest.mark.slow
def test_an_image_that_is_too_large_asks_for_a_size(tmp_path: Path) -> None:
    source = tmp_path / "huge.png"
    Image.new("L", (12_000, 7_000), 200).save(source)
    with pytest.raises(UsageError, match=r"12000x7000 pixels.*--size 4000"):
        genart.stylize(source, tmp_path / "b.png", **GREY)
    genart.stylize(source, tmp_path / "b.png", size=120, **GREY)
    assert pixels(tmp_path / "b.png").shape == (70, 120, 3)


def test_a_photo_held_sideways_is_painted_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 24), "red").save(tmp_path / "a.jpg", exif=exif)
    genart.stylize(tmp_path / "a.jpg", tmp_path / "b.png", **GREY)
    assert pixels(tmp_path / "b.png").shape == (40, 24, 3)


def test_no_input_is_painted_over_by_another(tmp_path: Path) -> None:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
        picture(tmp_path / name / "a.png")
    genart.translate([tmp_path / "in" / "a.png", tmp_path / "out" / "a.png"], tmp_path / "out",
                     model="0", method="tint", strength=1.0)  # fmt: skip
    assert set(pixels(tmp_path / "out" / "a.png")[..., 0].flat) == {255}
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [
        "a-2.png", "a-3.png", "a.png",
    ]  # fmt: skip


def test_the_recipe_is_a_command_that_runs(tmp_path: Path) -> None:
    source, target = picture(tmp_path / "a.png"), tmp_path / "b.png"
    genart.stylize(source, target, **GREY)
    recipe = genart.media.read_recipe(target)
    assert recipe is not None
    target.unlink()
    assert run(shlex.split(recipe["command"])[1:]) == 0
    assert set(pixels(target).flat) == {128}
