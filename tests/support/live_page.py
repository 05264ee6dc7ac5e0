"""The page in Chromium: a performance in a thread, a browser, and what tests of the page share."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

import genart
from genart.live.perform import perform
from genart.live.performance import Live
from genart.live.web.server import Web


class Played(genart.Sketch):
    """A grey that a slider turns, with a Param of every kind."""

    defaults: ClassVar = {"walk.kind": "linear", "model.name": "plasma"}
    grey = genart.Param(0.25, 0.0, 1.0, smooth=0.0, help="How light.")
    pitch = genart.Param(100.0, 1.0, 10_000.0, curve="log", unit="Hz", smooth=0.0)
    count = genart.Param(3, 0, 10)
    deep = genart.Param(0, 0, 10_000_000)
    look = genart.Param("calm", choices=("calm", "wild"))
    lit = genart.Param(False)
    words = genart.Param("one")

    def draw(self, t: float, dt: float) -> np.ndarray:
        height, width = self.size
        frame = np.full((height, width, 3), round(255 * self.grey), np.uint8)
        frame[:, int(t * 60) % width] = 255 - frame[0, 0]  # a line that moves every frame
        return frame


class Night:
    """A performance in a thread, and what is needed to play it from outside."""

    live: Live

    def __init__(self, folder: Path) -> None:
        self.folder, self.lines = folder, list[str]()
        self._told = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play)

    def __enter__(self) -> Night:
        self._thread.start()
        assert self._told.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()
        self._thread.join(30)

    def _play(self) -> None:
        perform(
            Played, model="plasma", size=256, fps=30, web="127.0.0.1:0", osc="127.0.0.1:0",
            cues=self.folder / "cues.json", mapping=None, recordings=self.folder / "films",
            sinks=[self], tell=self._tell,
        )  # fmt: skip

    def _tell(self, line: str) -> None:
        self.lines.append(line)

    def write(self, frame: np.ndarray) -> None:
        self._told.set()

    def close(self) -> None: ...

    def said(self, what: str) -> str:
        return next(line.split()[1] for line in self.lines if line.startswith(what))

    def osc(self, address: str, value: Any) -> None:
        host, port = self.said("osc").split(":")
        with SimpleUDPClient(host, int(port)) as client:
            client.send_message(address, value)

    def value(self, path: str) -> Any:
        return self.live.store.current(path)

    @property
    def web(self) -> Web:
        return next(each for each in self.live.services if isinstance(each, Web))

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """The web server stands still, as a computer does that is too busy."""
        loop, going = self.web._loop, threading.Event()
        assert loop is not None
        loop.call_soon_threadsafe(going.wait, 30)
        try:
            yield
        finally:
            going.set()


def performed(folder: Path) -> Iterator[Night]:
    """A performance, ended in the end."""
    made: list[Live] = []

    class Kept(Live):
        def __init__(self, *args: Any, **words: Any) -> None:
            super().__init__(*args, **words)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genart.live.perform.Live", Kept)
        with Night(folder) as playing:
            playing.live = made[0]
            yield playing


def launched() -> Iterator[Any]:
    """Chromium, closed in the end; the test is skipped without it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    root = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=[*root, "--disable-gpu"])
        yield opened
        opened.close()


def visited(browser: Any, night: Night, **look: Any) -> Iterator[tuple[Any, list[str]]]:
    """The page, and the errors in it."""
    wrong: list[str] = []
    context = browser.new_context(**look)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.goto(night.said("page"))
    page.wait_for_selector(".row")
    yield page, wrong
    context.close()


def until(page: Any, test: Any, what: str) -> None:
    """Wait until something is so; the browser goes on meanwhile."""
    for _ in range(500):
        if test():
            return
        page.wait_for_timeout(20)
    raise AssertionError(what)


def fader(page: Any, path: str) -> Any:
    return page.locator(f'.row[data-path="{path}"]')
