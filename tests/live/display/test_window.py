"""The window, on a virtual display; and the message without one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.displays import BLUE, RED, at, halves, served, windows

import genart
from genart.errors import UsageError
from genart.live.display.gl_renderer import fitted
from genart.live.display.monitors import NoWindow, first_size
from genart.live.display.overlay import written
from genart.live.display.window import Key, Window


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    yield from served("Xvfb", "-screen", "0", "800x600x24")


@pytest.fixture
def glfw(display: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    yield from at(display, monkeypatch)


@pytest.fixture
def window(glfw: Any) -> Iterator[Callable[..., Window]]:
    yield from windows()


def test_the_window_shows_the_frame_the_right_way_up(window: Callable[..., Window]) -> None:
    shown = window()
    shown.write(halves())
    pixels = shown.pixels()
    assert pixels.shape == (360, 720, 3)  # nine tenths of the screen
    assert pixels[5, 5].tolist() == RED
    assert pixels[-5, -5].tolist() == BLUE


def test_a_performance_draws_and_closes_its_window_in_the_thread_that_opened_it(
    window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, threads = window(), set[threading.Thread]()
    write, close = shown.write, shown.close

    def noted(do: Callable[..., None]) -> Callable[..., None]:
        return lambda *given: (threads.add(threading.current_thread()), do(*given))[1]

    monkeypatch.setattr(shown, "write", noted(write))
    monkeypatch.setattr(shown, "close", noted(close))
    live = genart.live.Live(model="plasma", size=32, seconds=0.2)
    live.run([shown])
    assert threads == {threading.main_thread()}


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
    assert shown.pixels()[:60, :60].mean() < 200
    assert shown.pixels()[-100:].min() == 255
    assert ("b", "blackout") in shown.help_lines()
    for key in ("b", "q", "", "escape"):
        shown.press(key)
    assert done == ["b", "closed"]


def test_a_key_that_fails_is_reported_and_the_image_goes_on(
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
def test_an_image_keeps_its_aspect(
    picture: tuple[int, int], view: tuple[int, int], fill: bool, share: tuple[float, float]
) -> None:
    assert fitted(picture, view, fill=fill) == share


KEYS = [("b", "blackout"), *[(str(k), "something that a key does") for k in range(11)]]
WRONG = "sketch: line 12: something went wrong that takes a long sentence to say " * 2


@pytest.mark.parametrize("view", [(256, 256), (512, 288), (1920, 1080), (3840, 2160)])
def test_the_help_fits_and_is_readable_in_any_window(view: tuple[int, int]) -> None:
    plate = written(KEYS, ["30 fps", WRONG], view)
    assert plate.shape[1] <= view[0]
    assert plate.shape[0] <= view[1]
    lit = (plate[..., :3].max(2) > 128).any(1)  # the rows of pixels that hold text
    rows = "".join(" #"[int(each)] for each in lit).split()
    assert len(rows) >= 12  # lines do not run together
    assert max(map(len, rows)) >= max(7, view[1] // 60)  # pixels from ascender to descender


def test_what_is_too_much_for_a_window_is_cut() -> None:
    assert written(KEYS, [WRONG] * 9, (120, 60)).shape == (60, 120, 4)


@pytest.mark.parametrize(
    ("picture", "area", "size"),
    [
        ((32, 64), (1920, 1080), (1024, 512)),  # a small one is enlarged
        ((1080, 1920), (1920, 1080), (1728, 972)),  # a large one leaves room for the bars
        ((2160, 3840), (800, 600), (720, 405)),
    ],
)
def test_a_window_opens_as_large_as_its_screen_lets_it(
    picture: tuple[int, int], area: tuple[int, int], size: tuple[int, int]
) -> None:
    assert first_size(picture, area, 512) == size


def test_without_a_display_the_performance_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    def none() -> Any:
        raise NoWindow("No window: there is no display.")

    monkeypatch.setattr("genart.live.display.window.ready_glfw", none)
    lines: list[str] = []
    report = genart.perform(
        "drift", model="plasma", size=32, fps=60, seconds=0.1, window=True, osc="127.0.0.1:0",
        web="127.0.0.1:0", cues=tmp_path / "cues.json", tell=lines.append,
    )  # fmt: skip
    assert report.frames > 0
    assert (
        "No window: there is no display. Open the page to see the image, or use --headless."
        in lines
    )


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
        patch.setattr("genart.live.open_windows.Window", Kept)
        report = genart.perform(
            "drift", model="plasma", size=32, fps=60, seconds=20, window=True,
            osc="127.0.0.1:0", web="127.0.0.1:0", cues=tmp_path / "cues.json", sinks=[Hand()],
        )  # fmt: skip
    assert shades[-1] == 0
    assert max(shades) > 50
    assert report.seconds < 15
