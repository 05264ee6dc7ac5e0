"""Titles, cross-fades, images and music in one film."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image
from support.broken_pictures import broken_zip
from support.films import Drift, Ramp, decode, plasma

import genart
from genart.media.film_probe import probe_film
from genart.media.video import read_film
from genart.rendering.scenes import parse_scene

SMALL: dict[str, Any] = {"size": (48, 32), "fps": 10, "still": 1.0, "card": 1.0}


def grey(path: Path, level: int) -> Path:
    Image.new("RGB", (60, 40), (level,) * 3).save(path)
    return path


def played(scenes: list[Any], **options: Any) -> list[np.ndarray]:
    sink = genart.MemorySink()
    genart.promo(scenes, sink, **{**SMALL, **options})
    return sink.frames


def test_images_blend_into_each_other(tmp_path: Path) -> None:
    frames = played([grey(tmp_path / "a.png", 50), grey(tmp_path / "b.png", 250)], crossfade=0.5)
    assert len(frames) == 15
    levels = [int(frame[16, 24, 0]) for frame in frames]
    assert levels[:5] == [50] * 5
    assert levels[10:] == [250] * 5
    assert levels[5:10] == pytest.approx([50, 90, 130, 170, 210], abs=2)
    assert len(played([tmp_path / "a.png", tmp_path / "b.png"], crossfade=0)) == 20


def test_a_walk_plays_every_frame_once_and_in_order() -> None:
    scene = {"sketch": Ramp, "model": plasma(), "seconds": 1.2}
    levels = [int(frame[0, 0, 0]) for frame in played([scene], crossfade=0)]
    assert levels == [20 + 10 * k for k in range(12)]


def test_a_film_is_shown_at_the_promos_size_and_rate(tmp_path: Path) -> None:
    film = tmp_path / "ramp.apng"
    genart.render(Ramp, film, model=plasma(), seconds=1, fps=5, size=(30, 20))
    frames = played([film], crossfade=0)
    assert len(frames) == 10
    assert frames[0].shape == (32, 48, 3)
    levels = [int(frame[16, 24, 0]) for frame in frames]
    assert levels == pytest.approx([20, 20, 30, 30, 40, 40, 50, 50, 60, 60], abs=11)
    assert levels == sorted(levels)


def test_a_film_that_is_left_early_leaves_no_process(tmp_path: Path) -> None:
    from fractions import Fraction

    film = tmp_path / "ramp.apng"
    genart.render(Ramp, film, model=plasma(), seconds=2, fps=10, size=32)
    frames = read_film(probe_film(film), (32, 32), Fraction(10))
    assert next(frames).shape == (32, 32, 3)
    frames.close()  # a process still alive would warn, and warnings are errors


def test_an_image_that_claims_too_many_pixels_is_refused(tmp_path: Path) -> None:
    with ZipFile(broken_zip(tmp_path / "broken.zip")) as archive:
        archive.extract("bomb.png", tmp_path)
    with pytest.raises(genart.DataError, match="too large"):
        played([tmp_path / "bomb.png"])


def test_titles_are_letters_in_the_middle_before_and_after(tmp_path: Path) -> None:
    scenes = [grey(tmp_path / "a.png", 200)]
    frames = played(scenes, titles=["Hi", "Bye"], crossfade=0, size=(160, 90))
    assert len(frames) == 30
    for card in (frames[0], frames[-1]):
        bright = np.argwhere(card[..., 0] > 200)
        assert len(bright) > 20
        assert np.abs(bright.mean(0) - (45, 80)).max() < 12
        assert card[:20].max() == 0
    assert (frames[15] == 200).all()
    assert not np.array_equal(frames[0], frames[-1])
    assert len(played(scenes, titles=["", "Bye"], crossfade=0)) == 20


def test_a_film_may_have_a_title(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    report = genart.render(
        Drift, path, model=plasma(), seconds=2, fps=10, size=64, titles=["Plasma"]
    )
    film = decode(path)
    assert len(film.frames) == report.frames == 35  # 2.5 s of title, 2 s of film, 1 s of both
    assert report.seam is None
    assert film.frames[0].min() == 0
    assert "--title Plasma" in report.recipe["command"]


def test_a_promo_tells_how_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    scenes = [grey(tmp_path / "a.png", 9), {"sketch": Drift, "model": plasma(), "seconds": 1}]
    report = genart.promo(scenes, path, titles=["A"], crossfade=0.1, **SMALL)
    assert genart.media.read_recipe(path) == report.recipe
    assert report.recipe["scenes"][1] == {"sketch": "Drift", "model": "plasma", "seconds": 1}
    assert report.recipe["titles"] == ["A"]
    assert report.recipe["models"] == [{"name": "plasma", "sha256": None}]


def test_the_recipes_command_makes_the_same_promo(tmp_path: Path, genart_command: Any) -> None:
    first, again = tmp_path / "one.mp4", tmp_path / "two.mp4"
    walk = {"sketch": "drift", "model": "plasma", "seconds": 1, "seeds": [3, 5],
            "params": {"walk.kind": "circle"}}  # fmt: skip
    scenes = [walk, grey(tmp_path / "a b.png", 90)]
    recipe = genart.promo(scenes, first, titles=["It's A"], crossfade=0.2, **SMALL).recipe
    words = shlex.split(recipe["command"])
    words[words.index("-o") + 1] = str(again)
    assert genart_command(*words[1:], "--device", "cpu").code == 0
    assert np.array_equal(decode(first).frames, decode(again).frames)


def test_one_command_makes_a_promo(tmp_path: Path, genart_command: Any) -> None:
    done = genart_command(
        "promo", "drift model=plasma seconds=1 walk.kind=circle", grey(tmp_path / "a.png", 90),
        "--title", "Plasma", "--still", 1, "--card", 1, "--crossfade", 0.2, "--fps", 10,
        "--size", "48x32", "-o", tmp_path / "promo.mp4", "--device", "cpu", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["frames"] == 26 == len(decode(tmp_path / "promo.mp4").frames)


def test_scenes_as_people_write_them(tmp_path: Path) -> None:
    picture = str(grey(tmp_path / "a b.png", 9))
    assert parse_scene(picture) == picture
    assert parse_scene("drift") == {"sketch": "drift"}
    assert parse_scene("drift seeds=1,2 seconds=1.5 walk.radius=2") == {
        "sketch": "drift", "seeds": "1,2", "seconds": 1.5, "params": {"walk.radius": "2"},
    }  # fmt: skip
    with pytest.raises(genart.UsageError, match="not like seconds=6"):
        parse_scene("drift seconds=long")
    with pytest.raises(genart.UsageError, match=r"seed=1.5.* is not like"):
        parse_scene("drift seed=1.5")
    with pytest.raises(genart.UsageError, match="No closing quotation"):
        parse_scene("drift don't")


@pytest.mark.parametrize(
    ("scenes", "options", "error", "says"),
    [
        ([], {}, genart.UsageError, "needs scenes"),
        (["no.png"], {}, genart.DataError, "no image or film"),
        (["bad.mp4"], {}, genart.DataError, "cannot be read as a film"),
        (["text.mp4"], {}, genart.DataError, "text.mp4: not an image but a text file"),
        (["bad.png"], {}, genart.DataError, "bad.png: not an image but a text file"),
        (["a.png"], {"titles": ["1", "2", "3"]}, genart.UsageError, "2 titles at most, not 3"),
        (["a.png"], {"crossfade": 0.6}, genart.UsageError, "0 to 0.5 s here"),
        ([{"sketch": Drift, "sedes": "1"}], {}, genart.UsageError, 'No word named "sedes"'),
    ],
)
def test_what_cannot_be_joined_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scenes: list[Any],
    options: dict[str, Any],
    error: type[Exception],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    grey(Path("a.png"), 9)
    Path("bad.mp4").write_bytes(b"\0\0\0\x18ftypisom")
    Path("text.mp4").write_bytes(b"no film")
    Path("bad.png").write_bytes(b"no image")
    with pytest.raises(error, match=says):
        played(scenes, **options)
