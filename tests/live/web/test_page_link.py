"""The page while its connection is lost or stalled: it shows what is, and nothing acts later."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from support.live_page import Night, fader, until, visited


@pytest.fixture(scope="module")
def opened(browser: Any, night: Night) -> Iterator[tuple[Any, list[str]]]:
    yield from visited(browser, night, viewport={"width": 1280, "height": 800})


@pytest.fixture
def page(opened: tuple[Any, list[str]]) -> Iterator[Any]:
    page, wrong = opened
    page.wait_for_selector("body:not(.lost, .starting)")
    yield page
    assert wrong == []


def back(page: Any) -> None:
    page.wait_for_selector("body:not(.lost)")
    page.wait_for_timeout(1200)  # longer than anything that was sent may wait


def test_a_stalled_server_is_seen_within_three_seconds_and_nothing_pressed_acts_later(
    page: Any, night: Night
) -> None:
    before = night.live.store.values()
    with night.stalled():
        began = time.monotonic()
        page.wait_for_selector("body.lost")
        assert time.monotonic() - began < 3
        assert "lost" in page.locator("#link").inner_text()
        assert page.locator("#stale").is_visible()
        page.locator("#blackout").click()
        page.keyboard.press("f")
        page.locator("#tap").click()
        fader(page, "sketch.grey").locator(".bar").click(position={"x": 200, "y": 10})
        fader(page, "sketch.lit").locator("input").click()
        typed = fader(page, "walk.seeds").locator("input")
        typed.fill("7,8,9")
        typed.press("Enter")
        page.locator("#cue").fill("never")
        page.locator("#cue").press("Enter")
        assert "nothing was changed" in page.locator("#errors").inner_text()
        for id in ("blackout", "freeze"):
            assert page.locator(f"#{id}").get_attribute("aria-pressed") == "false"
        assert not fader(page, "sketch.lit").locator("input").is_checked()
        assert typed.input_value() == before["walk.seeds"]
    back(page)
    ignored = {"transport.phase"}
    now = night.live.store.values()
    assert {p for p in before if before[p] != now[p]} <= ignored
    assert page.locator('.cue[data-name="never"]').count() == 0


def test_what_was_pressed_just_before_it_was_lost_acts_soon_or_never(
    page: Any, night: Night
) -> None:
    with night.stalled():
        page.locator("#blackout").click()
        box = fader(page, "sketch.grey").locator(".bar")
        box.click(position={"x": 4, "y": 10})
        level = box.evaluate("(bar) => bar.style.getPropertyValue('--x')")
        assert float(level) == pytest.approx(night.value("sketch.grey"))  # what is
        assert float(box.evaluate("(bar) => bar.style.getPropertyValue('--asked')")) < 0.05
        assert page.locator("#blackout").get_attribute("aria-pressed") == "false"
        assert "asks" in page.locator("#blackout").get_attribute("class")
        page.wait_for_selector("body.lost")
        assert "before the last change was confirmed" in page.locator("#errors").inner_text()
        assert page.locator(".asks").count() == 0
        page.wait_for_timeout(1000)  # so long after the press nothing acts any more
    back(page)
    assert night.value("output.blackout") is False
    assert night.value("sketch.grey") > 0.1


def test_a_short_stall_is_not_noticed_and_what_was_pressed_acts(page: Any, night: Night) -> None:
    with night.stalled():
        page.locator("#blackout").click()
        page.wait_for_timeout(400)
    page.wait_for_selector('#blackout[aria-pressed="true"]')
    assert page.locator("body.lost").count() == 0
    page.locator("#blackout").click()
    page.locator("#blackout").click()  # before the first is confirmed: each one counts
    page.locator("#blackout").click()
    until(page, lambda: night.value("output.blackout") is False, "a press was not counted")
    page.wait_for_selector('#blackout[aria-pressed="false"]:not(.asks)')


@pytest.mark.slow
def test_a_drag_ends_with_the_connection(page: Any, night: Night) -> None:
    box = fader(page, "sketch.grey").locator(".bar").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 100, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, y)
    page.wait_for_timeout(100)
    before = night.value("sketch.grey")
    with night.stalled():
        page.wait_for_selector("body.lost")
    page.wait_for_selector("body:not(.lost)")
    page.mouse.move(box["x"] + 30, y, steps=3)  # still held down
    page.mouse.up()
    page.wait_for_timeout(200)
    assert night.value("sketch.grey") == before


@pytest.mark.slow
def test_a_frozen_tab_comes_back_with_what_is(page: Any, night: Night) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    night.live.store.put("sketch.count", 9, "osc")
    time.sleep(2.5)  # of a phone in a pocket; longer than the silence after which a link is lost
    session.send("Page.setWebLifecycleState", {"state": "active"})
    count = fader(page, "sketch.count").locator(".value")
    until(page, lambda: count.input_value() == "9", "what happened meanwhile is not shown")
    page.wait_for_selector("body:not(.lost)")
    frames = "Number(document.getElementById('picture').dataset.frames)"
    before = page.evaluate(frames)
    until(page, lambda: page.evaluate(frames) > before + 5, "the image stands still")


@pytest.mark.slow
def test_a_background_tab_is_not_lost_and_plays_on(page: Any, night: Night) -> None:
    other = page.context.new_page()
    other.goto("about:blank")
    other.bring_to_front()
    night.live.store.put("sketch.count", 2, "osc")
    other.wait_for_timeout(2000)
    assert page.locator("body.lost").count() == 0
    other.close()
    page.bring_to_front()
    count = fader(page, "sketch.count").locator(".value")
    until(page, lambda: count.input_value() == "2", "what happened meanwhile is not shown")
    frames = "Number(document.getElementById('picture').dataset.frames)"
    before = page.evaluate(frames)
    until(page, lambda: page.evaluate(frames) > before + 5, "the image stands still")


def test_before_the_server_answers_the_page_says_that_it_waits(browser: Any, night: Night) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route_web_socket("**/*", lambda socket: None)
    page.goto(night.said("page"))
    for text in ("connecting", "Waiting for the first image"):
        page.get_by_text(text).wait_for()
    page.locator("#blackout").click()
    page.get_by_text("nothing was changed").wait_for()
    with suppress(Exception):
        context.close()
