"""Facts about films as people bring them, made with the ffmpeg that genart uses."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from support.stylizers import painters

import genart
from genart.errors import DataError
from genart.media.film_probe import probe_film, probe_sound
from genart.media.video import read_film

TEST_IMAGE = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=0.5")
H264 = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast")


def ffmpeg(*arguments: str | Path) -> None:
    command = [get_ffmpeg_exe(), "-y", "-v", "error", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def painted(source: Path, target: Path, **options: Any) -> dict[str, str]:
    """The result of a stylizer that only needs a moment for a film."""
    plain: dict[str, Any] = {"style": "1", "method": "tint", "strength": 0.1, "device": "cpu"}
    with painters():
        return genart.stylize(source, target, **plain, **options).results[0]


def test_a_portrait_film_of_a_phone_is_upright(tmp_path: Path) -> None:
    ffmpeg(*TEST_IMAGE, *H264, tmp_path / "flat.mp4")
    phone = tmp_path / "phone.mp4"
    ffmpeg("-display_rotation", "90", "-i", tmp_path / "flat.mp4", "-c", "copy", phone)
    assert probe_film(phone).size == (96, 64)
    upright = next(read_film(probe_film(phone), (96, 64), Fraction(10)))
    flat = next(read_film(probe_film(tmp_path / "flat.mp4"), (64, 96), Fraction(10)))
    assert np.abs(np.rot90(flat).astype(int) - upright).max() <= 2  # all of it, nothing cut off


def test_a_painted_portrait_film_stays_upright(tmp_path: Path) -> None:
    ffmpeg(*TEST_IMAGE, *H264, tmp_path / "flat.mp4")
    ffmpeg(
        "-display_rotation", "270", "-i", tmp_path / "flat.mp4", "-c", "copy", tmp_path / "p.mp4"
    )
    painted(tmp_path / "p.mp4", tmp_path / "out.mp4")
    assert probe_film(tmp_path / "out.mp4").size == (96, 64)


@pytest.mark.parametrize(("aspect", "size"), [("2/1", (64, 192)), ("1/2", (128, 96))])
def test_an_anamorphic_film_has_the_size_as_it_is_shown(
    tmp_path: Path, aspect: str, size: tuple[int, int]
) -> None:
    path = tmp_path / "wide.mp4"
    ffmpeg(*TEST_IMAGE, "-vf", f"setsar={aspect}", *H264, path)
    film = probe_film(path)
    assert film.size == size
    assert not film.square
    frame = next(read_film(film, size, film.fps))
    plain = next(read_film(probe_film(path), (64, 96), film.fps))
    assert frame.shape == (*size, 3)
    assert abs(float(frame[:, :8].mean()) - float(plain[:, :4].mean())) < 40  # nothing is cut off


@pytest.mark.parametrize("suffix", ["webm", "h264"])
def test_a_film_whose_file_has_no_length_is_counted(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"recording.{suffix}"
    codec = ("-c:v", "libvpx", "-f", "webm") if suffix == "webm" else (*H264, "-f", "h264")
    command = [get_ffmpeg_exe(), "-v", "error", *TEST_IMAGE, *codec, "-"]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    film = probe_film(path)
    assert (film.frames, film.fps, film.seconds) == (5, 10, 0.5)
    assert len(list(read_film(film, film.size, film.fps))) == 5


@pytest.mark.parametrize(
    ("rate", "suffix"),
    [("24000/1001", "mkv"), ("30", "mkv"), ("60000/1001", "mp4"), ("25", "gif"), ("7/3", "mp4")],
)
def test_a_constant_rate_is_exact(tmp_path: Path, rate: str, suffix: str) -> None:
    path = tmp_path / f"film.{suffix}"
    codec = () if suffix == "gif" else H264
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=32x32:r={rate}", "-frames:v", "30", *codec, path)
    film = probe_film(path)
    assert (film.fps, film.frames, film.variable) == (Fraction(rate), 30, False)


def test_a_variable_rate_is_named_and_made_constant(tmp_path: Path) -> None:
    path = tmp_path / "screen.mkv"
    slow = "testsrc2=s=32x32:r=30:d=1,select='not(between(n,10,19))'"  # a third of a second stands
    ffmpeg("-f", "lavfi", "-i", slow, "-fps_mode", "vfr", *H264, path)
    film = probe_film(path)
    assert (film.fps, film.frames, film.variable) == (30, 30, True)
    assert (
        "variable frame rate became constant, 30 fps" in painted(path, tmp_path / "o.mp4")["note"]
    )
    assert probe_film(tmp_path / "o.mp4").frames == 30


@pytest.mark.parametrize("layout", ["mono", "5.1(side)", "7.1(wide)", "22.2"])
@pytest.mark.parametrize("suffix", ["webm", "mp4"])
def test_sound_of_any_layout_stays_with_a_film(tmp_path: Path, layout: str, suffix: str) -> None:
    path = tmp_path / "loud.mkv"
    sound = ("-f", "lavfi", "-i", f"anullsrc=cl={layout}", "-t", "0.3", "-c:a", "pcm_s16le")
    ffmpeg(*TEST_IMAGE, *sound, *H264, path)
    painted(path, tmp_path / f"out.{suffix}", size=32)
    kept = probe_sound(tmp_path / f"out.{suffix}")
    assert kept is not None
    assert kept.layout == (layout if layout == "mono" else layout.replace("22.2", "7.1")[:3])


@pytest.mark.parametrize(
    "codec",
    [
        ("clear.mov", "-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
        ("clear.webm", "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"),
    ],
)
def test_transparent_parts_of_films_are_black(tmp_path: Path, codec: tuple[str, ...]) -> None:
    name, *encoder = codec
    clear = "color=red@0.0:s=64x64:r=10:d=0.3,format=rgba"
    ffmpeg("-f", "lavfi", "-i", clear, *encoder, tmp_path / name)
    film = probe_film(tmp_path / name)
    assert film.alpha
    assert next(read_film(film, (64, 64), film.fps)).max() <= 2


def test_a_half_transparent_film_is_as_dark_as_it_looks(tmp_path: Path) -> None:
    half = "color=white@0.5:s=64x64:r=10:d=0.3,format=rgba"
    encoder = ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le")
    ffmpeg("-f", "lavfi", "-i", half, *encoder, tmp_path / "half.mov")
    frame = next(read_film(probe_film(tmp_path / "half.mov"), (64, 64), Fraction(10)))
    assert abs(float(frame.mean()) - 127) < 3


def test_high_dynamic_range_is_named(tmp_path: Path) -> None:
    path = tmp_path / "hdr.mkv"
    tags = "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc"
    tagged = ("-vf", tags, "-c:v", "ffv1", "-pix_fmt", "yuv420p10le")
    ffmpeg(*TEST_IMAGE, *tagged, path)
    assert probe_film(path).hdr == "PQ"
    assert genart.info(path)["hdr"] == "PQ"
    assert "HDR (PQ)" in painted(path, tmp_path / "out.mp4", size=32)["note"]


@pytest.mark.parametrize(("rate", "shown"), [(60, 30), (50, 50), (100, 50)])
def test_a_fast_film_becomes_a_gif_at_a_named_rate(tmp_path: Path, rate: int, shown: int) -> None:
    path = tmp_path / "fast.mp4"
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=32x32:r={rate}:d=0.2", *H264, path)
    result = painted(path, tmp_path / "out.gif")
    assert probe_film(tmp_path / "out.gif").frames == round(shown * 0.2)
    note = f"{rate} fps became {shown} fps" if rate != shown else ""
    assert result.get("note", "") == note


def test_the_rate_of_a_painted_film_can_be_chosen(tmp_path: Path) -> None:
    ffmpeg(*TEST_IMAGE, *H264, tmp_path / "film.mp4")
    painted(tmp_path / "film.mp4", tmp_path / "out.mp4", fps=20, size=32)
    film = probe_film(tmp_path / "out.mp4")
    assert (film.fps, film.frames) == (20, 10)
    assert "--fps 20" in genart.info(tmp_path / "out.mp4")["recipe"]["command"]


def test_cover_art_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    art = ("-map", "0:a", "-map", "1:v", "-c:v", "png", "-disposition:v", "attached_pic")
    image = ("-f", "lavfi", "-i", "color=red:s=32x32:d=0.1:r=10", "-frames:v", "1")
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=0.3", *image, *art, path)
    with pytest.raises(DataError, match=r"song\.mp3 cannot be read as a film"):
        probe_film(path)
    sound = probe_sound(path)
    assert sound is not None
    assert (sound.codec, sound.layout, sound.rate) == ("mp3", "mono", 44100)


def test_a_damaged_aspect_of_pixels_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    ffmpeg(*TEST_IMAGE, "-vf", "setsar=1/1000", *H264, path)
    assert probe_film(path).size == (64, 96)


@pytest.mark.parametrize("kept", [0.9, 0.97])
def test_a_cut_film_is_read_as_far_as_it_goes(tmp_path: Path, kept: float) -> None:
    ffmpeg(*TEST_IMAGE, "-c:v", "libvpx", tmp_path / "whole.webm")
    whole, cut = (tmp_path / "whole.webm").read_bytes(), tmp_path / "cut.webm"
    cut.write_bytes(whole[: int(len(whole) * kept)])
    film = probe_film(cut)
    assert 1 <= film.frames <= 5
    assert 1 <= len(list(read_film(film, film.size, film.fps))) <= film.frames


def test_a_film_without_any_frame_is_refused(tmp_path: Path) -> None:
    ffmpeg(*TEST_IMAGE, "-c:v", "libvpx", tmp_path / "whole.webm")
    (tmp_path / "cut.webm").write_bytes((tmp_path / "whole.webm").read_bytes()[:200])
    with pytest.raises(DataError, match=r"cut\.webm"):
        probe_film(tmp_path / "cut.webm")
