"""Actions: every input runs them in the same way."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from genart.errors import ParamError, UnknownName
from genart.live.actions import ActionSpec, safe_name
from genart.live.console import LiveConsole
from genart.live.open_windows import window_keys
from genart.live.osc.router import Router
from genart.live.store import Store
from genart.live.web.clients import Browser
from genart.osc.codec import Message, encode
from genart.osc.peers import Sender
from genart.params import Param, ParamTree
from genart.playback.faults import Faults


class Owner:
    level = Param(0.5, 0.0, 1.0)


class Place:
    """A console, and every way in to its actions."""

    def __init__(self) -> None:
        self.store = Store(ParamTree({"sketch": Owner()}))
        self.console = LiveConsole(self.store, Faults(lambda line: None))
        self.ran: list[tuple[str, tuple[Any, ...]]] = []
        self.console.actions.add(
            {
                name: ActionSpec(self.note(name))
                for name in ("tempo/tap", "cue/next", "record/start")
            }
        )
        self.console.actions.add({"cue/recall": ActionSpec(self.refuse)})
        self.console.mapping._use(
            "".join(
                f'[[map]]\nmidi = "note/1/{n}"\ndo = "{name}"\nargs = {args}\n'
                for n, (name, args) in enumerate((("tempo/tap", []), ("cue/recall", ["lost"])), 1)
            )
        )

    def note(self, name: str) -> Callable[[tuple[Any, ...], str], None]:
        return lambda args, source: self.ran.append((name, args))

    def refuse(self, args: tuple[Any, ...], source: str) -> None:
        raise UnknownName("cue", str(args[0]), ["opening"])

    def osc(self, name: str, args: tuple[Any, ...]) -> None:
        sender = Sender("127.0.0.1", 9, lambda packet: None)
        router = Router(self.store, actions=self.console.actions)
        router.receive(encode(Message(f"/genart/{name}", args)), sender)

    def page(self, name: str, args: tuple[Any, ...]) -> None:
        async def hear() -> None:
            browser = Browser(
                cast(Any, SimpleNamespace(client=("127.0.0.1", 9))), self.console.actions
            )
            wish = json.dumps({"do": name, "args": args})
            browser.hear(wish, self.store, self.console.actions.run)
            if name == "cue/recall":
                assert "lost" in str(browser._waiting["refused cue/recall"]), (
                    "the page shows the refusal"
                )

        asyncio.run(hear())

    def midi(self, name: str, args: tuple[Any, ...]) -> None:
        self.console.feed("midi", f"note/1/{1 if name == 'tempo/tap' else 2} pads", 127)

    def script(self, name: str, args: tuple[Any, ...]) -> None:
        self.console.act(name, *args)

    def key(self, name: str, args: tuple[Any, ...]) -> None:
        live = SimpleNamespace(store=self.store, recorder=SimpleNamespace(recording=False))
        control = SimpleNamespace(
            actions=self.console.actions, cues=SimpleNamespace(names=["lost"])
        )
        keys = window_keys(cast(Any, live), cast(Any, control))
        keys["t" if name == "tempo/tap" else "1"].press()


WAYS_IN = ("osc", "page", "midi", "script", "key")


@pytest.mark.parametrize("way", WAYS_IN)
def test_every_way_in_runs_an_action(way: str) -> None:
    place = Place()
    getattr(place, way)("tempo/tap", ())
    assert place.ran == [("tempo/tap", ())]
    assert place.store.rejected == 0


@pytest.mark.parametrize("way", ["osc", "midi", "script"])
def test_a_refusal_is_counted_and_logged_once(way: str, caplog: pytest.LogCaptureFixture) -> None:
    place = Place()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            getattr(place, way)("cue/recall", ("lost",))
            place.console.feed("midi", "note/1/2 pads", 0)  # released
    assert place.store.rejected == 3
    assert len(caplog.records) == 1
    assert 'No cue named "lost"' in caplog.text


def test_the_page_and_the_window_show_a_refusal_themselves() -> None:
    Place().page("cue/recall", ("lost",))
    with pytest.raises(UnknownName, match="lost"):  # the window shows what its key raises
        Place().key("cue/recall", ("lost",))


def test_a_name_may_be_part_of_the_address_and_unknown_ones_are_suggested() -> None:
    place = Place()
    place.console.actions.run("cue/next/now", (1,), "test")
    assert place.ran == [("cue/next", ("now", 1))]
    with pytest.raises(UnknownName, match="tempo/tap"):
        place.console.actions.run("tempo/tab", (), "test")


@pytest.mark.parametrize(
    "name", ["", "../up", "a/b", ".hidden", "con", "x" * 101, "a ", True, None]
)
def test_names_stay_in_their_folder(name: Any) -> None:
    with pytest.raises(ParamError):
        safe_name((name,))
    assert safe_name((3.0,)) == "3"
    assert Path(safe_name(("night 1",))).name == "night 1"
