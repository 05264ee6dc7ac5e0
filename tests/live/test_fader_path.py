"""A fader's way to the frame: its value is checked once, where it comes in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from support.recorded_show import made_frames

from genart.live import Live
from genart.live.osc.router import Router
from genart.osc.codec import Message, encode
from genart.osc.peers import Sender
from genart.params import Param

MAPPED = """
[[map]]
midi = "cc/1/74"
to = "model.truncation"
[[map]]
osc = "/1/fader1"
to = "model.truncation"
range = [0.5, 1.5]
"""


@pytest.fixture
def live() -> Iterator[Live]:
    with closing(Live(model="plasma", size=16, seconds=1)) as made:
        made.console.mapping._use(MAPPED)
        yield made


@pytest.fixture
def checks(live: Live, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The checks of `model.truncation` since the start, without those that a check makes itself."""
    watched, made, inside = live.store.tree["model.truncation"], list[str](), [False]

    def watch(name: str) -> None:
        check = getattr(Param, name)

        def counted(param: Any, value: Any) -> Any:
            if inside[0] or param is not watched:
                return check(param, value)
            made.append(name)
            inside[0] = True
            try:
                return check(param, value)
            finally:
                inside[0] = False

        monkeypatch.setattr(Param, name, counted)

    for name in ("check", "clamp", "from_norm"):
        watch(name)
    return made


@pytest.mark.parametrize(
    ("address", "args", "value"),
    [
        ("/genart/model/truncation", (0.25,), 0.25),
        ("/genart/model/truncation", (0.25, 0.5), 0.25),
        ("/genart/model/truncation", (7.0,), 2.0),
        ("/genart/model/truncation/norm", (0.75,), 1.0),
        ("/1/fader1", (0.25,), 0.75),
    ],
)
def test_an_osc_value_is_checked_once(
    live: Live, checks: list[str], address: str, args: tuple[float, ...], value: float
) -> None:
    router = Router(live.store, foreign=live.console.mapping.osc)
    sender = Sender("127.0.0.1", 9, lambda packet: None)
    router.receive(encode(Message("/genart/walk/loop")), sender)
    checks.clear()  # the router has asked every Param whether it has a range
    router.receive(encode(Message(address, args)), sender)
    play(live, value)
    assert len(checks) == 1


def test_a_midi_value_is_checked_once(live: Live, checks: list[str]) -> None:
    live.console.feed("midi", "cc/1/74 nanoKONTROL2", 127)
    play(live, 2.0)
    assert len(checks) == 1


def test_a_value_of_the_page_is_checked_once(live: Live, checks: list[str]) -> None:
    live.store.put("model.truncation", 0.5, "web", norm=True)
    play(live, 0.0)
    assert checks == ["from_norm"]


def play(live: Live, value: float) -> None:
    """Make frames until the value has arrived in them."""
    for index, _ in enumerate(made_frames(live)):
        now = live.player.tree.value("model.truncation")
        if now == value:
            return
        assert index < 100, now
