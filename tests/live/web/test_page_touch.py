"""The page under real fingers and a mouse: gestures as the browser delivers them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.live_page import Night, fader, until, visited

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Fingers:
    """Fingers on a touch screen, as Chromium gets them from the system."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self._down: dict[int, tuple[float, float]] = {}
        self._page = page

    def press(self, x: float, y: float, finger: int = 0) -> None:
        self._down[finger] = (x, y)
        self._send("touchStart")

    def move(self, x: float, y: float, finger: int = 0) -> None:
        self._down[finger] = (x, y)
        self._send("touchMove")
        self._page.wait_for_timeout(16)

    def lift(self) -> None:
        self._down = {}
        self._send("touchEnd")

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 5) -> None:
        self.press(*start)
        for k in range(1, steps + 1):
            self.move(*(a + (b - a) * k / steps for a, b in zip(start, end, strict=True)))
        self.lift()

    def _send(self, kind: str) -> None:
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in self._down.items()]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture(scope="module")
def opened(browser: Any, night: Night) -> Iterator[tuple[Any, list[str]]]:
    yield from visited(browser, night, **PHONE)


@pytest.fixture
def phone(opened: tuple[Any, list[str]]) -> Iterator[Any]:
    page, wrong = opened
    page.set_viewport_size(PHONE["viewport"])
    yield page
    assert wrong == []


def bar(page: Any, path: str) -> dict[str, float]:
    page.evaluate(
        """path => document.querySelector(`.row[data-path='${path}']`)
          .scrollIntoView({block: 'center'})""",
        path,
    )
    box: dict[str, float] = fader(page, path).locator(".bar").bounding_box()
    return box


def parts(page: Any, path: str) -> dict[str, float]:
    """Where on the bar each of its parts is, as the distance from its left end."""
    found: dict[str, float] = page.evaluate(
        """path => {
          const bar = document.querySelector(`.row[data-path='${path}'] .bar`);
          const left = bar.getBoundingClientRect().left, found = {};
          for (const each of bar.querySelectorAll('.name, .about, .unit')) {
            const box = each.getBoundingClientRect();
            if (box.width) found[each.className] = box.left + box.width / 2 - left;
          }
          return found;
        }""",
        path,
    )
    return found


def test_a_finger_moves_a_fader_from_every_part_of_it(phone: Any, night: Night) -> None:
    fingers = Fingers(phone)
    seen = set()
    for path in ("model.truncation", "sketch.pitch"):
        box = bar(phone, path)
        middle = box["y"] + box["height"] / 2
        places = {"left end": 2, "right end": box["width"] - 2} | parts(phone, path)
        for part, x in (places | {"number": box["width"] + 40}).items():
            seen.add(part)
            way = 1 if x < box["width"] / 2 else -1
            before = night.live.store.tree[path].to_norm(night.value(path))
            fingers.drag((box["x"] + x, middle), (box["x"] + x + way * 70, middle))

            def moved(path: str = path, before: float = before, way: int = way) -> bool:
                now = night.live.store.tree[path].to_norm(night.value(path))
                return way * (now - before) > 0.1 or now == (way + 1) / 2

            until(phone, moved, f"{path} did not follow a finger on its {part}")
            night.live.store.put(path, night.live.store.tree[path].from_norm(0.5), "test")
            shown = fader(phone, path).locator("[type=range]")
            until(phone, lambda shown=shown: abs(float(shown.input_value()) - 0.5) < 0.01, "no 0.5")
    assert seen == {"left end", "right end", "name", "about", "unit", "number"}
    assert phone.locator(".explain:visible").count() == 0  # a drag explains nothing


def test_a_finger_that_scrolls_changes_nothing(phone: Any, night: Night) -> None:
    box = bar(phone, "model.truncation")
    before, top = night.value("model.truncation"), phone.evaluate("panels.scrollTop")
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    Fingers(phone).drag((x, y), (x + 4, y - 200), steps=10)
    until(phone, lambda: phone.evaluate("panels.scrollTop") > top + 100, "it did not scroll")
    assert night.value("model.truncation") == before
    assert phone.locator("#blackout").bounding_box()["y"] < 844  # the deck is where it was


def test_two_fingers_move_two_faders_and_a_third_disturbs_none(phone: Any, night: Night) -> None:
    night.live.store.put("sketch.grey", 0.2, "test")
    night.live.store.put("sketch.count", 8, "test")
    one = bar(phone, "sketch.grey")
    two = fader(phone, "sketch.count").locator(".bar").bounding_box()
    phone.wait_for_timeout(100)
    fingers = Fingers(phone)
    ys = [box["y"] + box["height"] / 2 for box in (one, two)]
    fingers.press(one["x"] + 30, ys[0], 0)
    fingers.press(two["x"] + 200, ys[1], 1)
    for k in range(1, 11):
        fingers.move(one["x"] + 30 + 12 * k, ys[0], 0)
        fingers.move(two["x"] + 200 - 12 * k, ys[1], 1)
    until(phone, lambda: night.value("sketch.grey") > 0.5, "the first finger did nothing")
    until(phone, lambda: night.value("sketch.count") < 5, "the second finger did nothing")
    before = night.value("sketch.grey")
    fingers.press(one["x"] + 200, ys[0], 2)  # on the fader that is held
    for k in range(1, 6):
        fingers.move(one["x"] + 200 - 20 * k, ys[0], 2)
    phone.wait_for_timeout(100)
    assert night.value("sketch.grey") == before
    fingers.lift()


def test_a_finger_that_leaves_the_page_keeps_its_fader(phone: Any, night: Night) -> None:
    box = bar(phone, "sketch.grey")
    middle = box["y"] + box["height"] / 2
    fingers = Fingers(phone)
    fingers.press(box["x"] + 100, middle)
    for x in (140, 220, 320, 389, 460, 700):
        fingers.move(x, middle - (x - 100) / 4)
    until(phone, lambda: night.value("sketch.grey") == 1.0, "it stopped at the edge")
    fingers.lift()
    fingers.drag((box["x"] + 250, middle), (box["x"] + 130, middle))
    until(phone, lambda: night.value("sketch.grey") < 0.8, "the fader stayed in hand")


def test_a_mouse_that_is_let_go_outside_moves_nothing_any_more(phone: Any, night: Night) -> None:
    box = bar(phone, "sketch.grey")
    middle = box["y"] + box["height"] / 2
    phone.mouse.move(box["x"] + 20, middle)
    phone.mouse.down()
    phone.mouse.move(box["x"] + 100, middle, steps=4)
    phone.mouse.move(-60, -60, steps=4)
    until(phone, lambda: night.value("sketch.grey") == 0.0, "it did not follow outside")
    phone.mouse.up()
    phone.mouse.move(box["x"] + 200, middle, steps=4)
    phone.wait_for_timeout(100)
    assert night.value("sketch.grey") == 0.0


def test_a_tap_explains_and_a_second_one_closes(phone: Any, night: Night) -> None:
    row = fader(phone, "model.truncation")
    bar(phone, "model.truncation")
    before = night.value("model.truncation")
    row.locator(".bar").tap(position={"x": 110, "y": 20})
    row.locator(".explain").wait_for()
    text = row.locator(".explain").inner_text()
    assert "full variety" in text
    assert "/genart/model/truncation" in text
    assert night.value("model.truncation") == before
    row.get_by_role("button", name="reset model truncation").tap()
    until(phone, lambda: night.value("model.truncation") == 0.7, "reset did nothing")
    row.locator(".about").tap()
    row.locator(".explain").wait_for(state="hidden")
    kind = fader(phone, "walk.kind")  # also where the control is no fader
    kind.scroll_into_view_if_needed()
    kind.locator(".about").tap()
    assert "interpolator" in kind.locator(".explain").inner_text()
    kind.locator(".about").press("Enter")
    kind.locator(".explain").wait_for(state="hidden")


def test_a_turned_phone_keeps_the_row_and_the_deck(phone: Any, night: Night) -> None:
    for path in ("walk.smoothness", "tempo.bpm"):
        if path == "tempo.bpm":
            phone.evaluate(
                "() => document.querySelectorAll('details').forEach((e) => e.open = true)"
            )
        phone.evaluate(
            "path => document.querySelector(`.row[data-path='${path}']`).scrollIntoView()", path
        )
        phone.wait_for_timeout(100)
        for width, height in ((844, 390), (390, 844)):
            phone.set_viewport_size({"width": width, "height": height})
            phone.wait_for_timeout(150)
            assert phone.evaluate("() => document.documentElement.scrollWidth") == width
            for shown in ("#blackout", "#picture", "#search", f'.row[data-path="{path}"] .bar'):
                box = phone.locator(shown).bounding_box()
                assert box["y"] >= 0, shown
                assert box["y"] + box["height"] <= height + 1, (shown, width)
                assert box["x"] + box["width"] <= width + 1, (shown, width)
    phone.locator("#blackout").tap()
    until(phone, lambda: night.value("output.blackout") is True, "blackout did nothing")
    phone.locator("#blackout").tap()
    until(phone, lambda: night.value("output.blackout") is False, "blackout stayed")


def test_a_phone_shows_no_keys_and_reaches_everything_with_a_thumb(phone: Any) -> None:
    assert phone.locator("kbd:visible").count() == 0
    phone.locator("#more").tap()
    phone.get_by_label("Name of a new cue").fill("thumb")
    phone.locator("#save .quiet", has_text="save").tap()
    phone.locator('.cue[data-name="thumb"]').wait_for()
    small = phone.evaluate("""() => [...document.querySelectorAll('main button')]
      .filter((each) => each.offsetParent)
      .filter((each) => Math.min(each.offsetWidth, each.offsetHeight) < 30)
      .map((each) => each.outerHTML)""")
    assert small == []
    phone.locator("#more").tap()
    phone.locator("#save").wait_for(state="hidden")
