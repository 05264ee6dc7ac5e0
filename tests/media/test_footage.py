from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import films

import genart
from genart.errors import DataError
from genart.media import video as reading

SIZE = (48, 64)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames in a second, each of a grey that tells its number."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    genart.render(films.Ramp, path, model="plasma", seconds=1, fps=10, size="64x48")
    return path


def number(frame: np.ndarray) -> int:
    """Which frame of the clip this is."""
    return round((float(frame.mean()) - 20) / 10)


def test_a_film_is_asked_by_time_and_begins_again_at_its_end(clip: Path) -> None:
    film = genart.media.Footage(clip, SIZE, fps=10)
    assert [number(film.frame(t / 10)) for t in (0, 1, 1, 5, 9, 10, 23)] == [0, 1, 1, 5, 9, 0, 3]
    film.close()


def test_going_back_in_time_begins_a_film_anew(clip: Path) -> None:
    film = genart.media.Footage(clip, SIZE, fps=10)
    assert [number(film.frame(t / 10)) for t in (7, 2, 8)] == [7, 2, 8]
    film.close()


def test_a_film_chosen_late_is_not_read_from_the_start_of_the_night(clip: Path) -> None:
    film = genart.media.Footage(clip, SIZE, fps=10)
    assert number(film.frame(1e7 + 0.3)) == 3
    film.close()


def test_a_film_covers_the_size_asked_for(clip: Path) -> None:
    film = genart.media.Footage(clip, (30, 90))
    assert film.frame(0.0).shape == (30, 90, 3)
    film.close()


@pytest.fixture
def test_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """ffmpeg's own test image in place of this machine's camera."""
    camera = ("lavfi", "testsrc=size=64x48:rate=60", "")
    monkeypatch.setattr(reading, "_CAMERAS", dict.fromkeys(("linux", "darwin", "win32"), camera))


@pytest.mark.usefixtures("test_image")
def test_a_camera_gives_its_newest_image_whatever_the_time() -> None:
    camera = genart.media.Footage("camera", SIZE)
    first = camera.frame(100.0)
    assert first.shape == (*SIZE, 3)
    assert first.std() > 30
    camera.close()


@pytest.mark.usefixtures("test_image")
def test_a_camera_that_is_not_there_says_so() -> None:
    camera = genart.media.Footage("camera:no such source", SIZE)
    with pytest.raises(DataError, match="gives no image"):
        camera.frame(0.0)
    camera.close()


def test_a_camera_that_gives_no_image_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 0.5)
    begun: list[Any] = []
    silent = [sys.executable, "-c", "import time; time.sleep(100)"]

    def decoder(*_: Any) -> Any:
        begun.append(subprocess.Popen(silent, stdout=subprocess.PIPE))
        return begun[-1]

    monkeypatch.setattr(reading, "_decoder", decoder)
    camera = genart.media.Footage("camera:0", SIZE)
    with pytest.raises(DataError, match="gives no image"):
        camera.frame(0.0)
    assert begun[0].poll() is not None
    assert "genart-camera" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("content", [None, b"", b"no film"])
def test_a_file_that_is_no_film_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"film\.mp4"):
        genart.media.Footage(path, SIZE)


def rendered(clip: Path, **params: Any) -> list[np.ndarray]:
    sink = genart.MemorySink()
    settings = {"sketch.source": str(clip), **{f"sketch.{k}": v for k, v in params.items()}}
    genart.render("footage", sink, model="plasma", seconds=0.2, fps=10, size="64x48",
                  params=settings)  # fmt: skip
    return sink.frames


def test_the_sketch_shows_footage_the_walk_or_both(clip: Path) -> None:
    film, walk, both = (rendered(clip, mix=mix)[1].astype(int) for mix in (1.0, 0.0, 0.5))
    assert film.std() < 2 < walk.std()
    assert abs(both - (film + walk) / 2).max() <= 1


def test_a_wrong_source_is_reported_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(genart.GenartError, match="There is no film"):
        genart.render("footage", tmp_path / "out.mp4", model="plasma", seconds=0.1,
                      params={"sketch.source": "none.mp4"})  # fmt: skip
    assert not (tmp_path / "out.mp4").exists()
