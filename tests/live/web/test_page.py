"""The page in a real browser: Chromium, by hand of Playwright."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

import genart
from genart.live.cues import Cues
from genart.live.perform import perform
from genart.live.performance import Live
from genart.live.web.server import Web

CONTRAST = Path(__file__).with_name("contrast.js")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


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


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    made: list[Live] = []

    class Kept(Live):
        def __init__(self, *args: Any, **words: Any) -> None:
            super().__init__(*args, **words)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genart.live.perform.Live", Kept)
        with Night(tmp_path_factory.mktemp("night")) as playing:
            playing.live = made[0]
            yield playing


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    root = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=[*root, "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def laptop(browser: Any, night: Night) -> Iterator[tuple[Any, list[str]]]:
    yield from visited(browser, night, viewport={"width": 1280, "height": 800})


@pytest.fixture
def page(laptop: tuple[Any, list[str]]) -> Iterator[Any]:
    """The page on a laptop, one for all tests; an error in it fails the test."""
    page, wrong = laptop
    page.evaluate("() => document.activeElement?.blur()")
    yield page
    assert wrong == []


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


def ink(page: Any) -> float:
    """The lightness of the image, 0..255, in the browser."""
    return float(
        page.evaluate("""() => {
          const canvas = document.getElementById('picture');
          const row = canvas.getContext('2d').getImageData(0, 99, canvas.width, 1).data;
          return [...row].filter((value, k) => k % 4 === 0).sort((a, b) => a - b)[128];
        }""")
    )


def until(page: Any, test: Any, what: str) -> None:
    """Wait until something is so; the browser goes on meanwhile."""
    for _ in range(500):
        if test():
            return
        page.wait_for_timeout(20)
    raise AssertionError(what)


def fader(page: Any, path: str) -> Any:
    return page.locator(f'.row[data-path="{path}"]')


def drag(page: Any, path: str, start: float, end: float) -> None:
    box = fader(page, path).locator(".bar").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], middle, steps=5)
    page.mouse.up()


def test_the_page_shows_frames_that_move(page: Any) -> None:
    page.wait_for_function("() => document.getElementById('picture').dataset.frames > 10")
    bright = """() => {
      const row = document.getElementById('picture').getContext('2d').getImageData(0, 9, 256, 1);
      return [...row.data].findIndex((value, k) => k % 4 === 0 && value > 120) / 4;
    }"""  # where the line is
    first = page.evaluate(bright)
    until(page, lambda: page.evaluate(bright) != first, "the line stands still")
    assert page.evaluate("() => document.getElementById('picture').width") == 256


def test_a_slider_moves_the_image_and_osc_moves_the_slider(page: Any, night: Night) -> None:
    page.wait_for_function("() => document.getElementById('picture').dataset.frames > 2")
    drag(page, "sketch.grey", 0.3, 0.8)
    until(page, lambda: abs(night.value("sketch.grey") - 0.8) < 0.01, "the Param did not follow")
    until(page, lambda: abs(ink(page) - 204) < 6, "the image did not follow")
    night.osc("/genart/sketch/grey", 0.1)
    row = fader(page, "sketch.grey")
    until(page, lambda: row.locator(".value").input_value() == "0.100", "the number did not follow")
    assert float(row.locator("[type=range]").input_value()) == pytest.approx(0.1)
    until(page, lambda: abs(ink(page) - 26) < 6, "the image did not follow OSC")


def test_a_slider_follows_its_curve_the_keyboard_and_a_double_click(
    page: Any, night: Night
) -> None:
    row = fader(page, "sketch.pitch")
    drag(page, "sketch.pitch", 0.1, 0.75)
    until(page, lambda: night.value("sketch.pitch") == pytest.approx(1000, rel=0.05), "no log")
    row.locator("[type=range]").press("ArrowRight")
    until(page, lambda: night.value("sketch.pitch") > 1000, "the arrow changed nothing")
    row.locator(".bar").dblclick(position={"x": 5, "y": 10})
    until(page, lambda: night.value("sketch.pitch") == 100.0, "a double click did not reset")
    number = row.locator(".value")
    until(page, lambda: number.input_value() == "100.0", "the number did not follow")
    number.fill("440")
    number.press("Enter")
    until(
        page, lambda: night.value("sketch.pitch") == 440.0,
        f"the number was not taken: {night.value('sketch.pitch')}, {number.input_value()} shown",
    )  # fmt: skip
    row.locator(".value").fill("much")
    row.locator(".value").press("Enter")
    assert row.locator(".value").input_value() == "440.0"
    row.locator("[type=range]").press("Delete")
    until(page, lambda: night.value("sketch.pitch") == 100.0, "Delete did not reset")


def test_every_kind_of_param_has_its_control(page: Any, night: Night) -> None:
    page.get_by_role("radio", name="wild").check()
    page.get_by_role("switch", name="lit").check()
    fader(page, "walk.kind").locator("select").select_option("circle")
    deep = fader(page, "sketch.deep").locator("input")
    deep.fill("1234567")
    deep.press("Enter")
    seeds = fader(page, "walk.seeds").locator("input")
    seeds.fill("4,8")
    assert night.value("walk.seeds") != "4,8"  # not while somebody types
    night.live.store.put("walk.seeds", "2-3", "osc")
    page.wait_for_timeout(100)
    assert seeds.input_value() == "4,8"
    seeds.press("Enter")
    wanted = {
        "sketch.look": "wild", "sketch.lit": True, "walk.kind": "circle",
        "sketch.deep": 1_234_567, "walk.seeds": "4,8",
    }  # fmt: skip
    until(page, lambda: {p: night.value(p) for p in wanted} == wanted, "a control changed nothing")
    known = fader(page, "model.name").locator("select option").all_text_contents()
    assert {"plasma", "pomona"} <= set(known)
    seeds.fill("one,two")
    seeds.press("Escape")
    assert seeds.input_value() == "4,8"


def test_what_is_refused_is_reported_and_goes_back(page: Any, night: Night) -> None:
    before = night.value("walk.seeds")
    field = fader(page, "walk.seeds").locator("input")
    field.fill("one,two")
    field.press("Enter")
    page.wait_for_selector("#errors:not([hidden])")
    assert '"one" is not a key' in page.locator("#errors").inner_text()
    until(page, lambda: field.input_value() == before, "the field kept what cannot be")


def test_cues_are_saved_recalled_and_deleted_in_two_presses(page: Any, night: Night) -> None:
    def cues() -> list[str]:
        return Cues(night.live.store, night.folder / "cues.json").names

    night.live.store.put("sketch.grey", 0.5, "osc")
    page.get_by_label("Name of a new cue").fill("half")
    page.get_by_label("Name of a new cue").press("Enter")
    pad = page.locator('.cue[data-name="half"]')
    pad.wait_for()
    night.live.store.put("sketch.grey", 0.9, "osc")
    page.locator("#fade").fill("0")
    pad.locator(".go").click()
    until(page, lambda: night.value("sketch.grey") == 0.5, "the pad recalled nothing")
    night.live.store.put("sketch.grey", 0.9, "osc")
    page.keyboard.press("1")
    until(page, lambda: night.value("sketch.grey") == 0.5, "the digit recalled nothing")
    page.wait_for_selector('.cue.on[data-name="half"]')
    night.live.store.put("tempo.launch", 64.0, "osc")
    pad.locator(".go").click()
    page.wait_for_selector('.cue.waits[data-name="half"]')  # for its beat
    night.live.store.put("tempo.launch", 0.0, "osc")
    pad.locator(".go").click()
    page.wait_for_selector('.cue:not(.waits)[data-name="half"]')
    pad.get_by_role("button", name="delete").click()
    assert cues() == ["half"]
    pad.get_by_role("button", name="confirm").click()
    pad.wait_for(state="detached")
    assert cues() == []


def test_the_deck_taps_switches_and_records(page: Any, night: Night) -> None:
    for name, path in (("blackout", "output.blackout"), ("freeze", "output.freeze")):
        page.get_by_role("button", name=name, exact=False).first.click()
        until(page, lambda path=path: night.value(path) is True, f"{name} did nothing")
        page.keyboard.press(name[0])
        until(page, lambda path=path: night.value(path) is False, f"{name[0]} did nothing")
    page.locator("#record").click()
    page.wait_for_function("() => document.getElementById('time').textContent === '00:00'")
    page.wait_for_function("() => document.getElementById('time').textContent === '00:01'")
    page.locator("#record").click()
    until(page, lambda: any((night.folder / "films").glob("*.mp4")), "no film")
    for _ in range(3):
        page.locator("#tap").dispatch_event("pointerdown")
        page.wait_for_timeout(200)
    until(page, lambda: night.value("tempo.bpm") > 150, "taps changed nothing")


def test_a_param_is_found_by_its_name(page: Any) -> None:
    page.keyboard.press("/")
    page.keyboard.type("walk ra")
    rows = page.locator(".row:visible")
    assert [rows.nth(k).get_attribute("data-path") for k in range(rows.count())] == ["walk.radius"]
    page.locator("#search").fill("how light")
    assert rows.get_attribute("data-path") == "sketch.grey"  # no name has that, but its sentence
    page.keyboard.press("Escape")
    assert rows.count() > 20


def test_a_param_learns_and_forgets(page: Any, night: Night) -> None:
    learn = fader(page, "sketch.grey").locator(".learn")
    pressed = '.row[data-path="sketch.grey"] .learn[aria-pressed="true"]'
    learn.click()
    page.wait_for_selector(pressed)
    learn.click()
    page.wait_for_selector(pressed, state="detached")  # gave up
    learn.click()
    page.wait_for_selector(pressed)
    for step in range(6):
        night.osc("/stranger/fader", step / 5)
        page.wait_for_timeout(50)
    page.wait_for_selector('.row[data-path="sketch.grey"] .learn.mapped')
    assert "/stranger/fader" in learn.get_attribute("title")
    learn.click()
    page.wait_for_selector(pressed)
    learn.click()
    page.wait_for_selector('.row[data-path="sketch.grey"] .learn.mapped', state="detached")
    assert fader(page, "sketch.words").locator(".learn").count() == 0


def test_a_page_that_was_cut_off_comes_back_with_everything(page: Any, night: Night) -> None:
    page.evaluate("() => { document.querySelector('.row').dataset.mark = 'same'; }")
    night.live.store.put("sketch.count", 3, "osc")
    web = next(each for each in night.live.services if isinstance(each, Web))
    assert web._loop is not None
    asyncio.run_coroutine_threadsafe(web._clients.close(), web._loop)
    page.wait_for_selector("body.lost")
    assert "lost" in page.locator("#link").inner_text()
    night.live.store.put("sketch.count", 7, "osc")
    page.wait_for_selector("body:not(.lost)")
    count = fader(page, "sketch.count").locator(".value")
    until(page, lambda: count.input_value() == "7", "what happened meanwhile is not shown")
    assert page.locator(".row[data-mark=same]").count() == 1  # nothing was built again


def test_a_phone_has_room_for_all_of_it_and_for_a_finger(browser: Any, night: Night) -> None:
    look = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    for page, wrong in visited(browser, night, **look):
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390
        small = page.evaluate("""() => [...document.querySelectorAll('.row > *, .pad, .cue button')]
          .filter((each) => each.offsetParent && each.tagName !== 'I')
          .filter((each) => each.getBoundingClientRect().height < 40)
          .map((each) => each.outerHTML)""")
        assert small == []
        box = fader(page, "walk.radius").locator(".bar")
        box.scroll_into_view_if_needed()
        before = night.value("walk.radius")
        box.tap()
        page.wait_for_timeout(100)
        assert night.value("walk.radius") == before  # a thumb that scrolls turns nothing
        assert wrong == []


def test_nothing_jumps_and_the_image_goes_full_screen(page: Any) -> None:
    shift = page.evaluate("""() => new Promise((done) => {
      let sum = 0;
      const seen = (list) => list.getEntries()
        .filter((entry) => !entry.hadRecentInput).forEach((entry) => (sum += entry.value));
      new PerformanceObserver(seen).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => done(sum), 100);
    })""")
    assert shift < 0.02  # Core Web Vitals call 0.1 good
    page.locator("#whole").click()
    page.wait_for_function("() => document.fullscreenElement?.id === 'view'")
    page.evaluate("() => document.exitFullscreen()")
    page.wait_for_function("() => !document.fullscreenElement")


def test_every_text_stands_out_and_every_control_has_a_name(page: Any) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => each.open = true)")
    weak, nameless = page.evaluate(CONTRAST.read_text())
    assert weak == []
    assert nameless == []
