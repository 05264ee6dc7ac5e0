"""Inputs x actions: whatever an action comes through, it is checked and run in one place."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.house import Owner
from support.live_parts import Flat

import genart
import genart.live.perform as perform_module
from genart.errors import UsageError
from genart.live.actions import TOKEN, ActionSpec
from genart.live.console import LiveConsole
from genart.live.osc.service import OscService
from genart.live.store import Store
from genart.live.web.clients import Browser, Lister
from genart.live.web.oscquery import Query
from genart.osc.codec import Message, encode
from genart.osc.peers import Sender
from genart.params import ParamTree
from genart.playback.faults import Faults

ROOT = Path(__file__).parents[2]


class Played:
    """A console with the actions of a performance; each one only notes that it was run."""

    def __init__(self) -> None:
        self.store = Store(ParamTree({"sketch": Owner()}))
        self.console = LiveConsole(self.store, Faults(lambda line: None))
        self.service = OscService(
            self.store, port=0, actions=self.console.actions, mapping=self.console.mapping
        )
        self.ran: list[tuple[str, str]] = []
        self.refuses = False
        self.names = [name for name in self.console.actions if name != TOKEN]
        self.console.actions.add({name: ActionSpec(self.note(name)) for name in self.names})
        self.console.mapping._use("".join(map(self.entry, range(len(self.names)), self.names)))

    def entry(self, number: int, name: str) -> str:
        midi = f'[[map]]\nmidi = "cc/1/{number}"\ndo = "{name}"\nargs = ["x"]\n'
        return midi + f'[[map]]\nosc = "/pad/{number}"\ndo = "{name}"\nargs = ["x"]\n'

    def note(self, name: str) -> Callable[[tuple[Any, ...], str], None]:
        def run(args: tuple[Any, ...], source: str) -> None:
            if self.refuses:
                raise UsageError("not now")
            self.ran.append((name, source.partition(" ")[0]))

        return run

    def sender(self, kind: str) -> Sender:
        return Sender("127.0.0.1", 9, lambda packet: None, kind)

    # one method for each input

    def osc(self, name: str) -> None:
        self.service.router.receive(encode(Message(f"/genart/{name}", ("x",))), self.sender("osc"))

    def osc_tcp(self, name: str) -> None:
        packet = encode(Message(f"/genart/{name}", ("x",)))
        self.service.router.receive(packet, self.sender("osc-tcp"))

    def page(self, name: str) -> None:
        request = json.dumps({"do": name, "args": ["x"]})
        self.hear(lambda socket: Browser(socket), request)

    def oscquery(self, name: str) -> None:
        query = cast(Query, None)
        packet = encode(Message(f"/genart/{name}", ("x",)))
        self.hear(lambda socket: Lister(socket, self.service.router, query), packet)

    def hear(self, make: Callable[[Any], Browser | Lister], said: str | bytes) -> None:
        async def hear() -> None:
            client = make(SimpleNamespace(client=("127.0.0.1", 9)))
            client.hear(said, self.store, self.console.actions.run)

        asyncio.run(hear())

    def midi(self, name: str) -> None:
        self.console.feed("midi", f"cc/1/{self.names.index(name)} pads", 127)
        self.console.feed("midi", f"cc/1/{self.names.index(name)} pads", 0)

    def mapped_osc(self, name: str) -> None:
        address = f"/pad/{self.names.index(name)}"
        for x in (0.0, 1.0, 0.0):
            self.service.router.receive(encode(Message(address, (x,))), self.sender("osc"))

    def script(self, name: str) -> None:
        self.console.act(name, "x")


INPUTS = ("osc", "osc_tcp", "page", "oscquery", "midi", "mapped_osc", "script")


@pytest.fixture
def played() -> Iterator[Played]:
    made = Played()
    yield made
    made.service.close()


@pytest.mark.parametrize("way", INPUTS)
def test_every_action_runs_through_every_input(played: Played, way: str) -> None:
    for name in played.names:
        getattr(played, way)(name)
        assert [each for each, _ in played.ran] == [name]
        played.ran.clear()
    assert played.store.rejected == 0


@pytest.mark.parametrize("way", INPUTS)
def test_what_is_refused_is_counted_for_every_input(played: Played, way: str) -> None:
    played.refuses = True
    for count, name in enumerate(played.names, 1):
        getattr(played, way)(name)
        assert played.store.rejected == count


#: What changes a performance, and the modules of the one route that may call it.
_ROUTE = {"actions.py", "store_control.py", "performance.py", "perform.py", "console.py"}
_ACTS = {
    ("recorder", "start"), ("recorder", "stop"), ("cues", "save"), ("cues", "delete"),
    ("cues", "move"), ("cues", "rename"), ("cues", "recall"), ("cues", "next"),
    ("quality", "up"), ("quality", "down"), ("tempo", "tap"), ("tempo", "nudge"),
    ("loader", "want_model"), ("player", "set"), ("sketch_player", "assign"),
}  # fmt: skip


def test_nothing_but_the_route_starts_saves_or_deletes_anything() -> None:
    """Walks over the source of `genart.live`, so that a new input cannot pass the route by."""
    found, called = set(), set()
    for path in (ROOT / "genart" / "live").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                act = ast.unparse(node.value).rpartition(".")[2].strip("_"), node.attr
                called |= {act}
                if act in _ACTS and path.name not in _ROUTE:
                    found.add((path.name, *act))
    assert found == set()
    assert {("recorder", "start"), ("cues", "save"), ("quality", "up")} <= called


#: Functions that open a port; both give every packet and request to a check of the token.
_LISTENS = {"genart/osc/server.py", "genart/web/serve.py"}


def test_no_other_module_opens_a_port() -> None:
    found = set()
    for path in [*(ROOT / "genart").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]:
        text = path.read_text()
        if not any(word in text for word in ("listen(", "bind(", "start_server(")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr in ("listen", "start_server", "bind"):
                owner = ast.unparse(node.value)
                if "sock" in owner or owner in ("made", "asyncio", "udp", "tcp"):
                    found.add(path.relative_to(ROOT).as_posix())
    assert found == _LISTENS


def test_the_command_line_records_by_the_same_action_and_replaces_nothing(tmp_path: Path) -> None:
    film, show, left = (tmp_path / f"night.{end}" for end in ("mp4", "jsonl", "recording.mkv"))
    for each in (film, show, left):
        each.write_bytes(b"kept")
    for number in (2, 3):
        lines: list[str] = []
        report = genart.perform(
            Flat, model="plasma", size=32, fps=20, seconds=0.4, osc="127.0.0.1:0",
            web="127.0.0.1:0", cues=None, mapping=None, record=film, record_show=show,
            tell=lines.append,
        )  # fmt: skip
        assert report.recorded == str(tmp_path / f"night-{number}.mp4")
        assert (tmp_path / f"night-{number}.jsonl").is_file()
        assert any("unfinished recording" in line for line in lines)
        assert any(f"night-{number}.jsonl" in line for line in lines)
    assert [each.read_bytes() for each in (film, show, left)] == [b"kept"] * 3


def test_a_taken_port_is_reported_before_the_address_that_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = OscService(Store(ParamTree({"sketch": Owner()})), port=0)
    taken = "{}:{}".format(*other.address)
    monkeypatch.setattr(perform_module, "OSC", taken)
    lines: list[str] = []
    genart.perform(
        Flat, model="plasma", size=32, seconds=0.1, web="127.0.0.1:0", cues=None, mapping=None,
        tell=lines.append,
    )  # fmt: skip
    other.close()
    reason = next(k for k, line in enumerate(lines) if line.startswith(f"{taken} is not free"))
    address = next(k for k, line in enumerate(lines) if line.startswith("osc 127.0.0.1:"))
    assert reason < address
    assert taken not in lines[address]
