"""The page in a real browser: Chromium, by hand of Playwright."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.live_page import Night, fader, until, visited

from genart.live.cues import Cues
from genart.live.web.server import Web

CONTRAST = Path(__file__).with_name("contrast.js")


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


def ink(page: Any) -> float:
    """The lightness of the image, 0..255, in the browser."""
    return float(
        page.evaluate("""() => {
          const canvas = document.getElementById('picture');
          const row = canvas.getContext('2d').getImageData(0, 99, canvas.width, 1).data;
          return [...row].filter((value, k) => k % 4 === 0).sort((a, b) => a - b)[128];
        }""")
    )


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


def test_what_is_refused_stands_beside_its_field_and_the_banner_can_be_closed(
    page: Any, night: Night
) -> None:
    before = night.value("walk.seeds")
    row = fader(page, "walk.seeds")
    field = row.locator("input")
    field.fill("one,two")
    field.press("Enter")
    page.wait_for_selector("#errors:not([hidden])")
    assert '"one" is not a key' in page.locator("#errors").inner_text()
    until(page, lambda: field.input_value() == before, "the field kept what cannot be")
    row.locator(".why").wait_for()
    assert "one,two" in row.locator(".why").inner_text()
    assert '"one" is not a key' in row.locator(".why").inner_text()
    assert page.locator(".why:visible").count() == 1
    notice = page.locator("#errors .notice", has_text="is not a key")
    notice.locator(".close").click()
    notice.wait_for(state="detached")
    page.wait_for_timeout(600)  # two more status lines, which still have it
    assert notice.count() == 0
    field.fill("3-4")
    field.press("Enter")
    row.locator(".why").wait_for(state="hidden")  # another value was asked for
    until(page, lambda: night.value("walk.seeds") == "3-4", "the right value was not taken")


def test_a_fault_is_shown_until_it_is_over_and_comes_back_when_it_does(
    page: Any, night: Night
) -> None:
    faults, errors = night.live.faults, page.locator("#errors")
    faults.add("cues", "The disk is full.")
    errors.get_by_text("The disk is full.").wait_for()
    assert "Free space" in errors.inner_text()
    assert "Since " in errors.inner_text()
    errors.locator(".notice", has_text="disk").locator(".close").click()
    errors.get_by_text("The disk is full.").wait_for(state="detached")
    faults.add("mapping", "No such Param.")
    errors.get_by_text("No such Param.").wait_for()
    assert "The disk is full." not in errors.inner_text()  # closed, and still the same
    for where in ("cues", "mapping"):
        faults.settle(where)


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


def test_a_search_without_a_hit_says_so(page: Any) -> None:
    page.locator("#search").fill("moonlight")
    page.locator("#none").wait_for()
    assert "moonlight" in page.locator("#none").inner_text()
    assert page.locator(".row:visible").count() == 0
    page.get_by_role("button", name="show all Params").click()
    assert page.locator(".row:visible").count() > 20
    assert page.locator("#search").input_value() == ""


def test_sketch_model_and_walk_come_first_and_params_are_grouped_by_purpose(page: Any) -> None:
    owners = page.locator(".panel").evaluate_all("(all) => all.map((each) => each.dataset.owner)")
    assert owners[:3] == ["sketch", "model", "walk"]
    second = page.locator('.panel[data-owner="model"] .group', has_text="second model")
    paths = second.locator(".row").evaluate_all("(all) => all.map((each) => each.dataset.path)")
    assert paths == ["model.other", "model.blend", "model.swap"]
    assert second.locator(".name").all_text_contents() == ["name", "share", "from resolution"]


def test_what_has_no_effect_is_dim_and_says_why(page: Any, night: Night) -> None:
    night.live.store.put("walk.kind", "linear", "osc")
    page.wait_for_selector('.row.unused[data-path="walk.radius"]')
    row = fader(page, "walk.radius")
    row.locator(".about").click()
    assert "No effect on a linear walk." in row.locator(".explain").inner_text()
    night.live.store.put("walk.kind", "circle", "osc")
    page.wait_for_selector('.row:not(.unused)[data-path="walk.radius"]')
    assert "No effect" not in row.locator(".explain").inner_text()
    row.locator(".about").click()
    row.locator(".explain").wait_for(state="hidden")


def test_a_light_shows_that_osc_arrives(page: Any, night: Night) -> None:
    page.wait_for_timeout(600)
    assert page.locator("#lights .on").count() == 0
    night.osc("/genart/nowhere", 1.0)
    page.wait_for_selector('#lights .on[data-of="osc"]')
    page.wait_for_selector('#lights .seen:not(.on)[data-of="osc"]')
    night.live.console.feed("midi", "cc/1/74 box", 64)
    page.wait_for_selector('#lights .on[data-of="midi"]')


def test_the_quality_goes_down_and_up(page: Any, night: Night) -> None:
    lower = page.get_by_role("button", name="lower the quality")
    lower.click()
    until(page, lambda: night.live.quality.level == "1/2 size", "it did not go down")
    page.locator(".steps output", has_text="1/2 size").wait_for()
    page.get_by_role("button", name="raise the quality").click()
    until(page, lambda: night.live.quality.level == "full", "it did not go up")
    page.locator(".steps output", has_text="full").wait_for()
    assert page.get_by_role("button", name="raise the quality").is_disabled()


def test_a_phone_is_invited_only_where_it_can_come(page: Any, night: Night) -> None:
    page.locator("#phone").click()
    assert "--web 0.0.0.0" in page.locator("#address").inner_text()
    assert page.locator("#qr").is_hidden()
    page.locator("#join button").click()


def test_a_param_learns_and_forgets(page: Any, night: Night) -> None:
    learn = fader(page, "sketch.grey").locator(".learn")
    pressed = '.row[data-path="sketch.grey"] .learn[aria-pressed="true"]'
    learn.click()
    page.wait_for_selector(pressed)
    notice = page.locator("#learning")
    assert "Learning sketch.grey" in notice.inner_text()
    assert "MIDI is off" in notice.inner_text()
    night.live.console.say("midi", "nanoKONTROL2")
    notice.get_by_text("MIDI listens to nanoKONTROL2.").wait_for()
    del night.live.console.said["midi"]
    learn.click()
    page.wait_for_selector(pressed, state="detached")  # gave up
    learn.click()
    notice.get_by_role("button", name="cancel").click()
    notice.wait_for(state="hidden")
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


def test_another_sketch_is_chosen(page: Any, night: Night) -> None:
    choice = page.get_by_label("sketch", exact=True)
    assert choice.input_value() == "Played"
    choice.select_option("breathe")
    fader(page, "sketch.breaths").wait_for()
    until(page, lambda: choice.input_value() == "breathe", "the choice did not follow")
    assert "like breathing" in page.locator(".hint").inner_text()
    assert "breathe" in page.locator("#sketch").inner_text()
    choice.select_option("Played")
    fader(page, "sketch.grey").wait_for()
    until(page, lambda: choice.input_value() == "Played", "the choice did not follow")


def test_every_text_stands_out_and_every_control_has_a_name(page: Any) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => each.open = true)")
    weak, nameless = page.evaluate(CONTRAST.read_text())
    assert weak == []
    assert nameless == []
