"""The window, on a display that nobody sees; without one, what is said instead."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import genart
from genart.errors import UsageError
from genart.live.window import Key, NoWindow, Window, fitted, written

RED, BLUE = [255, 0, 0], [0, 0, 255]


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An X server of our own."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("Xvfb is not installed")
    told, said = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(said), "-screen", "0", "800x600x24"],
        pass_fds=[said], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(said)
    with os.fdopen(told) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture
def glfw(display: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    glfw = pytest.importorskip("glfw")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    glfw.terminate()
    yield glfw
    glfw.terminate()


@pytest.fixture
def window(glfw: Any) -> Iterator[Callable[..., Window]]:
    made: list[Window] = []

    def make(**options: Any) -> Window:
        try:
            made.append(Window("test", (32, 64), **options))
        except NoWindow as error:
            pytest.skip(str(error))
        return made[-1]

    yield make
    for each in made:
        each.close()


def halves() -> np.ndarray:
    frame = np.zeros((32, 64, 3), np.uint8)
    frame[:16], frame[16:] = RED, BLUE
    return frame


def test_the_window_shows_the_frame_the_right_way_up(window: Callable[..., Window]) -> None:
    shown = window()
    shown.write(halves())
    pixels = shown.pixels()
    assert pixels.shape == (512, 1024, 3)
    assert pixels[5, 5].tolist() == RED
    assert pixels[-5, -5].tolist() == BLUE


def test_triton_is_there_before_anything_draws(window: Callable[..., Window]) -> None:
    if find_spec("triton") is None:
        pytest.skip("torch came without triton")
    window()
    assert "triton" in sys.modules  # loaded after Mesa's OpenGL, it ends the process


def test_full_screen_is_letterboxed_or_filled_and_left_again(
    window: Callable[..., Window],
) -> None:
    shown = window()
    for fill, corner in ((False, [0, 0, 0]), (True, RED)):
        shown._fill = fill
        shown.press("enter")
        for _ in range(3):
            shown.write(halves())
        pixels = shown.pixels()
        assert shown.fullscreen
        assert pixels.shape == (600, 800, 3)
        assert pixels[5, 5].tolist() == corner
        assert pixels[290, 400].tolist() == RED
        shown.press("escape")
        assert not shown.fullscreen


def test_keys_do_what_the_help_says(window: Callable[..., Window]) -> None:
    done: list[str] = []
    keys = {"b": Key("blackout", lambda: done.append("b"))}
    shown = window(keys=keys, closed=lambda: done.append("closed"), notes=lambda: ["30 fps"])
    plain = np.full((32, 64, 3), 255, np.uint8)
    shown.write(plain)
    assert shown.pixels().min() == 255
    shown.press("h")
    shown.write(plain)
    assert shown.pixels()[:100, :100].mean() < 200
    assert shown.pixels()[-100:].min() == 255
    assert "b: blackout" in shown.help_lines()
    assert "30 fps" in shown.help_lines()
    for key in ("b", "q", "", "escape"):
        shown.press(key)
    assert done == ["b", "closed"]


def test_a_key_that_fails_is_told_and_the_picture_goes_on(
    window: Callable[..., Window], glfw: Any
) -> None:
    errors: list[BaseException] = []

    def broken() -> None:
        raise OSError("no cue")

    shown = window(keys={"n": Key("next", broken)}, failed=errors.append)
    shown._on_key(None, glfw.KEY_N, 0, glfw.PRESS, 0)
    shown._on_key(None, glfw.KEY_N, 0, glfw.RELEASE, 0)
    shown.write(halves())
    assert [str(error) for error in errors] == ["no cue"]


def test_a_screen_that_is_not_there_is_refused(window: Callable[..., Window]) -> None:
    with pytest.raises(UsageError, match="no screen 7; there are 1"):
        window(screen=7)


def test_a_closed_window_takes_frames_and_shows_none(window: Callable[..., Window]) -> None:
    shown = window()
    shown.close()
    shown.write(halves())
    shown.close()


@pytest.mark.parametrize(
    ("picture", "view", "fill", "share"),
    [
        ((100, 100), (200, 200), False, (1, 1)),
        ((100, 100), (200, 100), False, (0.5, 1)),
        ((200, 100), (100, 100), False, (1, 0.5)),
        ((100, 100), (200, 100), True, (1, 2)),
    ],
)
def test_a_picture_keeps_its_aspect(
    picture: tuple[int, int], view: tuple[int, int], fill: bool, share: tuple[float, float]
) -> None:
    assert fitted(picture, view, fill=fill) == share


def test_the_help_is_readable() -> None:
    plate = written(["b: blackout", "", "h: this help"])
    assert plate.shape[2] == 4
    assert plate[..., :3].max() == 240
    assert (plate[..., :3] > 128).mean() > 0.01


def test_without_a_display_the_performance_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    def none() -> Any:
        raise NoWindow("No window: there is no display.")

    monkeypatch.setattr("genart.live.window._glfw", none)
    lines: list[str] = []
    report = genart.perform(
        "drift", model="plasma", size=32, fps=60, seconds=0.1, window=True, osc="127.0.0.1:0",
        web="127.0.0.1:0", cues=tmp_path / "cues.json", tell=lines.append,
    )  # fmt: skip
    assert report.frames > 0
    assert "No window: there is no display. The picture is on the page." in lines


def test_a_performance_in_a_window_is_ended_by_its_keys(glfw: Any, tmp_path: Path) -> None:
    made: list[Window] = []
    shades: list[int] = []

    class Hand:
        """Presses keys as frames go by."""

        def write(self, frame: np.ndarray) -> None:
            shades.append(int(frame.max()))
            if len(shades) == 3:
                made[0].press("b")
            if len(shades) > 3 and shades[-1] == 0:
                made[0].press("escape")

        def close(self) -> None: ...

    class Kept(Window):
        def __init__(self, *args: Any, **options: Any) -> None:
            try:
                super().__init__(*args, **options)
            except NoWindow as error:
                pytest.skip(str(error))
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genart.live.window.Window", Kept)
        report = genart.perform(
            "drift", model="plasma", size=32, fps=60, seconds=20, window=True,
            osc="127.0.0.1:0", web="127.0.0.1:0", cues=tmp_path / "cues.json", sinks=[Hand()],
        )  # fmt: skip
    assert shades[-1] == 0
    assert max(shades) > 50
    assert report.seconds < 15
