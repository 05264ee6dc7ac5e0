"""Windows on two real screens of an X server: full screen, keys, the mouse, a cable pulled."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.displays import BLUE, RED, Screens, at, halves, two_screens, windows

import genart
from genart.live.display.window import Key, Window

LONGEST = 10.0  # seconds after which something does not come any more


@pytest.fixture(scope="module")
def xorg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screens]:
    yield from two_screens(tmp_path_factory.mktemp("xorg"))


@pytest.fixture
def screens(xorg: Screens, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screens]:
    for _ in at(xorg.display, monkeypatch):
        yield xorg


@pytest.fixture
def window(screens: Screens) -> Iterator[Callable[..., Window]]:
    yield from windows()


def shows(shown: Window | list[Window], test: Callable[[], Any]) -> bool:
    """Whether something becomes true while frames are shown."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        for each in shown if isinstance(shown, list) else [shown]:
            each.write(halves())
        if test():
            return True
    return False


def covered(screens: Screens, left: int, top: int, width: int, height: int) -> bool:
    """Whether the image, twice as wide as high, lies across a screen with black around it."""
    seen = screens.seen()[top : top + height, left : left + width]
    middle, quarter = height // 2, width // 4
    return (
        seen[middle - quarter + 2, 1].tolist() == RED
        and seen[middle + quarter - 3, width - 2].tolist() == BLUE
        and not seen[: middle - quarter - 2].any()
        and not seen[middle + quarter + 2 :].any()
    )


def test_full_screen_covers_the_second_screen_and_no_other(
    screens: Screens, window: Callable[..., Window]
) -> None:
    shown = window(screen=2, fullscreen=True)
    assert shows(shown, lambda: covered(screens, 800, 0, 640, 480))
    assert not screens.seen()[:, :800].any()
    shown.press("escape")
    assert shows(shown, lambda: not covered(screens, 800, 0, 640, 480))
    assert not shown.fullscreen


def test_two_windows_cover_two_screens(screens: Screens, window: Callable[..., Window]) -> None:
    both = [window(screen=1, fullscreen=True), window(screen=2, fullscreen=True, vsync=False)]
    assert shows(
        both, lambda: covered(screens, 0, 0, 800, 600) and covered(screens, 800, 0, 640, 480)
    )


def test_a_cable_that_is_pulled_leaves_a_window_until_it_is_back(
    screens: Screens, window: Callable[..., Window]
) -> None:
    told: list[str] = []
    shown = window(
        screen=2, fullscreen=True, failed=told.append, settled=lambda: told.append("well")
    )
    assert shows(shown, lambda: covered(screens, 800, 0, 640, 480))
    screens.unplug()
    try:
        assert shows(shown, lambda: told)
        assert told == ["Screen DUMMY1 is gone; the image is in a window."]
        assert not shown.fullscreen
        assert shows(shown, lambda: (screens.seen()[:600, :800] == RED).all(2).any())
    finally:
        screens.plug()
    assert shows(shown, lambda: covered(screens, 800, 0, 640, 480))
    assert told[1:] == ["well"]


def test_keys_of_a_real_keyboard_play(screens: Screens, window: Callable[..., Window]) -> None:
    if shutil.which("xdotool") is None:
        pytest.skip("xdotool is not installed")
    done: list[str] = []
    keys = {key: Key(key, lambda key=key: done.append(key)) for key in ("b", " ", "3")}
    shown = window(keys=keys, closed=lambda: done.append("closed"))
    shown.write(halves())
    screens.call("xdotool", "search", "--name", "^test$", "windowfocus")
    for pressed in ("b", "space", "3", "KP_3", "ctrl+b", "h", "F11"):
        screens.call("xdotool", "key", pressed)
    assert shows(shown, lambda: shown.fullscreen)
    assert done == ["b", " ", "3", "3"]
    assert shown.help
    for _ in range(2):
        screens.call("xdotool", "key", "Escape")
    assert shows(shown, lambda: "closed" in done)


def test_a_window_opens_where_its_screen_is_and_as_large_as_that_is_dense(
    screens: Screens, window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = window(screen=2)
    glfw = plain._glfw
    assert glfw.get_window_pos(plain._handle)[0] >= 800
    assert glfw.get_window_size(plain._handle) == (576, 288)
    monkeypatch.setattr("genart.live.display.window._SMALLEST", 64)
    monkeypatch.setattr(glfw, "get_monitor_content_scale", lambda monitor: (2.0, 2.0))
    assert glfw.get_window_size(window(screen=2)._handle) == (256, 128)


def test_a_mouse_that_rests_is_hidden_in_full_screen(
    window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("genart.live.display.window.time.monotonic", lambda: now[0])
    shown = window(fullscreen=True)
    glfw = shown._glfw

    def hidden() -> bool:
        shown.write(halves())
        return bool(glfw.get_input_mode(shown._handle, glfw.CURSOR) == glfw.CURSOR_HIDDEN)

    assert not hidden()
    now[0] += 2.5
    assert hidden()
    shown._on_mouse(shown._handle, 5.0, 5.0)
    assert not hidden()
    now[0] += 2.5
    assert hidden()
    shown.press("enter")
    assert not hidden()


def test_a_window_that_cannot_draw_never_ends_the_show(window: Callable[..., Window]) -> None:
    told: list[Any] = []
    shown = window(failed=told.append, settled=lambda: told.append("well"))
    shown.write(halves())
    paint = shown._renderer.paint

    def broken(*args: Any, **options: Any) -> None:
        raise RuntimeError("the card is gone")

    shown._renderer.paint = broken  # type: ignore[method-assign]
    shown._on_refresh(None)
    shown.write(halves())
    shown._renderer.paint = paint  # type: ignore[method-assign]
    shown.write(halves())
    assert [str(each) for each in told] == ["the card is gone", "the card is gone", "well"]


def test_a_photograph_of_the_screen_shows_the_walk(screens: Screens, tmp_path: Path) -> None:
    photographs: list[np.ndarray] = []
    frames: list[np.ndarray] = []

    class Camera:
        def write(self, frame: np.ndarray) -> None:
            frames.append(frame)
            if len(frames) in (10, 30):
                photographs.append(screens.seen()[:480, 960:1440][80:400, 80:400])
            if len(frames) == 30:
                signal.raise_signal(signal.SIGINT)  # as Ctrl-C does

        def close(self) -> None: ...

    report = genart.perform(
        "drift", model="plasma", size=32, fps=60, seconds=30, window=True, screen=2,
        fullscreen=True, osc="127.0.0.1:0", web="127.0.0.1:0", cues=tmp_path / "cues.json",
        sinks=[Camera()], params={"transport.seconds": 2.0},
    )  # fmt: skip
    first, second = (each.astype(float) for each in photographs)
    assert first.std() > 10  # an image
    assert abs(first - second).mean() > 2  # that moves
    assert report.errors == 0, report.faults
