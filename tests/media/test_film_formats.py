"""Every format holds what was written into it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.films import decode

import genart

SIZE = (32, 64)
COLOURS = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]
COLOURS += [[0, 0, 0], [128, 128, 128], [200, 120, 40], [20, 90, 160]]
PATCHES = np.array(COLOURS, np.uint8).reshape(2, 4, 3).repeat(16, 0).repeat(16, 1)
FORMATS = [
    ("mp4", "h264", "h264"),
    ("mp4", "h265", "hevc"),
    ("mkv", "h264", "h264"),
    ("webm", "vp9", "vp9"),
    ("mov", "prores", "prores"),
    ("mov", "hap", "hap"),
    ("mov", "hap_alpha", "hap"),
    ("mov", "hap_q", "hap"),
    ("gif", None, "gif"),
    ("apng", None, "apng"),
    ("webp", None, "webp_anim"),
]


def sink(path: Path, **options: Any) -> genart.Sink:
    made: genart.Sink = genart.registry("sink").create(
        path.suffix[1:], **{"path": path, "fps": 25, "size": SIZE, **options}
    )
    return made


def write(path: Path, frames: list[np.ndarray], **options: Any) -> Path:
    made = sink(path, **options)
    for frame in frames:
        made.write(frame)
    made.close()
    return path


def moving(count: int) -> list[np.ndarray]:
    return [np.roll(PATCHES, 3 * k, axis=1) for k in range(count)]


@pytest.mark.parametrize(("suffix", "codec", "name"), FORMATS)
def test_a_film_has_the_frames_rate_size_codec_and_colours_it_was_given(
    tmp_path: Path, suffix: str, codec: str | None, name: str
) -> None:
    film = decode(write(tmp_path / f"film.{suffix}", moving(5), codec=codec))
    assert film.codec == name
    assert film.fps == 25
    assert film.frames.shape == (5, *SIZE, 4)
    if suffix != "webp":  # YUV of its own, which ffmpeg's scaler reads by another matrix
        patches = film.frames[0, 8::16, 8::16, :3].astype(int)
        assert np.abs(patches - PATCHES[8::16, 8::16]).max() <= 4


def test_colours_of_a_webp_as_pillow_reads_them(tmp_path: Path) -> None:
    from PIL import Image

    with Image.open(write(tmp_path / "film.webp", moving(5))) as film:
        assert film.n_frames == 5
        patches = np.asarray(film.convert("RGB")).astype(int)[8::16, 8::16]
    assert np.abs(patches - PATCHES[8::16, 8::16]).max() <= 4


@pytest.mark.parametrize(
    ("suffix", "codec", "before"),
    [
        ("mov", "prores", ()),
        ("mov", "hap_alpha", ()),
        ("webm", None, ("-c:v", "libvpx-vp9")),
        ("webp", None, ()),
        ("apng", None, ()),
    ],
)
def test_alpha_survives(
    tmp_path: Path, suffix: str, codec: str | None, before: tuple[str, ...]
) -> None:
    alpha = np.linspace(0, 255, SIZE[1]).astype(np.uint8)[None, :, None].repeat(SIZE[0], 0)
    frame = np.concatenate([PATCHES, alpha], axis=2)
    path = write(tmp_path / f"film.{suffix}", [frame, frame[::-1].copy()] * 2, codec=codec)
    found = decode(path, *before).frames[0, ..., 3].astype(int)
    assert np.abs(found - alpha[..., 0]).max() <= 2


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "h264"), ("gif", None), ("mov", "hap")])
def test_alpha_is_painted_on_black_where_a_format_has_none(
    tmp_path: Path, suffix: str, codec: str | None
) -> None:
    half = np.concatenate([PATCHES, np.full((*SIZE, 1), 128, np.uint8)], axis=2)
    film = decode(write(tmp_path / f"film.{suffix}", [half, half], codec=codec))
    patches = film.frames[0, 8::16, 8::16, :3].astype(int)
    assert np.abs(patches - PATCHES[8::16, 8::16] * (128 / 255)).max() <= 6


def test_films_say_that_their_colours_are_bt709(tmp_path: Path) -> None:
    said = decode(write(tmp_path / "film.mp4", moving(2))).said
    assert "yuv420p(tv, bt709, progressive)" in said


def test_a_gif_of_a_smooth_ramp_does_not_band(tmp_path: Path) -> None:
    """No palette of a gif has the ramp's colours; dither must keep their local mean."""
    ramp = np.linspace(0, 255, 128 * 32).reshape(32, 128)
    frame = np.stack([ramp, 255 - ramp, np.flipud(ramp)], -1).astype(np.uint8)
    film = decode(write(tmp_path / "film.gif", [frame], size=(32, 128)))
    got = film.frames[0, ..., :3].astype(float)
    blocks = (got - frame).reshape(4, 8, 16, 8, 3).mean(axis=(1, 3))
    assert np.abs(blocks).max() < 3


@pytest.mark.parametrize("suffix", ["mp4", "webm", "mov", "apng"])
def test_frames_that_are_the_same_are_all_kept(tmp_path: Path, suffix: str) -> None:
    film = decode(write(tmp_path / f"film.{suffix}", [PATCHES] * 4))
    assert len(film.frames) == 4


def test_a_rate_that_is_no_whole_number_is_kept(tmp_path: Path) -> None:
    film = decode(write(tmp_path / "film.mp4", moving(6), fps=Fraction(30000, 1001)))
    assert film.fps == pytest.approx(29.97)


def test_a_folder_has_one_png_a_frame(tmp_path: Path) -> None:
    from PIL import Image

    frames = moving(3)
    made = genart.registry("sink").create("png", path=tmp_path / "film", fps=25, size=SIZE)
    for frame in frames:
        made.write(frame)
    made.close()
    files = sorted((tmp_path / "film").iterdir())
    assert [file.name for file in files] == [f"frame_{k:06d}.png" for k in range(3)]
    for file, frame in zip(files, frames, strict=True):
        with Image.open(file) as picture:
            assert np.array_equal(np.asarray(picture), frame)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("a.mp4", {"size": (33, 64)}, "multiples of 2, not 64x33; try 64x34"),
        ("a.mov", {"codec": "hap", "size": (34, 64)}, "multiples of 4, not 64x34; try 64x36"),
        ("a.mp4", {"codec": "vp9"}, 'MP4 has no codec "vp9"; it has h264, h265'),
        ("a.gif", {"fps": 60}, "at most 50 fps"),
        ("a.gif", {"audio": "x.wav", "seconds": 1}, "cannot contain sound. Use mp4, mov or webm"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_at_once(
    tmp_path: Path, name: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(genart.UsageError, match=says):
        sink(tmp_path / name, **options)


def test_a_sound_track_without_sound_is_refused_at_once(tmp_path: Path) -> None:
    silent = write(tmp_path / "silent.mp4", [PATCHES] * 2)
    with pytest.raises(
        genart.UsageError, match=r'silent\.mp4" contains no sound that ffmpeg can read'
    ):
        sink(tmp_path / "a.mp4", audio=silent, seconds=1)


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    made = sink(tmp_path / "a.mp4")
    with pytest.raises(genart.UsageError, match="must have size"):
        made.write(np.zeros((8, 8, 3), np.uint8))


def test_ffmpegs_own_words_reach_the_user(tmp_path: Path) -> None:
    made = sink(tmp_path / "nowhere" / "a.mp4")
    made.write(PATCHES)
    with pytest.raises(genart.errors.RenderError, match="No such file or directory"):
        made.close()


def test_an_aborted_film_leaves_no_process_behind(tmp_path: Path) -> None:
    made = sink(tmp_path / "a.mp4")
    made.write(PATCHES)
    process = made._encoder._process  # type: ignore[attr-defined]
    made.abort()  # type: ignore[attr-defined]
    assert process.returncode is not None


def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    made = sink(path, recipe={"genart": "1"})
    made.write(PATCHES)
    made.close()
    once = path.read_bytes()
    made.close()
    assert path.read_bytes() == once


def tone(path: Path, seconds: float) -> Path:
    import wave

    rate = 8000
    t = np.arange(int(rate * seconds)) / rate
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.sin(2 * np.pi * 440 * t) * 20000).astype(np.int16).tobytes())
    return path


def sound_of(path: Path) -> np.ndarray:
    import subprocess

    from imageio_ffmpeg import get_ffmpeg_exe

    command = [
        get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        path,
        "-f",
        "s16le",
        "-ac",
        "1",
        "-ar",
        "8000",
    ]
    raw = subprocess.run([*command, "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.int16).astype(float)


@pytest.mark.parametrize("suffix", ["mp4", "webm", "mov"])
def test_sound_is_repeated_to_the_films_length_and_fades_out(tmp_path: Path, suffix: str) -> None:
    audio = tone(tmp_path / "tone.wav", 0.5)
    frames = [np.roll(PATCHES, k, axis=1) for k in range(50)]
    film = write(tmp_path / f"film.{suffix}", frames, audio=audio, seconds=2.0)
    sound = sound_of(film)
    assert len(sound) / 8000 == pytest.approx(2, abs=0.1)
    loud = [np.sqrt((part**2).mean()) for part in np.array_split(sound, 8)]
    assert loud[3] > 8000, "repeated beyond its own half second"
    assert loud[-1] < loud[3] / 4, "faded out"
    assert len(decode(film).frames) == 50
