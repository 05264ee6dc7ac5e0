"""Virtual displays: private X servers, one with two screens, and windows on them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageGrab, features

from genart.live.display.monitors import NoWindow
from genart.live.display.window import Window

RED, BLUE = [255, 0, 0], [0, 0, 255]


def served(program: str, *arguments: str, **options: Any) -> Iterator[str]:
    """A private X server; gives its display."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    told, said = os.pipe()
    server = subprocess.Popen(
        [found, "-displayfd", str(said), *arguments], pass_fds=[said],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options,
    )  # fmt: skip
    os.close(said)
    with os.fdopen(told) as pipe:
        number = pipe.readline().strip()
    if number:
        yield f":{number}"
    server.terminate()
    server.wait()
    if not number:
        pytest.skip(f"{program} does not start here")


XORG = """
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam 64000
EndSection
Section "Monitor"
  Identifier "wide"
  HorizSync 5-1000
  VertRefresh 5-1000
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  Monitor "wide"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "800x600"
    Virtual 2048 1024
  EndSubSection
EndSection
"""


class Screens:
    """Two screens side by side, 800x600 and 640x480; the second can be unplugged."""

    def __init__(self, display: str) -> None:
        self.display = display
        self.call("xrandr", "--output", "DUMMY0", "--mode", "800x600", "--pos", "0x0")
        self.plug()

    def call(self, *command: str) -> str:
        environment = {**os.environ, "DISPLAY": self.display}
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout

    def plug(self) -> None:
        self.call("xrandr", "--addmode", "DUMMY1", "640x480")
        self.call("xrandr", "--output", "DUMMY1", "--mode", "640x480", "--pos", "800x0")
        self.call("xrandr")  # the server looks again at what is connected only if it is asked

    def unplug(self) -> None:
        self.call("xrandr", "--output", "DUMMY1", "--off")
        self.call("xrandr")

    def seen(self) -> np.ndarray:
        """A photograph of both, (600, 1440, 3)."""
        return np.asarray(ImageGrab.grab(xdisplay=self.display).convert("RGB"))


def two_screens(folder: Path) -> Iterator[Screens]:
    """The two screens, with an X server of their own."""
    if shutil.which("xrandr") is None or not features.check("xcb"):
        pytest.skip("xrandr is not installed, or Pillow cannot photograph a screen")
    (folder / "xorg.conf").write_text(XORG)
    for display in served(
        "Xorg", "-noreset", "-nolisten", "tcp", "-novtswitch", "-sharevts",
        "-config", "xorg.conf", "-logfile", str(folder / "log"), cwd=folder,
    ):  # fmt: skip
        try:
            screens = Screens(display)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no second screen here: {error.stderr}")
        yield screens


def at(display: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    glfw = pytest.importorskip("glfw")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    glfw.terminate()
    yield glfw
    glfw.terminate()


def windows() -> Iterator[Callable[..., Window]]:
    """Makes windows; skips where none can be drawn, and closes them all."""
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
    """A frame, red above and blue below."""
    frame = np.zeros((32, 64, 3), np.uint8)
    frame[:16], frame[16:] = RED, BLUE
    return frame
