"""genart.render: what is asked for is what is in the file."""

from __future__ import annotations

import hashlib
import json
import resource
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.films import Drift, Ramp, decode, plasma

import genart
from genart.latent import format_seeds, parse_seeds
from genart.media.film_spec import parse_fps, parse_grid, parse_size
from genart.rendering.seam import difference

KINDS = sorted(genart.registry("interpolator"))
SMALL: dict[str, Any] = {"size": 32, "fps": 24}


def kept(**options: Any) -> tuple[genart.rendering.Report, list[np.ndarray]]:
    sink = genart.MemorySink()
    report = genart.render(options.pop("sketch", Drift), sink, **{**SMALL, **options})
    return report, sink.frames


def test_a_film_is_what_its_report_says(tmp_path: Path) -> None:
    path = tmp_path / "loop.mp4"
    told: list[genart.Progress] = []
    report = genart.render(
        Drift, path, model=plasma(), seconds=0.5, fps=24, size="64x32", progress=told.append
    )
    film = decode(path)
    assert film.frames.shape[:3] == (12, 32, 64)
    assert (film.codec, film.fps) == ("h264", 24)
    assert (report.output, report.frames, report.fps) == (str(path), 12, 24)
    assert (report.size, report.seconds) == ((64, 32), 0.5)
    assert [step.done for step in told] == list(range(1, 13))
    assert {step.total for step in told} == {12}
    json.dumps(report.as_dict(), allow_nan=False)


@pytest.mark.parametrize("kind", KINDS)
def test_every_walk_closes_its_loop(kind: str) -> None:
    report, frames = kept(model=plasma(), walk=kind, seeds="1-4", seconds=1)
    assert report.seam is not None
    assert report.seam <= 1.5
    assert np.ptp([frame.mean() for frame in frames]) > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seeds", ["1-3", "21-25"])
def test_the_default_sketch_closes_every_walk_whatever_the_keys(kind: str, seeds: str) -> None:
    sink = genart.MemorySink()
    report = genart.render("drift", sink, model=plasma(), walk=kind, seeds=seeds, seconds=2, fps=24)
    assert report.seam is not None
    assert report.seam <= 1.5


@pytest.mark.parametrize("easing", ["linear", "smoothstep"])
def test_an_even_walk_closes_its_loop(easing: str) -> None:
    report, frames = kept(model=plasma(), seeds="1-4", seconds=1, even=True, easing=easing)
    steps = [difference(a, b) for a, b in pairwise(frames)]
    assert max(steps) < 2 * min(steps)
    assert report.seam is not None
    assert report.seam <= 1.5


def test_an_open_walk_begins_and_ends_on_its_keys() -> None:
    model = plasma()
    _, frames = kept(model=model, seeds="1,5", loop=False, seconds=0.5, truncation=1)
    ends = [model(model.sample(seed)) for seed in (1, 5)]
    for frame, image in zip((frames[0], frames[-1]), ends, strict=True):
        assert np.array_equal(frame, genart.to_frames(image)[0])


def test_a_length_in_beats_fills_whole_frames_with_whole_beats() -> None:
    class Count(genart.Sketch):
        def draw(self, t: float, dt: float) -> Any:
            beats.append(self.beat + self.settings.tempo.bpm / 60 * dt)
            return np.zeros((*self.size, 3), np.uint8)

    beats: list[float] = []
    report, _ = kept(sketch=Count, model=plasma(), beats=3, bpm=128, fps=30)
    assert report.frames == 42  # 42.19
    assert beats[-1] == pytest.approx(3, abs=1e-9)
    assert kept(model=plasma(), beats=1, bpm=120)[0].seconds == 0.5
    told = kept(model=plasma(), beats=1, fps=25)[0].recipe["command"]
    assert "--seconds 0.48" in told
    assert "tempo.bpm=125.0" in told, "the tempo that fits whole frames, asked for or not"


def test_a_grid_shows_walks_that_differ_and_the_first_is_the_film_without_a_grid() -> None:
    model = plasma()
    _, alone = kept(model=model, seconds=0.1, size=20)
    report, cells = kept(model=model, seconds=0.1, size=(60, 40), grid="3x2")
    assert report.size == (60, 40)
    assert np.array_equal(cells[1][:20, :20], alone[1])
    corners = [cells[0][y : y + 20, x : x + 20] for y in (0, 20) for x in (0, 20, 40)]
    assert len({corner.tobytes() for corner in corners}) == 6


def test_a_grid_fills_sizes_that_do_not_divide() -> None:
    assert kept(model=plasma(), seconds=0.1, size=(50, 31), grid="3x2")[1][0].shape == (31, 50, 3)


def test_a_small_model_is_enlarged_by_whole_times() -> None:
    assert kept(model=plasma(resolution=200), seconds=0.05, size=None)[0].size == (600, 600)


def test_params_win_over_words_and_words_over_the_sketchs_defaults() -> None:
    report, _ = kept(model=plasma(), seconds=0.1, walk="linear", params={"walk.seeds": "4,5"})
    assert report.recipe["params"]["walk.seeds"] == "4,5"
    assert report.recipe["params"]["walk.kind"] == "linear"
    grey = kept(sketch=Ramp, model=plasma(), seconds=0.1, params={"sketch.step": "50"})[1]
    assert grey[1][0, 0, 0] == 70


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seconds": 0}, "longer than 0 seconds"),
        ({"seconds": 1, "beats": 2}, "in seconds or in beats"),
        ({"fps": "fast"}, "not a frame rate"),
        ({"size": "big"}, "not a size. Write 512 or 640x360"),
        ({"grid": "3"}, "not a grid"),
        ({"seeds": "a-b"}, "write them like 1,2,5-9"),
        ({"seed": -1}, "outside 0"),
        ({"walk": "slerpp"}, 'Did you mean "slerp"'),
        ({"easing": "smooth"}, "easing"),
        ({"params": {"walk.sedes": "1"}}, 'Did you mean "walk.seeds"'),
        ({"params": {"sketch.step": 99}}, "outside 0..50"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(options: dict[str, Any], says: str) -> None:
    with pytest.raises(genart.UsageError, match=says):
        kept(
            sketch=Ramp,
            model=plasma(),
            **{"seconds": 0.1, **options} if "beats" not in options else options,
        )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("loop.avi", "No film format named"),
        ("loop.png", "genart generate"),
        ("no/loop.mp4", "does not exist; create it first"),
        ("full/", "not empty"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_anything_is_made(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with pytest.raises(genart.UsageError, match=says):
        genart.render(Drift, f"{tmp_path}/{name}", model="no such model")


@pytest.mark.parametrize("suffix", ["mp4", "gif", "apng"])
def test_the_same_recipe_gives_the_same_frames(tmp_path: Path, suffix: str) -> None:
    def digest(name: str) -> str:
        path = tmp_path / f"{name}.{suffix}"
        options: dict[str, Any] = {"noise": "random", "seed": 3, "seconds": 0.2, **SMALL}
        genart.render(Drift, path, model=plasma(), **options)
        return hashlib.sha256(decode(path).frames.tobytes()).hexdigest()

    assert digest("one") == digest("two")


SAVED = ["a.mp4", "a.mov", "a.webm", "a.gif", "a.webp", "a.apng", "a/"]


@pytest.mark.parametrize("name", SAVED)
def test_a_recipe_comes_back_from_every_format(tmp_path: Path, name: str) -> None:
    report = genart.render(
        "drift", f"{tmp_path}/{name}", model="plasma", device="cpu", seconds=0.2, **SMALL,
        params={"walk.seeds": "3,1"}, audio=None,
    )  # fmt: skip
    recipe = genart.media.read_recipe(tmp_path / name)
    assert recipe == report.recipe
    assert recipe["seeds"] == "3,1"
    assert set(recipe["versions"]) == {"python", "numpy", "torch"}


def test_a_recipe_names_the_models_file_by_its_hash(tmp_path: Path) -> None:
    model = plasma()
    model.source = tmp_path / "model.safetensors"
    model.source.write_bytes(b"weights")
    recipe = kept(model=model, seconds=0.1)[0].recipe
    assert recipe["model"] == {
        "name": "plasma", "sha256": hashlib.sha256(b"weights").hexdigest(),
    }  # fmt: skip


def test_odd_characters_in_a_recipe_survive(tmp_path: Path) -> None:
    odd = {"genart": "1", "command": 'a "b" \\ = ; # \n <&> é 漢', "more": "x" * 700}
    for suffix in ("mp4", "webm", "gif", "webp", "apng"):
        path = tmp_path / f"a.{suffix}"
        sink = genart.registry("sink").create(suffix, path=path, fps=10, size=(16, 16), recipe=odd)
        for grey in (0, 99, 200):
            sink.write(np.full((16, 16, 3), grey, np.uint8))
        sink.close()
        assert genart.media.read_recipe(path) == odd, suffix


def test_a_file_without_a_recipe_has_none(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "a.mp4").write_bytes(b"no film")
    (tmp_path / "empty.gif").touch()
    assert genart.media.read_recipe(tmp_path / "a.png") is None
    assert genart.media.read_recipe(tmp_path / "a.mp4") is None
    assert genart.media.read_recipe(tmp_path / "empty.gif") is None
    with pytest.raises(genart.DataError, match="no file"):
        genart.media.read_recipe(tmp_path / "nothing.mp4")


@pytest.mark.parametrize("suffix", ["png", "webp", "jpg", "gif"])
def test_a_still_takes_a_recipe_and_keeps_its_pixels(tmp_path: Path, suffix: str) -> None:
    from PIL import Image

    path = tmp_path / f"a.{suffix}"
    Image.linear_gradient("L").convert("RGB").save(path)
    with Image.open(path) as picture:
        before = np.asarray(picture.convert("RGB"))
    genart.media.write_recipe(path, {"genart": "1", "seeds": "1-9"})
    with Image.open(path) as picture:
        assert np.array_equal(np.asarray(picture.convert("RGB")), before)
        assert suffix != "webp" or b"1-9" in picture.info["xmp"], "other programs find it too"
    assert genart.media.read_recipe(path) == {"genart": "1", "seeds": "1-9"}


def test_the_recipes_command_makes_the_same_film(tmp_path: Path, genart_command: Any) -> None:
    first = tmp_path / "one.mp4"
    options: dict[str, Any] = {"walk": "cubic", "loop": False, "beats": 1, "grid": "2x1"}
    report = genart.render("drift", first, model="plasma", device="cpu", **SMALL, **options)
    words = shlex.split(report.recipe["command"])
    words[words.index("-o") + 1] = str(tmp_path / "two.mp4")
    assert genart_command(*words[1:], "--device", "cpu").code == 0
    assert np.array_equal(decode(first).frames, decode(tmp_path / "two.mp4").frames)


def interrupted(steps: int) -> Any:
    def told(progress: genart.Progress) -> None:
        if progress.done == steps:
            raise KeyboardInterrupt

    return told


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a/"])
def test_an_interrupted_film_leaves_nothing_and_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyboardInterrupt) as stop:
        genart.render(
            Drift, f"{tmp_path}/{name}", model=plasma(), seconds=1, progress=interrupted(5), **SMALL
        )
    assert list(tmp_path.iterdir()) == []
    assert stop.value.__notes__ == [
        f"Frame 5 of 24: the part was removed, there is no {Path(f'{tmp_path}/{name}')}."
    ]


def test_an_interrupted_film_leaves_the_old_one_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt) as stop:
        genart.render(Drift, path, model=plasma(), seconds=1, progress=interrupted(2), **SMALL)
    assert path.read_bytes() == b"old"
    assert "a.mp4 is unchanged" in stop.value.__notes__[0]
    assert len(list(tmp_path.iterdir())) == 1


@contextmanager
def small_files() -> Iterator[None]:
    """Files of this process and its children may have 20 kB; who writes more is killed.

    Not as a fixture: pytest writes between fixture and test, perhaps to a long file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["a.apng", "a.mov", "a.gif", "a.mp4"])
def test_a_film_whose_encoder_is_killed_is_no_film(tmp_path: Path, name: str) -> None:
    says = r"ffmpeg stopped: killed by SIGXFSZ.*the part was removed"
    with small_files(), pytest.raises(genart.errors.RenderError, match=says):
        genart.render(
            Drift, tmp_path / name, model=plasma(), seconds=1, size=128, noise="random", fps=24
        )
    assert list(tmp_path.iterdir()) == []


def test_until_a_film_is_whole_nothing_has_its_name(tmp_path: Path) -> None:
    """So whoever kills a render, at any time, finds no half film."""
    path, seen = tmp_path / "a.mp4", list[bool]()
    genart.render(
        Drift,
        path,
        model=plasma(),
        seconds=1,
        progress=lambda _: seen.append(path.exists()),
        **SMALL,
    )
    assert seen == [False] * 24
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize(
    ("written", "seeds"), [("1,2,5-9", [1, 2, 5, 6, 7, 8, 9]), (" 3 ", [3]), ("9,8", [9, 8])]
)
def test_seeds_as_people_write_them(written: str, seeds: list[int]) -> None:
    assert parse_seeds(written) == seeds
    assert parse_seeds(format_seeds(seeds)) == seeds


@pytest.mark.parametrize("written", ["", "1,,2", "5-1", "-3", "4294967296", "0-99999999"])
def test_what_names_no_seeds_is_refused(written: str) -> None:
    with pytest.raises(genart.UsageError):
        parse_seeds(written)


def test_sizes_grids_and_rates_as_people_write_them() -> None:
    assert [parse_size(size) for size in (64, "64", "64x32", (64, 32))] == [
        (64, 64), (64, 64), (32, 64), (32, 64),
    ]  # fmt: skip
    assert [parse_grid(grid) for grid in (None, "3x2", (3, 2))] == [(1, 1), (3, 2), (3, 2)]
    assert parse_fps("30000/1001") * 1001 == 30000
    assert parse_fps(29.97) * 100 == 2997
